from datetime import date

import pytest

from harness.errors import StoreFailed
from harness.flows.queries import now
from harness.records import SYNTHETIC
from tests.fakes.project import BENCHMARK, CASES, TASK

TODAY = date(2026, 3, 16)
LINES = """
[tool.harness.monitor.openers]
edit_rate = { acceptable = 0.2, retrain = 0.3 }
"""


def only(past):
    [task] = now(past.project, past.store, TODAY).tasks
    return task


def test_an_empty_store_says_what_to_do_first(past):
    found = now(past.project, past.store, TODAY)
    [task] = found.tasks
    assert (found.runs, found.reviews, found.synthetic) == (0, 0, False)
    assert (task.task, task.benchmark, task.cases) == (TASK, "openers", 8)
    assert (task.promoted, task.candidates, task.state) == (None, (), None)
    assert task.edit.value is None and task.edit.n == 0
    assert task.next.command == "pytest --model NAME"


@pytest.mark.long
def test_what_is_promoted_shows_its_verdict_and_its_age(two):
    held = only(two).promoted
    assert (held.adapter, held.by, held.why, held.age_days) == ("v1", "Ana", "because", 70)
    assert (held.outcome, held.n, held.override) == ("promote", 8, False)
    assert held.headline.startswith("better than the base on 8 cases")


def test_an_override_without_a_verdict_stands_out(past):
    past.tiny.record("v1")
    past.promote("v1", "2026-01-05T08:00:00.000Z", override=True)
    held = only(past).promoted
    assert held.override and held.outcome is None and held.headline == "" and held.n == 0


@pytest.mark.long
def test_candidates_come_newest_first_and_each_once(two):
    two.judge("v3", "bad")
    two.judge("v2")
    found = only(two).candidates
    assert [one.adapter for one in found] == ["v3", "v2", "v1"]
    assert [one.promoted for one in found] == [False, False, True]
    assert found[0].outcome == "reject" and found[0].reason and found[0].n == 8


@pytest.mark.long
def test_the_base_is_no_candidate(two):
    two.judge("base")
    assert "base" not in [one.adapter for one in only(two).candidates]


@pytest.mark.long
def test_a_candidate_that_may_be_promoted_is_the_next_thing_to_do(two):
    found = only(two)
    assert found.candidates[0].outcome == "promote"
    assert found.next.command == 'lora-harness promote v2 --task openers --by "YOU" --why "..."'


@pytest.mark.long
def test_a_candidate_that_was_decided_about_waits_no_more(two):
    two.decide("reject", "v2", "2099-01-01T00:00:00.000Z")
    assert "promote" not in only(two).next.command


@pytest.mark.long
def test_rates_are_those_of_the_promoted_bytes_with_their_n(two):
    two.review(1, decision="edited", edit_rate=0.5)
    two.review(2)
    two.review(3, decision="rejected", final=None, edit_rate=None, character_rate=None)
    two.review(4, adapter="v2", decision="rejected", final=None, edit_rate=None)
    task = only(two)
    assert (task.edit.value, task.edit.n) == (0.25, 2)
    assert task.rejection.value == pytest.approx(1 / 3) and task.rejection.n == 3
    assert task.edit.low < 0.25 < task.edit.high


@pytest.mark.long
def test_without_a_line_nobody_says_steady(two):
    two.decide("reject", "v2", "2099-01-01T00:00:00.000Z")
    two.review(1)
    assert only(two).state is None
    assert f"declare [tool.harness.monitor.{TASK}]" in only(two).next.words


@pytest.mark.long
def test_with_a_line_the_state_is_the_monitors(two):
    two.tiny.settings(LINES)
    for number in range(200):
        two.review(number, decision="edited", edit_rate=0.9)
    task = only(two)
    assert (task.edit_line.acceptable, task.edit_line.retrain) == (0.2, 0.3)
    assert task.state == "retrain" and task.state_why


@pytest.mark.long
def test_synthetic_reviews_are_told_apart(two):
    two.review(1, source=SYNTHETIC)
    assert now(two.project, two.store, TODAY).synthetic
    assert only(two).edit.synthetic == 1


@pytest.mark.slow
def test_a_task_that_only_the_ledger_knows_is_still_shown(two):
    decision = two.store.decisions.all()[0]
    two.store.decisions.add(type(decision)("promote", "old", "v0", "d" * 64, "A", "b", decision.at))
    found = now(two.project, two.store, TODAY).tasks
    assert [(one.task, one.benchmark) for one in found] == [(TASK, "openers"), ("old", None)]


@pytest.mark.slow
def test_a_ledger_that_was_changed_by_hand_is_not_shown_as_fine(two):
    with two.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE decisions SET adapter = 'other'")
    with pytest.raises(StoreFailed, match="changed by hand"):
        only(two)


@pytest.mark.long
def test_the_task_that_needs_a_person_comes_first(two):
    calm = BENCHMARK.replace("openers", "a_calm_one")
    two.tiny.benchmark("a_calm_one", calm, CASES)
    assert [task.task for task in now(two.project, two.store, TODAY).tasks] == ["a_calm_one", TASK]
    two.promote("v1", "2026-02-01T08:00:00.000Z", override=True)
    assert [task.task for task in now(two.project, two.store, TODAY).tasks] == [TASK, "a_calm_one"]


@pytest.mark.long
def test_a_client_is_the_folder_of_the_adapter(two):
    two.judge("acme/v1")
    two.promote("acme/v1", "2026-02-02T08:00:00.000Z")
    assert only(two).client == "acme"


@pytest.mark.slow
def test_without_folders_there_is_no_client(two):
    assert only(two).client == ""
