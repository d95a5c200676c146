"""Reviews are shown with what each rate is over, and nothing in them acts."""

from __future__ import annotations

from harness.records import GroupRates, Rate
from harness.render.reviews import bad_rows_text, preview_text, rates_json, rates_text
from tests.text.hostile import COMMAND, acts


def group(key: str = "2026-W47", synthetic: int = 0, finals: int = 40) -> GroupRates:
    edit = Rate(0.214 if finals else None, finals, 0.1, 0.35)
    return GroupRates(key, 50, synthetic, edit, Rate(0.06, 50, 0.02, 0.16), Rate(0.3, 50, 0.2, 0.4))


def test_every_rate_stands_with_its_interval_and_its_number() -> None:
    head, row, foot = rates_text("week", [group()]).splitlines()
    assert head.split("  ")[0] == "week" and "of finals" in head
    assert " ".join(row.split()) == (
        "2026-W47 21.4 % [10.0 %, 35.0 %] 40 6.0 % [2.0 %, 16.0 %] 30.0 % [20.0 %, 40.0 %] 50"
    )
    assert "Wilson" in foot


def test_no_final_is_no_rate() -> None:
    assert "–" in rates_text("week", [group(finals=0)])
    (found,) = rates_json("week", [group(finals=0)])["groups"]
    assert (found["edit_rate"], found["edit_rate_interval"], found["finals"]) == (None, None, 0)


def test_what_nobody_made_is_marked() -> None:
    rows = rates_text("week", [group(), group("b", 50), group("c", 7)]).splitlines()
    assert rows[1].endswith(" 50")
    assert rows[2].endswith(" 50  synthetic")
    assert rows[3].endswith(" 50  7 synthetic")


def test_nothing_yet_says_how_to_begin() -> None:
    assert "reviews import" in rates_text("week", [])


def test_hostile_words_do_not_act() -> None:
    text = "::error::##[group]\x1b[2J\u202e\r\n<script>"
    shown = [
        preview_text({text: text}, {"task": text}, [text], [{text: text}]),
        rates_text("slice", [group(text)]),
        *bad_rows_text([text], 1, 20),
    ]
    assert not any(acts(one, keep="\n") for one in shown)
    rows = [line for one in shown for line in one.split("\n")]
    assert not any(COMMAND.search(line) for line in rows)


def test_more_bad_rows_than_are_shown_are_counted() -> None:
    assert bad_rows_text(["a", "b", "c"], 7, 2) == ["a", "b", "... and 5 more bad rows"]
