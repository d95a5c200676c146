"""People decide on a verdict that still holds: for these bytes, this benchmark, this baseline."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import harness
from harness.errors import RequestError
from harness.flows.decisions.promote import accept, promote, standings
from harness.records import Decision
from tests.fakes.project import BENCHMARK, CASES, GUARD_BENCHMARK, GUARD_CASES, TinyProject

Promote = Callable[..., Decision]


@pytest.fixture
def project(project: TinyProject) -> TinyProject:
    for quality in ("good", "same", "bad"):
        project.record(quality, quality=quality)  # type: ignore[arg-type]
    project.record(
        "broken", quality="good", texts={"health-1": "Dear Sir"}, nlls={"health-1": 0.43}
    )
    return project


@pytest.fixture
def put(project: TinyProject) -> Promote:
    """Promote by name."""

    def typed(name: str, **more: str) -> Decision:
        return promote(project.project, name, task=None, by="Ana", why="it is good", **more)

    return typed


def judge(project: TinyProject, name: str, **more: str) -> str:
    return harness.evaluate(name, project=project.folder, **more)["openers"].outcome


def promoted(project: TinyProject) -> str | None:
    store = project.store()
    found = store.decisions.promoted("openers")
    store.close()
    return found.adapter if found else None


# --- promote ------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_judged_adapter_is_promoted_and_pinned_as_the_first(
    project: TinyProject, put: Promote
) -> None:
    assert judge(project, "good") == "promote"
    decision = put("good")
    assert (decision.kind, decision.adapter, decision.by) == ("promote", "good", "Ana")
    store = project.store()
    assert decision.verdict in {kept.id for kept in store.verdicts.all()}
    (standing,) = standings(project.project, store)
    store.close()
    assert standing.task == "openers"
    assert standing.promoted == standing.pinned == decision


@pytest.mark.long
def test_the_next_one_takes_its_place_and_the_pin_stays(project: TinyProject, put: Promote) -> None:
    judge(project, "good")
    put("good")
    assert judge(project, "same") == "promote"
    put("same")
    store = project.store()
    (standing,) = standings(project.project, store)
    store.close()
    assert standing.promoted is not None
    assert standing.pinned is not None
    assert (standing.promoted.adapter, standing.pinned.adapter) == ("same", "good")


def refused(project: TinyProject, put: Promote, name: str, words: str, **more: str) -> None:
    before = promoted(project)
    with pytest.raises(RequestError, match=words):
        put(name, **more)
    assert promoted(project) == before


@pytest.mark.long
def test_without_a_verdict_it_is_refused(project: TinyProject, put: Promote) -> None:
    refused(project, put, "good", "was not judged yet, run `pytest --model good`")


@pytest.mark.parametrize("name", ["base", "base+prompt"])
def test_the_base_is_no_adapter(project: TinyProject, put: Promote, name: str) -> None:
    refused(project, put, name, "only adapters are promoted")


@pytest.mark.long
def test_a_rejected_one_is_refused(project: TinyProject, put: Promote) -> None:
    project.promote("good")
    assert judge(project, "bad") == "reject"
    refused(project, put, "bad", "the verdict is reject, only promote is promoted")


@pytest.mark.long
def test_an_open_one_is_refused(project: TinyProject, put: Promote) -> None:
    project.promote("good")
    assert judge(project, "broken") == "inconclusive"
    refused(project, put, "broken", "the verdict is inconclusive")


@pytest.mark.long
def test_after_the_benchmark_changed_it_is_refused(project: TinyProject, put: Promote) -> None:
    judge(project, "good")
    project.benchmark("openers", BENCHMARK, [CASES[0] | {"ideal": "Hi!"}, *CASES[1:]])
    refused(project, put, "good", "the benchmark changed since, run `pytest --model good`")


@pytest.mark.long
def test_after_the_policy_changed_it_is_refused(project: TinyProject, put: Promote) -> None:
    project.benchmark("openers", BENCHMARK + "\n[policy]\nalpha = 0.4\n", CASES)
    judge(project, "good")
    project.benchmark("openers", BENCHMARK, CASES)
    refused(project, put, "good", "the benchmark changed since")


@pytest.mark.long
def test_after_a_guard_changed_it_is_refused(project: TinyProject, put: Promote) -> None:
    judge(project, "good")
    changed = [GUARD_CASES[0] | {"ideal": "yes!"}, *GUARD_CASES[1:]]
    project.benchmark("manners", GUARD_BENCHMARK, changed)
    refused(project, put, "good", "the guard benchmarks changed since")


@pytest.mark.long
def test_after_the_bytes_changed_it_is_refused(project: TinyProject, put: Promote) -> None:
    judge(project, "good")
    project.record("good", quality="bad")
    refused(project, put, "good", "its bytes changed since it was judged")


@pytest.mark.long
def test_after_the_baseline_moved_it_is_refused(project: TinyProject, put: Promote) -> None:
    project.promote("good")
    assert judge(project, "same") == "promote"
    project.promote("broken")
    refused(project, put, "same", "was not compared with the promoted adapter, which is broken now")


@pytest.mark.long
def test_a_verdict_against_the_base_counts_only_while_nothing_is_promoted(
    project: TinyProject, put: Promote
) -> None:
    judge(project, "good")
    project.promote("same")
    refused(project, put, "good", "was not compared with the promoted adapter, which is same now")


@pytest.mark.long
def test_a_verdict_on_some_cases_does_not_count(project: TinyProject, put: Promote) -> None:
    from harness.flows.evaluation.context import Request
    from harness.flows.evaluation.session import open_session

    with open_session(project.project, Request(), lambda step, done, total: None) as session:
        session.candidate("good").evaluate(session.benchmark("openers"), frozenset({"health-1"}))
    refused(project, put, "good", "was judged on some of the cases only")


@pytest.mark.long
def test_a_later_look_at_one_case_takes_nothing_back(project: TinyProject, put: Promote) -> None:
    from harness.flows.evaluation.context import Request
    from harness.flows.evaluation.session import open_session

    assert judge(project, "good") == "promote"
    with open_session(project.project, Request(), lambda step, done, total: None) as session:
        session.candidate("good").evaluate(session.benchmark("openers"), frozenset({"health-1"}))
    assert put("good").adapter == "good"


@pytest.mark.long
def test_a_comparison_with_something_else_takes_nothing_back(
    project: TinyProject, put: Promote
) -> None:
    assert judge(project, "good") == "promote"
    judge(project, "good", against="same")
    assert put("good").adapter == "good"


@pytest.mark.long
def test_a_comparison_that_leaves_the_pinned_one_out_does_not_count(
    project: TinyProject, put: Promote
) -> None:
    project.promote("good")
    project.promote("same")
    judge(project, "broken", against="same")
    refused(project, put, "broken", "was not compared with the pinned adapter, which is good now")


@pytest.mark.long
def test_what_is_promoted_already_is_said(project: TinyProject, put: Promote) -> None:
    judge(project, "good")
    put("good")
    judge(project, "good")
    refused(project, put, "good", "is promoted already")


@pytest.mark.long
def test_outputs_judged_from_another_folder_are_promoted_from_there(
    project: TinyProject, put: Promote
) -> None:
    (project.folder / "recorded").rename(project.folder / "served")
    assert judge(project, "good", engine="recorded:served") == "promote"
    refused(project, put, "good", "no recorded outputs")
    assert put("good", engine="recorded:served").adapter == "good"


@pytest.mark.long
@pytest.mark.parametrize(("by", "why"), [("", "x"), ("Ana", " "), ("Ana", "a\nb"), ("A\nb", "x")])
def test_who_and_why_are_said_in_one_line(project: TinyProject, by: str, why: str) -> None:
    judge(project, "good")
    with pytest.raises(RequestError, match="must say something, in one line"):
        promote(project.project, "good", task=None, by=by, why=why)


def test_an_unknown_task_is_named(project: TinyProject) -> None:
    with pytest.raises(RequestError, match="poems: no benchmark is for this task"):
        promote(project.project, "good", task="poems", by="Ana", why="x")


@pytest.mark.long
def test_of_two_people_who_saw_the_same_state_one_succeeds(
    project: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one decided while the first one's decision was not there yet."""
    from harness.flows.decisions import decide as flow

    judge(project, "good")
    judge(project, "same")
    late = []

    def now(calendar: object) -> str:
        if not late:
            late.append(True)
            promote(project.project, "good", task=None, by="Bo", why="I was faster")
        return "2026-01-01T00:00:00.000Z"

    monkeypatch.setattr(flow, "utc_now", now)
    with pytest.raises(RequestError, match="the baseline moved to good meanwhile"):
        promote(project.project, "same", task=None, by="Ana", why="I was slower")
    assert promoted(project) == "good"


