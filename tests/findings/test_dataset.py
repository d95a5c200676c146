"""What is promised of the shipped sets: every planted fault, and nothing in the clean ones."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.findings import Finding
from harness.findings.dataset import Measure, check_examples, size
from harness.records.training_example import TrainingExample
from tests.findings.shipped import CLEAN, examples, findings, planted

PLANTED = {
    "tone": 108,
    "banned_term": 36,
    "duplicate": 12,
    "near_duplicate": 8,
    "truncated": 8,
    "contradiction": 6,
    "personal_data": 5,
}


@pytest.mark.long
@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_set_has_no_finding(name: str) -> None:
    assert findings(name) == ()


@pytest.mark.parametrize("kind", PLANTED)
def test_every_planted_fault_is_found_at_its_line(kind: str) -> None:
    lines = {fault["line"] for fault in planted() if fault["kind"] == kind}
    found = {finding.line for finding in findings("outreach_240_dirty") if finding.kind == kind}
    assert len(lines) == PLANTED[kind]
    assert found == lines


def test_every_planted_fault_is_one_of_these() -> None:
    assert Counter(fault["kind"] for fault in planted()) == PLANTED


def test_no_line_without_a_fault_is_blamed() -> None:
    harmed = {fault["line"] for fault in planted()}
    blamed = {finding.line for finding in findings("outreach_240_dirty")}
    assert blamed == harmed


@pytest.mark.parametrize("kind", ["duplicate", "near_duplicate", "contradiction"])
def test_the_earlier_line_is_named(kind: str) -> None:
    of = {fault["line"]: fault["of"] for fault in planted() if fault["kind"] == kind}
    for finding in findings("outreach_240_dirty"):
        if finding.kind == kind:
            assert f"line {of[finding.line]}" in finding.message


def test_ordinary_texts_of_one_kind_are_not_found_in_a_shuffled_half() -> None:
    """The clean set stays clean whatever part of it is looked at."""
    for start in (0, 1, 2):
        half = examples("outreach_240")[start::3]
        assert list(check_examples(half, Measure({}))) == []


@pytest.mark.parametrize(
    ("count", "says"), [(0, "0 examples"), (49, "49 examples"), (50, ""), (1000, ""), (1001, "1,0")]
)
def test_the_size_is_said_where_it_is_unusual(count: int, says: str) -> None:
    found = list(size(count))
    assert [finding.kind for finding in found] == (["size"] if says else [])
    assert all(finding.message.startswith(says) for finding in found)


def test_banned_terms_are_asked_of_outputs_only() -> None:
    rows = [TrainingExample(4, "our client", "our customer"), TrainingExample(5, "x", "our client")]
    measure = Measure({}, banned=lambda text: "banned" * ("client" in text))
    kinds = [f for f in check_examples(rows, measure) if f.kind == "banned_term"]
    assert kinds == [Finding("banned_term", 5, "banned")]
