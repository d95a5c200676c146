from dataclasses import replace

import pytest

from harness.flows.queries import case_history, cases
from tests.fakes.project import TASK

CASE = "logistics-1"


def test_an_empty_store_still_shows_the_benchmark(past):
    found = cases(past.project, past.store)
    assert found.benchmark == TASK and found.description == "First lines of e-mails."
    assert len(found.cases) == 8 and found.cases[0].case.id == CASE
    assert found.cases[0].mean is None and found.cases[0].adapters == 0
    assert found.slices == {"industry=health": 4, "industry=logistics": 4}
    assert (found.adapters, found.judged, found.health) == (0, 0, ())


@pytest.mark.long
def test_a_case_shows_how_adapters_did_each_counted_once(two):
    two.judge("v3", "bad")
    found = cases(two.project, two.store)
    row = found.cases[0]
    assert found.adapters == 3 and row.adapters == 3 and found.judged == 3
    assert row.worst < row.mean < row.best
    scored = {r.case.id: r.scores for r in two.store.runs.newest("v1", TASK).results}
    assert row.promoted == scored[CASE]["ideal_likelihood"]


@pytest.mark.long
def test_cases_that_every_adapter_gets_right_are_named(past):
    for number in range(3):
        past.judge(f"v{number}", nlls={CASE: 0.1 + number / 10})
    found = cases(past.project, past.store)
    [note] = found.health
    assert note.kind == "saturated" and len(note.cases) == 8 and "8 of 8 cases" in note.message
    assert found.cases[0].notes[0].startswith("all 3 adapters get it right")


@pytest.mark.long
def test_the_history_of_a_case_goes_across_adapters(two):
    found = case_history(two.project, two.store, TASK, CASE)
    assert found.case.id == CASE and found.metric == "ideal_likelihood"
    assert [one.adapter for one in found.moments] == ["base", "v1", "v2"]
    assert [one.promoted for one in found.moments] == [False, True, False]
    assert all(one.current for one in found.moments)
    assert found.moments[-1].text.startswith("Hi Ana") and found.moments[-1].scores


@pytest.mark.long
def test_a_case_that_left_the_benchmark_is_still_remembered(two):
    run = two.store.runs.newest("v2", TASK)
    gone = replace(run.results[0], case=replace(run.results[0].case, id="gone"))
    old = replace(run, id="old", adapter="v0", fingerprint="0" * 64, results=(gone,))
    two.store.runs.keep(old, "old key")
    found = case_history(two.project, two.store, TASK, "gone")
    assert found.case.id == "gone" and [m.current for m in found.moments] == [False]


@pytest.mark.slow
def test_a_case_that_never_was_is_empty_not_an_error(two):
    found = case_history(two.project, two.store, TASK, "never")
    assert found.case is None and found.moments == ()
