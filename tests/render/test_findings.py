"""Findings as people and programs read them."""

from __future__ import annotations

import pytest
from hypothesis import given

from harness.findings import Finding
from harness.render.findings import findings_json, findings_text, kinds_text, sides_text
from tests.text.hostile import COMMAND, acts, hostile

FOUND = [
    Finding("duplicate", 7, "says the same as line 2"),
    Finding("personal_data", 120, "phone number in the output: 555…63"),
    Finding("size", None, "12 examples"),
]


def test_every_finding_has_its_line_kind_and_message() -> None:
    assert findings_text(FOUND).split("\n") == [
        "   7  duplicate      says the same as line 2",
        " 120  personal_data  phone number in the output: 555…63",
        "file  size           12 examples",
    ]


def test_a_long_list_says_how_much_is_missing() -> None:
    assert findings_text(FOUND * 100, most=2).endswith("… and 298 more, `--json` has them all")


def test_kinds_are_counted() -> None:
    assert kinds_text({"duplicate": 1200, "size": 1}) == "1,200 duplicate · 1 size"
    assert kinds_text({}) == "nothing found"


def test_programs_get_exactly_three_keys() -> None:
    assert findings_json(FOUND)[2] == {"kind": "size", "line": None, "message": "12 examples"}


@pytest.mark.medium
@given(hostile)
def test_what_the_file_says_cannot_act_on_the_reader(text: str) -> None:
    lines = [
        *findings_text([Finding("tone", 1, text)]).split("\n"),
        *sides_text("t", [("+", text)]),
    ]
    for line in lines:
        assert not COMMAND.search(line)
        assert acts(line) == []
