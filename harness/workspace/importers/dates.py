"""Read dates as people's tools write them: ISO, Google Sheets, Excel, HubSpot, Unix time.

Each way of writing is a pattern of its own. A date such as 03/11/2026 says nothing about its order,
so it is read only in an order that was told or that another date of the column proves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal, get_args

from harness.workspace.importers.date_words import MONTH, WEEKDAY
from harness.workspace.importers.folding import without_accents

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[Order, ...] = get_args(Order)
NAMES: dict[Order, str] = {
    "dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day",
}  # fmt: skip
_EXCEL_EPOCH = datetime(1899, 12, 30)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[0-9]{5,19}(?:[.,][0-9]{1,20})?")
_UNIX_DIGITS = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
"""Units of a second, by the digits of a time between 1973 and 2286."""
_TIME = re.compile(
    r"(?:^|[ ,]+|t)(?:- +|at +|um +|a +|a las +|kl\.? +)?"
    r"(?P<hour>[0-9]{1,2})(?:[:.h](?P<minute>[0-9]{2})(?:[:.m](?P<second>[0-9]{2})"
    r"(?:[.,](?P<part>[0-9]{1,9}))?s?)?)?(?:h| ?uhr| ?hrs?)?"
    r"(?: ?(?P<half>[ap])\.? ?m\.?)?"
    r"(?: ?(?:(?P<utc>z|utc|gmt)|"
    r"(?:utc|gmt)?(?P<sign>[+-])(?P<hours>[0-9]{1,2}):?(?P<minutes>[0-9]{2})?)"
    r"(?: \([^()]*\))?)?$"
)
_NUMERIC = re.compile(r"([0-9]{1,4})(?: ?([./-]) ?)([0-9]{1,2})(?: ?\2 ?)([0-9]{1,4})\.?")
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})(?:\.|st|nd|rd|th|er|o)?[ -]*(?:de +|of +)?([a-z]+)\.?,?[ -]*(?:del? +)?"
    r"([0-9]{4}|[0-9]{2})"
)
_MONTH_FIRST = re.compile(r"([a-z]+)\.? +([0-9]{1,2})(?:st|nd|rd|th)?,? +([0-9]{4})")
_CENTURY = 2000


@dataclass(frozen=True, slots=True)
class DateOrder:
    """The order in which a column writes day, month and year, and why it is known."""

    order: Order | None = None
    """None where the column needs none, since it writes ISO dates, Unix time or names of months."""
    told: bool = False
    """Whether a person said so; then dates that need no order may stand beside the others."""
    line: int = 0
    """The line that proves the order; 0 where it is told or follows from the points."""
    proof: str = ""
    """The date on that line, or the first of the column."""

    def __str__(self) -> str:
        """Return how the dates are read, and why."""
        if self.order is None:
            return _way(self.proof)
        name = NAMES[self.order]
        if self.told:
            return f"as {name}, as told with --dates"
        if self.line:
            return f"as {name}, because of line {self.line}: {self.proof}"
        return f"as {name.replace('/', '.')}, since no country writes points otherwise"


def _way(text: str) -> str:
    """Return how a date is written that is the same in every order."""
    text = text.strip()
    if _NUMBER.fullmatch(text) and len(text) != 8:
        return (
            "as Excel's serial numbers" if len(re.split("[.,]", text)[0]) == 5 else "as Unix time"
        )
    return "as ISO writes them" if text[:4].isdecimal() or not text else "by the names of months"


NO_ORDER = DateOrder()
"""For columns whose dates are the same in every order."""


class UnfitDate(ValueError):
    """A date that is understood, but that cannot be read beside the others of its column."""


class UnclearOrder(ValueError):
    """Day and month of a column cannot be told apart, or contradict each other."""


def read_date(text: str, dates: DateOrder) -> datetime:
    """Return a date and time; one without an offset has no time zone.

    A ValueError is raised for anything else, UnfitDate where more is known.
    """
    text = text.strip()
    if dates.order is None and text[4:5] == "-":  # nearly always
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return _written(text, dates)
    if _NUMBER.fullmatch(text) and len(text) != 8:  # 20261103 is ISO
        found = _from_number(text)
    else:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return _written(text, dates)
    _check_mix(dates)
    return found


def needs_order(text: str) -> bool:
    """Return whether a text is a date that reads differently in different orders."""
    day, _ = _apart(text)
    found = _NUMERIC.fullmatch(day) if day else None
    return found is not None and len(found[1]) < 3


def is_date(text: str) -> bool:
    """Return whether a text is a date in any order."""
    for order in ORDERS:
        try:
            read_date(text, DateOrder(order, told=True))
        except (ValueError, OverflowError):
            continue
        return True
    return False


def find_order(values: Iterable[tuple[int, str]]) -> DateOrder:
    """Return the order that all dates of a column agree with, from its lines and cells.

    UnclearOrder is raised where several orders fit all dates, or none does.
    """
    possible = dict.fromkeys(ORDERS)
    against: dict[Order, tuple[int, str]] = {}
    first, points = (0, ""), True
    for line, text in values:
        if not needs_order(text):
            continue
        day, _ = _apart(text)
        fitting = [order for order in ORDERS if _numeric(day, order) is not None]
        if not fitting:
            continue  # a date that does not exist in any order is a bad row, and proves nothing
        first = first if first[0] else (line, day)
        points = points and "." in day
        for order in ORDERS:
            if order not in fitting and order in possible:
                del possible[order]
                against[order] = (line, day)
        if not possible:
            break
    if not first[0]:
        return NO_ORDER
    return _decided(list(possible), against, first, points)


def _decided(
    possible: list[Order],
    against: dict[Order, tuple[int, str]],
    first: tuple[int, str],
    points: bool,
) -> DateOrder:
    if not possible:
        (one, day), (two, another) = against["dmy"], against["mdy"]
        raise UnclearOrder(
            f"dates contradict each other: line {one} has {day}, line {two} has {another};"
            " --dates dmy or --dates mdy says which is right"
        )
    if len(possible) > 1 and points and "dmy" in possible:
        return DateOrder("dmy", proof=first[1])  # no country writes the month first with points
    if len(possible) > 1:
        orders = " or ".join(f"--dates {order}" for order in possible)
        raise UnclearOrder(
            f"dates such as {first[1]} on line {first[0]} may be"
            f" {' or '.join(NAMES[order] for order in possible)}, add {orders}"
        )
    # What ruled out the likeliest other order is the proof that a person understands.
    other: Order = "mdy" if possible[0] == "dmy" else "dmy"
    line, proof = against[other]
    return DateOrder(possible[0], line=line, proof=proof)


def _check_mix(dates: DateOrder) -> None:
    """Refuse a date in another way of writing than the column's.

    Spreadsheets turn 03/11/2026 into a date of their own, by the order of their country, and leave
    25/11/2026 a text: beside each other the two say that the former are likely wrong.
    """
    if dates.order and not dates.told:
        raise UnfitDate(
            f"written otherwise than {dates.proof}; --dates {dates.order} takes both,"
            " if both are right"
        )


def _written(text: str, dates: DateOrder) -> datetime:
    day, clock = _apart(text)
    found = _NUMERIC.fullmatch(day)
    if found and len(found[1]) < 3:
        if dates.order is None and any(_numeric(day, order) for order in ORDERS):
            raise UnfitDate(
                "a time is written such as 2026-11-20T09:12:00Z; --dates dmy or --dates mdy reads"
                " this as well"
            )
        made = _numeric(day, dates.order) if dates.order else None
    elif found:
        made = _date(int(found[1]), int(found[3]), int(found[4])) if len(found[1]) == 4 else None
        _check_mix(dates)
    else:
        made = _named(day)
    if made is None:
        raise ValueError
    return datetime(made.year, made.month, made.day) if clock is None else _at(made, clock)


def _apart(text: str) -> tuple[str, re.Match[str] | None]:
    """Return the folded day of a text, and its time of day where it has one."""
    if len(text) > 80:
        return "", None
    text = without_accents(" ".join(text.split()).casefold())
    # The earliest time that reaches to the end: `2026 14:05` is one, `05` alone is not.
    for found in re.finditer(r"[ ,t]", text):
        clock = _TIME.match(text, found.start())
        if clock and (clock["minute"] or clock["half"]):
            return WEEKDAY.sub("", text[: found.start()].strip(" ,"), count=1), clock
    return WEEKDAY.sub("", text, count=1).strip(" ,"), None


def _numeric(day: str, order: Order) -> date | None:
    """Return the date of three numbers in an order; None where it does not exist."""
    found = _NUMERIC.fullmatch(day)
    if found is None:
        return None
    place = {letter: int(found[number]) for letter, number in zip(order, (1, 3, 4), strict=True)}
    width = len(found[1] if order == "ymd" else found[4])
    if width not in (2, 4) or (order == "ymd" and len(found[4]) > 2):
        return None
    year = place["y"] + (_CENTURY if width == 2 else 0)
    return _date(year, place["m"], place["d"])


def _named(day: str) -> date | None:
    """Return the date of a day whose month has a name."""
    if found := _DAY_FIRST.fullmatch(day):
        number, name, year = found.groups()
    elif found := _MONTH_FIRST.fullmatch(day):
        name, number, year = found.groups()
    else:
        return None
    century = _CENTURY if len(year) == 2 else 0
    return _date(int(year) + century, MONTH.get(name, 0), int(number))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _at(day: date, clock: re.Match[str]) -> datetime:
    hour, part = int(clock["hour"]), (clock["part"] or "0")[:6]
    if clock["half"]:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if clock["half"] == "p" else 0)
    zone = UTC if clock["utc"] else None
    if clock["sign"]:
        offset = timedelta(hours=int(clock["hours"]), minutes=int(clock["minutes"] or 0))
        zone = timezone(-offset if clock["sign"] == "-" else offset)
    return datetime(
        day.year, day.month, day.day, hour, int(clock["minute"] or 0), int(clock["second"] or 0),
        int(part.ljust(6, "0")), zone,
    )  # fmt: skip


def _from_number(text: str) -> datetime:
    """Return the time of an Excel serial number or of Unix time, told apart by their digits."""
    value = text.replace(",", ".")
    digits = len(value.partition(".")[0])
    if digits == 5:
        return _EXCEL_EPOCH + timedelta(milliseconds=round(float(value) * 86_400_000))
    if digits not in _UNIX_DIGITS:
        raise ValueError
    seconds = float(value) / _UNIX_DIGITS[digits]
    return _UNIX_EPOCH + timedelta(milliseconds=round(seconds * 1000))
