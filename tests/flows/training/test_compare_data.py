"""Two training sets compared: added, removed and changed examples."""

from __future__ import annotations

from harness.flows.training.compare_data import diff_data
from tests.fakes.project import TinyProject

GOOD = [{"input": f"person {n} of ward {n}", "output": f"Hello {n}."} for n in range(60)]


def test_the_difference_knows_added_removed_and_changed(project: TinyProject) -> None:
    changed = GOOD[5] | {"output": "Good day."}
    after = project.write_lines(
        "new.jsonl", [*GOOD[1:5], changed, *GOOD[6:], {"input": "n", "output": "m"}]
    )
    found = diff_data(project.write_lines("set.jsonl", GOOD), after)
    assert [one.input for one in found.added] == ["n"]
    assert [one.input for one in found.removed] == [GOOD[0]["input"]]
    (one,) = found.changed
    assert (one.before, one.after) == (("Hello 5.",), ("Good day.",))
    assert (found.same, found.equal) == (58, False)


def test_order_and_slices_are_no_difference_and_repeats_are(project: TinyProject) -> None:
    file = project.write_lines("set.jsonl", GOOD)
    other = project.write_lines("new.jsonl", [row | {"slices": {"k": "v"}} for row in GOOD[::-1]])
    assert diff_data(file, other).equal
    twice = project.write_lines("twice.jsonl", [*GOOD, GOOD[0]])
    found = diff_data(file, twice)
    assert not found.equal and len(found.added) == 1


def test_a_line_that_was_retired_is_a_change_that_is_shown(project: TinyProject) -> None:
    line = {"input": "a", "output": "b"}
    before = project.write_lines("a.jsonl", [line])
    after = project.write_lines("b.jsonl", [line | {"retired": "2026-06-01"}])
    (changed,) = diff_data(before, after).changed
    assert (changed.before, changed.after) == (("b",), ("b (retired 2026-06-01)",))