# --- accept -------------------------------------------------------------------------------------


@pytest.fixture
def broken_run(project: TinyProject) -> str:
    project.promote("good")
    found = harness.evaluate("broken", project=project.folder)["openers"]
    assert [change.case for change in found.broken] == ["health-1"]
    return found.runs["candidate"]


@pytest.mark.long
def test_an_accepted_case_changes_the_next_verdict(
    project: TinyProject, put: Promote, broken_run: str
) -> None:
    accept(project.project, "health-1", broken_run, by="Ana", why="may be formal")
    verdict = harness.evaluate("broken", project=project.folder)["openers"]
    assert verdict.outcome == "promote"
    assert [change.accepted for change in verdict.broken] == ["Ana: may be formal"]
    assert put("broken").adapter == "broken"


@pytest.mark.long
@pytest.mark.parametrize("case", ["health-2", "nosuch", ""])
def test_only_a_broken_case_is_accepted(project: TinyProject, broken_run: str, case: str) -> None:
    with pytest.raises(RequestError, match=r"did not break in this run \(broken: health-1\)"):
        accept(project.project, case, broken_run, by="Ana", why="x")


@pytest.mark.slow
def test_an_unknown_run_is_named(project: TinyProject, broken_run: str) -> None:
    with pytest.raises(RequestError, match="nosuch: no such run"):
        accept(project.project, "health-1", "nosuch", by="Ana", why="x")


@pytest.mark.long
def test_an_acceptance_is_for_one_run_only(project: TinyProject, broken_run: str) -> None:
    accept(project.project, "health-1", broken_run, by="Ana", why="x")
    project.record("other", texts={"health-1": "Dear Sir!"}, nlls={"health-1": 0.43})
    assert judge(project, "other") == "inconclusive"
