"""What only a reserve can have: other slices, too few cases, a beginning that changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.findings.benchmark import CaseLine
from harness.findings.reserve import changed_beginning, other_slices, reserve_size
from harness.records import Case, Policy

CASES = [Case(f"c{n}", f"input {n}", ("ideal",), {"kind": "ab"[n % 2]}) for n in range(4)]
RESERVE = [Case(f"r{n}", f"more {n}", ("ideal",), {"kind": "ab"[n % 2]}) for n in range(4)]


def lines(*cases: Case) -> list[CaseLine]:
    return [CaseLine(number, case) for number, case in enumerate(cases, start=1)]


def test_a_slice_that_all_cases_have_is_missed_in_the_reserve() -> None:
    bare, new = replace(RESERVE[0], slices={}), replace(RESERVE[1], slices={"kind": "z"})
    found = list(other_slices(CASES, lines(bare, new, RESERVE[2])))
    assert [(one.kind, one.line) for one in found] == [("slice", 1), ("slice", 2)]
    assert "r0 has no slice kind" in found[0].message
    assert "r1 has kind=z, as no case" in found[1].message


def test_a_slice_that_some_cases_lack_is_not() -> None:
    some = [replace(CASES[0], slices={}), *CASES[1:]]
    assert list(other_slices(some, lines(replace(RESERVE[0], slices={})))) == []


@pytest.mark.parametrize(("count", "found"), [(0, 1), (9, 1), (10, 0), (30, 0)])
def test_a_reserve_that_no_look_uses_is_told(count: int, found: int) -> None:
    assert len(list(reserve_size(count, Policy()))) == found


def test_a_reserve_that_grew_begins_as_it_did() -> None:
    assert changed_beginning(lines(*RESERVE), RESERVE[:2], frozenset()) is None
    assert changed_beginning(lines(*RESERVE[:2]), RESERVE[:2], frozenset()) is None


@pytest.mark.parametrize(
    ("now", "line", "said"),
    [
        ([RESERVE[0], replace(RESERVE[1], ideals=("other",)), *RESERVE[2:]], 2, "not as it was"),
        ([RESERVE[0], *RESERVE[2:]], None, "r1 is gone"),
        (RESERVE[:1], None, "r1 is gone"),
        ([], None, "r0 is gone"),
        ([RESERVE[1], RESERVE[0]], 1, "r1 stands before r0"),
        ([RESERVE[3], *RESERVE[:3]], 1, "r3 stands before r0"),
    ],
)
def test_a_beginning_that_changed_is_one_line_with_the_remedy(
    now: list[Case], line: int | None, said: str
) -> None:
    found = changed_beginning(lines(*now), RESERVE[:2], frozenset())
    assert found is not None
    assert (found.kind, found.line) == ("reserve", line)
    assert said in found.message and "add new cases at the end" in found.message


def test_a_case_that_an_adapter_was_trained_on_was_never_looked_at() -> None:
    looked = [RESERVE[0], RESERVE[2]]
    assert changed_beginning(lines(*RESERVE), looked, frozenset({"r1"})) is None
    assert changed_beginning(lines(*RESERVE), looked, frozenset()) is not None
