"""Outputs that were cut off are told from outputs that end as others do."""

from __future__ import annotations

import pytest

from harness.findings.endings import endings
from harness.records.training_example import TrainingExample

GIVEN = "Write to Ana about the counts of paper in {0} stores"


def found(*outputs: str, fill: str = "We count {0} stores on paper.") -> list[tuple[int, str]]:
    rows = [TrainingExample(n, GIVEN.format(n), fill.format(n)) for n in range(1, 31)]
    rows += [TrainingExample(100 + n, GIVEN.format(n), out) for n, out in enumerate(outputs)]
    return [(f.line or 0, f.message) for f in endings(rows, None)]


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("We count the sto", 'ends within a word: "sto" of "stores"'),
        ("We count all of it;", "as if more were to come"),
        ("We count (", "as if more were to come"),
        ("We count stores", "with a closing mark"),
    ],
)
def test_a_cut_is_found_with_how_it_shows(output: str, why: str) -> None:
    ((line, message),) = found(output)
    assert line == 100 and why in message


@pytest.mark.parametrize(
    "output",
    ["Do we count?", 'He said "we count."', "We count (all).", "We count…", "print(1)", "好。"],
)
def test_a_closed_output_is_whole(output: str) -> None:
    assert found(output) == []


def test_where_nothing_ends_with_a_mark_none_is_asked_for() -> None:
    assert found("paper counts in stores", fill="counts in {0} stores") == []
    ((_, message),) = found("paper counts in sto", fill="counts in {0} stores")
    assert "within a word" in message


def test_every_slice_ends_in_its_own_way() -> None:
    mails = [TrainingExample(n, "a", f"Shall we call {n}?", {"kind": "mail"}) for n in range(30)]
    titles = [TrainingExample(50 + n, "a", f"{n} calls", {"kind": "title"}) for n in range(30)]
    cut = TrainingExample(99, "a", "Shall we", {"kind": "mail"})
    assert [f.line for f in endings([*mails, *titles, cut], None)] == [99]
