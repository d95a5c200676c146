from dataclasses import replace

import pytest

from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.queries import compare, filtered
from tests.fakes.project import GUARD, TASK


def test_an_empty_store_says_which_command_makes_something_to_compare(past):
    found = compare(past.project, past.store)
    assert found.candidate is None and found.verdict is None and found.cases == ()
    assert found.missing.endswith("`pytest --model NAME` runs one")


@pytest.mark.long
def test_the_newest_candidate_is_compared_with_what_is_promoted(two):
    found = compare(two.project, two.store)
    assert (found.candidate.adapter, found.reference.adapter) == ("v2", "v1")
    assert found.reference_role == "promoted" and not found.promoted
    assert found.verdict.outcome == "promote" and found.verdict_id is not None
    assert found.command == 'lora-harness promote v2 --task openers --by "YOU" --why "..."'
    assert found.slices == ("industry=health", "industry=logistics") and not found.missing


@pytest.mark.slow
def test_the_only_adapter_is_compared_with_the_base(past):
    past.judge("v1")
    found = compare(past.project, past.store)
    assert (found.candidate.adapter, found.reference.adapter) == ("v1", "base")
    assert found.reference_role == "base" and found.verdict_id is not None


@pytest.mark.slow
def test_what_was_promoted_last_is_shown_against_what_it_replaced(two):
    two.promote("v2", "2026-02-01T08:00:00.000Z")
    found = compare(two.project, two.store)
    assert (found.candidate.adapter, found.reference.adapter) == ("v2", "v1")
    assert found.promoted and found.command == "lora-harness compare v1 v2"


@pytest.mark.slow
def test_a_monthly_run_of_what_is_promoted_hides_no_candidate_that_waits(two):
    with open_session(
        two.project, Request(refresh=True), lambda step, done, total: None
    ) as session:
        session.candidate("v1").evaluate(session.benchmark(TASK))
    newest = [one.adapter for one in two.store.trends.adapters(TASK, "ideal_likelihood")]
    assert next(name for name in newest if name.startswith("v")) == "v1"
    found = compare(two.project, two.store)
    assert (found.candidate.adapter, found.reference.adapter) == ("v2", "v1")
    assert found.reference_role == "promoted" and "promote v2" in found.command


@pytest.mark.long
def test_two_that_were_never_judged_together_are_judged_now(two):
    two.judge("v3", "bad")
    found = compare(two.project, two.store, candidate="v3", reference="v2")
    assert found.verdict_id is None and found.verdict.outcome == "reject"
    assert found.reference_role == "chosen" and found.command == "lora-harness compare v2 v3"


@pytest.mark.long
def test_the_worst_case_comes_first_with_both_scores_and_texts(two):
    two.judge("v3", "bad")
    found = compare(two.project, two.store, candidate="v3")
    changes = [one.change for one in found.cases]
    assert changes == sorted(changes) and changes[0] < 0
    worst = found.cases[0]
    assert worst.scores["ideal_likelihood"][0] > worst.scores["ideal_likelihood"][1]
    assert worst.candidate.text.startswith("Dear Sir") and worst.reference.text.startswith("Hi")
    assert worst.flag == "broken" and worst.case.ideals


@pytest.mark.long
def test_cases_are_filtered_by_slice_and_flag(two):
    two.judge("v3", "bad")
    found = compare(two.project, two.store, candidate="v3")
    assert len(filtered(found)) == 8
    assert len(filtered(found, slices=("industry=health",))) == 4
    assert len(filtered(found, flags=("broken",))) == len(found.verdict.broken) > 0
    assert filtered(found, flags=("fixed",)) == ()


@pytest.mark.slow
def test_an_adapter_without_a_run_is_named_with_the_command_that_makes_it(two):
    found = compare(two.project, two.store, candidate="v9")
    assert found.candidate is None and "`pytest --model v9`" in found.missing


@pytest.mark.slow
def test_runs_of_two_versions_are_refused_in_words(two):
    run = two.store.runs.newest("v2", TASK)
    old = replace(run, id="old", adapter="v0", fingerprint="0" * 64)
    two.store.runs.keep(old, "old key")
    found = compare(two.project, two.store, candidate="v0")
    assert found.verdict is None and found.missing
    assert len(found.cases) == 8, "the texts can be read still"


@pytest.mark.long
def test_a_guard_is_compared_as_well(two):
    found = compare(two.project, two.store, GUARD)
    assert found.task is None and found.reference.adapter == "v1"
    assert found.verdict is not None and len(found.cases) == 5


@pytest.mark.long
def test_a_lower_edit_rate_is_a_change_upwards(two):
    found = compare(two.project, two.store, metric="edit_rate")
    assert found.metric == "edit_rate"
    better = [c for c in found.cases if c.scores["edit_rate"][1] < c.scores["edit_rate"][0]]
    assert better and all(one.change > 0 for one in better)


def run_again(past, adapter):
    with open_session(past.project, Request(), lambda step, done, total: None) as session:
        found = session.backend.adapter(adapter)
        return session.producer.run(found, session.benchmark(TASK), refresh=True)


@pytest.mark.medium
@pytest.mark.parametrize("again", ["v1", "v2"])
def test_a_run_of_every_month_leaves_the_verdict_that_decided(two, again):
    before = compare(two.project, two.store)
    run_again(two, again)
    after = compare(two.project, two.store, candidate="v2", reference="v1")
    assert after.verdict_id == before.verdict_id is not None
    assert after.verdict.worth and after.verdict.guards
    assert (after.candidate.id, after.reference.id) == (before.candidate.id, before.reference.id)


@pytest.mark.medium
def test_other_bytes_under_a_judged_name_are_judged_anew(two):
    two.tiny.record("v1", quality="bad")
    run_again(two, "v1")
    found = compare(two.project, two.store, candidate="v2", reference="v1")
    assert found.verdict_id is None and found.verdict is not None


@pytest.mark.medium
def test_a_verdict_made_for_the_page_weighs_base_prompt_and_guards(two):
    two.judge("v3", "bad", guard="bad")
    found = compare(two.project, two.store, candidate="v3", reference="v2").verdict
    assert {one.against for one in found.worth} >= {"base"}
    assert [one.benchmark for one in found.guards] == [GUARD]
    assert not any(note.startswith("forgetting") for note in found.notes)


@pytest.mark.medium
def test_a_guard_without_runs_is_said_to_have_none(two):
    two.tiny.record("v3")
    run_again(two, "v3")
    found = compare(two.project, two.store, candidate="v3", reference="v2").verdict
    (note,) = [note for note in found.notes if note.startswith("forgetting")]
    assert note.endswith(f"on the guard {GUARD}, `lora-harness sweep v3 v2` makes them")
