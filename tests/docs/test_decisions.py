"""Every entry of DECISIONS.md has a number that stays, a date and a state, and lines that fit."""

from __future__ import annotations

import re
from datetime import date

import pytest

from tests.docs.markdown import ROOT, documents

FILE = ROOT / "DECISIONS.md"
TEXT = FILE.read_text(encoding="utf-8")
HEADING = re.compile(r"^## (\d+)\. \S.*$", re.MULTILINE)
STATE = re.compile(r"(\d{4}-\d\d-\d\d), (?:accepted|(?:amended|superseded) by (\d+))\.")
LONGEST_LINE = 139


def entries(text: str) -> dict[int, list[str]]:
    """Return the lines below each numbered heading."""
    parts = HEADING.split(text)[1:]
    return {
        int(n): body.strip().splitlines() for n, body in zip(parts[::2], parts[1::2], strict=True)
    }


ENTRIES = entries(TEXT)


def test_there_are_entries_to_look_at() -> None:
    assert len(ENTRIES) > 25
    assert len(ENTRIES) == len(re.findall(r"^## ", TEXT, re.MULTILINE)), "a heading has no number"


def test_numbers_only_rise() -> None:
    numbers = [int(number) for number in HEADING.findall(TEXT)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("number", ENTRIES)
def test_an_entry_begins_with_its_date_and_its_state(number: int) -> None:
    first = ENTRIES[number][0]
    found = STATE.fullmatch(first)
    assert found, f"{number}: {first!r}"
    date.fromisoformat(found[1])
    assert found[2] is None or (int(found[2]) in ENTRIES and int(found[2]) > number), first
    assert len(ENTRIES[number]) > 2, f"{number} says nothing"


def test_no_line_is_too_long() -> None:
    long = [n for n, line in enumerate(TEXT.splitlines(), 1) if len(line) > LONGEST_LINE]
    assert not long, f"DECISIONS.md, lines {long}"


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


@pytest.mark.medium
def test_entries_that_documents_and_code_refer_to_exist() -> None:
    sources = [*documents(), *(ROOT / "harness").rglob("*.py")]
    told = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    named = {int(n) for n in re.findall(r"DECISIONS(?:\.md\S*)?,? (\d+)\b", told)}
    assert named and named <= ENTRIES.keys()
