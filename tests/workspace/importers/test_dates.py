"""Dates are read as tools write them, and an order is proven or asked for, never guessed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from harness.workspace.importers.dates import (
    NO_ORDER,
    DateOrder,
    Order,
    UnclearOrder,
    UnfitDate,
    find_order,
    is_date,
    needs_order,
    read_date,
)

DMY, MDY, YMD = (DateOrder(order, told=True) for order in ("dmy", "mdy", "ymd"))
DAY, MINUTE, SECOND = (
    datetime(2026, 11, 3), datetime(2026, 11, 3, 14, 5), datetime(2026, 11, 3, 14, 5, 22),
)  # fmt: skip
BERLIN = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-03T14:05:22", SECOND), ("20261103", DAY), ("2026/11/03 14:05", MINUTE),
        ("2026-11-03 2:05 PM", MINUTE), ("2026-11-03 02:05:22 pm", SECOND),
        ("2026-11-03T14:05:22Z", SECOND.replace(tzinfo=UTC)),
        ("2026-11-03 14:05:22 UTC", SECOND.replace(tzinfo=UTC)),
        ("2026-11-03T14:05:22+01:00", SECOND.replace(tzinfo=BERLIN)),
        ("2026-11-03 14:05:22 +0100", SECOND.replace(tzinfo=BERLIN)),
        ("1793714722", SECOND.replace(tzinfo=UTC)), ("1793714722000", SECOND.replace(tzinfo=UTC)),
        ("1793714722000000", SECOND.replace(tzinfo=UTC)),
        ("46329.5870601852", SECOND), ("46329,5868055556", MINUTE), ("46329", DAY),
        ("Nov 3, 2026, 2:05 PM", MINUTE), ("November 3rd, 2026 at 2:05 PM", MINUTE),
        ("3 Nov 2026 14:05", MINUTE), ("03-Nov-2026 14:05", MINUTE), ("3-Nov-26", DAY),
        ("Tue, 3 Nov 2026 14:05:22 +0100", SECOND.replace(tzinfo=BERLIN)),
        ("Tue Nov 03 2026 14:05:22 GMT+0100 (Central European Standard Time)",
         SECOND.replace(tzinfo=BERLIN)),
        ("Tuesday, November 3, 2026 2:05:22 PM", SECOND),
        ("Dienstag, 3. November 2026, 14:05 Uhr", MINUTE), ("3. Nov. 2026 um 14:05", MINUTE),
        ("mardi 3 novembre 2026 à 14h05", MINUTE), ("3 nov. 2026 14:05", MINUTE),
        ("martes, 3 de noviembre de 2026, 14:05", MINUTE), ("3 de noviembre del 2026", DAY),
        ("2026. 11. 03. 14:05", MINUTE),
    ],
)  # fmt: skip
def test_what_needs_no_order(text: str, expected: datetime) -> None:
    assert read_date(text, NO_ORDER) == expected
    assert not needs_order(text) and is_date(text)


@pytest.mark.parametrize(
    ("text", "dates", "expected"),
    [
        ("11/3/2026 14:05:22", MDY, SECOND), ("11/3/2026, 2:05:22\u202fPM", MDY, SECOND),
        ("11/3/26 14:05", MDY, MINUTE), ("03.11.2026 14:05", DMY, MINUTE),
        ("03.11.2026, 14.05 Uhr", DMY, MINUTE), ("Di., 03.11.2026, 14:05", DMY, MINUTE),
        ("03/11/2026 à 14h05", DMY, MINUTE), ("3/11/2026 2:05 p.\xa0m.", DMY, MINUTE),
        ("3-11-2026 14:05", DMY, MINUTE), ("26/11/03", YMD, DAY), ("03/11/2026", DMY, DAY),
        ("03/11/2026 14:05 +01:00", DMY, MINUTE.replace(tzinfo=BERLIN)),
    ],
)  # fmt: skip
def test_what_needs_an_order(text: str, dates: DateOrder, expected: datetime) -> None:
    assert needs_order(text) and is_date(text)
    assert read_date(text, dates) == expected
    with pytest.raises(UnfitDate, match="--dates dmy or --dates mdy"):
        read_date(text, NO_ORDER)


@pytest.mark.parametrize(
    "text",
    ["", "Total", "99/99/9999", "31.02.2026", "2026-02-30", "1e308", "1e5", "44", "999999", "-1",
     "03/11/2026 25:00", "03/11/2026 13:05 PM", "0/1/2026", "3/11/02026", "1/2/3", "Nov 2026",
     "2026-11-03 14:05 CET", "3 Foo 2026", "٠٣/١١/٢٠٢٦", "03/11/2026 14:05 +99:99", "x" * 10_000,
     "1793714722e3", "03/11\\2026", "1 1 2026 1 1", "12:30"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    assert not is_date(text)


def test_midnight_and_noon_of_the_twelve_hour_clock() -> None:
    read = [read_date(f"2026-11-03 {time}", NO_ORDER).hour for time in ("12:05 AM", "12:05 PM")]
    assert read == [0, 12]


def lines(*texts: str) -> list[tuple[int, str]]:
    return list(enumerate(texts, start=2))


@pytest.mark.parametrize(
    ("texts", "order", "line", "proof"),
    [
        (("03/11/2026 14:05", "25/03/2026 9:12"), "dmy", 3, "25/03/2026"),
        (("11/3/2026", "11/14/2026"), "mdy", 3, "11/14/2026"),
        (("03-11-26", "13-11-26", "28-11-32"), "dmy", 3, "13-11-26"),
        (("03.11.2026", "04.11.2026"), "dmy", 0, "03.11.2026"),
        (("11.25.2026", "04.11.2026"), "mdy", 2, "11.25.2026"),
        (("", "Total", "99/99/9999", "25/03/2026"), "dmy", 5, "25/03/2026"),
    ],
)
def test_one_date_settles_a_column(
    texts: tuple[str, ...], order: Order, line: int, proof: str
) -> None:
    found = find_order(lines(*texts))
    assert (found.order, found.told, found.line, found.proof) == (order, False, line, proof)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("03/11/2026", "04/11/2026"), "03/11/2026 on line 2 .* add --dates dmy or --dates mdy"),
        (("03/04/05",), "--dates dmy or --dates mdy or --dates ymd"),
        (("25/03/2026", "03/25/2026"), "line 3 has 03/25/2026, line 2 has 25/03/2026"),
        (("03.11.2026", "03/11/2026"), "add --dates"),
    ],
)
def test_an_open_order_is_an_error(texts: tuple[str, ...], said: str) -> None:
    with pytest.raises(UnclearOrder, match=said):
        find_order(lines(*texts))


def test_a_column_without_such_dates_needs_no_order() -> None:
    assert find_order(lines("2026-11-03", "46329", "99/99/9999")) == NO_ORDER


def test_dates_beside_others_in_another_way_of_writing_are_refused_until_told() -> None:
    proven = find_order(lines("25/11/2026"))
    for text in ("2026-11-03", "46329", "2026/11/03"):
        with pytest.raises(UnfitDate, match="otherwise than 25/11/2026; --dates dmy takes both"):
            read_date(text, proven)
        assert read_date(text, DMY) == DAY
    assert read_date("3 November 2026", proven) == DAY


@pytest.mark.medium
def test_any_column_is_read_as_it_was_written_or_asked_about() -> None:
    draw = random.Random(0)
    for _ in range(300):
        order: Order = draw.choice(("dmy", "mdy"))
        count = draw.choice((1, 5, 40))
        days = [date(2020, 1, 1) + timedelta(draw.randrange(2000)) for _ in range(count)]
        sign = draw.choice("/-")
        texts = [
            sign.join(str({"d": d.day, "m": d.month, "y": d.year}[letter]) for letter in order)
            for d in days
        ]
        try:
            found = find_order(lines(*texts))
        except UnclearOrder:
            assert all(d.day <= 12 for d in days)
        else:
            assert found.order == order
            assert [read_date(text, found).date() for text in texts] == days
