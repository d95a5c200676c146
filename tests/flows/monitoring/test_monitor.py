"""Is it time to retrain: what counts, what is said, and what is left out."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import AdapterRefused, BenchmarkError, RequestError
from harness.flows.decisions.decide import DecisionRequest
from harness.flows.monitoring.acknowledge import acknowledge
from harness.flows.monitoring.monitor import MonitorRequest, monitor
from harness.records import Decision, Monitored
from tests.fakes.project import TASK, TinyProject
from tests.fakes.refusals import refused
from tests.fakes.reviews import Weeks

LINES = """
[tool.harness.monitor.openers]
edit_rate = { acceptable = 0.20, retrain = 0.25 }
rejection_rate = { acceptable = 0.05, retrain = 0.10 }
"""
ASK = DecisionRequest("Ana", "the new price list confused it", TASK)


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    """`good` is promoted, and the team has drawn its lines."""
    made = TinyProject(tmp_path / "project")
    made.settings(LINES)
    made.record("good")
    made.promote("good")
    return made


def looked(project: TinyProject, **how: object) -> Monitored:
    (found,) = monitor(project.project, MonitorRequest(**how))  # type: ignore[arg-type]
    return found


def keep(project: TinyProject, weeks: Weeks) -> None:
    with closing(project.store()) as store:
        weeks.keep(store)


def steady(weeks: Weeks, count: int = 3) -> Weeks:
    for _ in range(count):
        weeks.add(40, edited=8, rejected=2)
    return weeks


def alarmed(project: TinyProject) -> Weeks:
    weeks = steady(Weeks())
    weeks.add(60, edited=36)
    keep(project, weeks)
    return weeks


def digest_of(project: TinyProject) -> str:
    with closing(project.store()) as store:
        held = store.decisions.promoted(TASK)
        assert held is not None
        return held.digest


@pytest.mark.slow
def test_steady_weeks_are_steady_with_their_rates_and_counts(project: TinyProject) -> None:
    keep(project, steady(Weeks()))
    found = looked(project)
    assert found.state == "steady"
    edits, rejections = found.watched[:2]
    assert (edits.n, rejections.n) == (114, 120)
    assert edits.rate == pytest.approx(24 / 114)
    assert rejections.rate == pytest.approx(6 / 120)
    assert found.weeks == ("2026-W02", "2026-W03", "2026-W04")


def test_more_edits_than_the_team_accepts_is_retrain(project: TinyProject) -> None:
    alarmed(project)
    found = looked(project)
    assert found.state == "retrain"
    assert found.reasons[0].startswith("edit rate: alarm in 2026-W05")


@pytest.mark.slow
def test_more_rejections_alone_are_retrain_too(project: TinyProject) -> None:
    weeks = steady(Weeks())
    weeks.add(60, rejected=25)
    keep(project, weeks)
    found = looked(project)
    assert found.state == "retrain"
    assert found.reasons[0].startswith("rejection rate: alarm")


@pytest.mark.parametrize("weeks", [Weeks(adapter="older"), Weeks(digest="f" * 64)])
def test_reviews_of_another_adapter_or_of_other_bytes_do_not_count(
    project: TinyProject, weeks: Weeks
) -> None:
    keep(project, weeks.add(60, edited=60))
    found = looked(project)
    assert (found.state, found.reviews) == ("watch", 0)


@pytest.mark.slow
def test_reviews_count_by_bytes_whatever_the_adapter_was_called(project: TinyProject) -> None:
    keep(project, Weeks(adapter="renamed", digest=digest_of(project)).add(60, edited=48))
    assert looked(project).state == "retrain"


@pytest.mark.long
def test_a_promotion_begins_a_new_count(project: TinyProject) -> None:
    alarmed(project)
    project.record("better")
    project.promote("better")
    found = looked(project)
    assert (found.state, found.reviews) == ("watch", 0)
    keep(project, steady(Weeks(adapter="better")))
    assert looked(project).state == "steady"


@pytest.mark.medium
def test_the_weeks_of_an_earlier_adapter_tell_how_much_weeks_scatter(
    project: TinyProject,
) -> None:
    even = steady(Weeks(), 12)
    keep(project, even)
    project.record("better")
    project.promote("better")
    keep(project, Weeks(adapter="better").add(40, edited=8))
    edits = looked(project).signal("edit_rate")
    assert edits is not None
    assert (len(edits.course.weeks), edits.course.reference) == (1, 13)
    assert edits.course.weeks[0].scatter < 0.005


@pytest.mark.medium
def test_an_acknowledged_alarm_begins_a_new_count_by_the_stores_order(
    project: TinyProject,
) -> None:
    weeks = alarmed(project)
    (made,) = acknowledge(project.project, ASK)
    assert (made.kind, made.verdict) == ("acknowledge", f"edit_rate@{len(weeks.reviews)}")
    found = looked(project)
    assert found.state == "watch"
    assert "since its alarm was acknowledged" in found.reasons[0]
    # Later reviews of earlier weeks count all the same: clocks decide nothing.
    late = replace(weeks, reviews=[*weeks.reviews], week=0)
    keep(project, steady(late, 1).add(60, edited=40))
    assert looked(project).state == "retrain"


@pytest.mark.medium
def test_only_a_standing_alarm_can_be_acknowledged(project: TinyProject) -> None:
    keep(project, steady(Weeks()))
    with refused("no alarm stands", RequestError):
        acknowledge(project.project, ASK)
    alarmed_once = Weeks().add(60, edited=60)
    alarmed_once.reviews = [replace(r, id=f"more-{r.id}") for r in alarmed_once.reviews]
    keep(project, alarmed_once)
    acknowledge(project.project, ASK)
    with refused("no alarm stands", RequestError):
        acknowledge(project.project, ASK)


@pytest.mark.long
def test_a_dry_run_acknowledges_nothing(project: TinyProject) -> None:
    alarmed(project)
    acknowledge(project.project, replace(ASK, dry_run=True))
    assert looked(project).state == "retrain"


@pytest.mark.slow
def test_an_acknowledgement_changes_neither_what_is_promoted_nor_the_chain(
    project: TinyProject,
) -> None:
    alarmed(project)
    acknowledge(project.project, ASK)
    with closing(project.store()) as store:
        standing = store.decisions.standing(TASK)
        assert standing.promoted and standing.promoted.adapter == "good"
        assert standing.pinned and standing.pinned.adapter == "good"
        assert [d.kind for d in store.decisions.all()] == ["promote", "acknowledge"]


@pytest.mark.medium
def test_another_adapters_acknowledgement_is_not_this_ones(project: TinyProject) -> None:
    weeks = alarmed(project)
    with closing(project.store()) as store:
        store.decisions.add(
            Decision("acknowledge", TASK, "older", "0" * 64, "Ana", "seen", "2026-01-01",
                     verdict=f"edit_rate@{len(weeks.reviews)}")
        )  # fmt: skip
    assert looked(project).state == "retrain"


def test_nothing_promoted_no_line_and_no_review_are_said_not_guessed(tmp_path: Path) -> None:
    made = TinyProject(tmp_path / "project")
    assert looked(made).reasons == ("nothing is promoted yet",)
    made.record("good")
    made.promote("good")
    found = looked(made)
    assert found.state == "watch"
    assert "no line is declared" in found.reasons[0]
    assert found.signal("edit_rate").rate is None  # type: ignore[union-attr]


@pytest.mark.medium
def test_since_leaves_earlier_reviews_out(project: TinyProject) -> None:
    alarmed(project)
    assert looked(project, since="2026-02-02").reviews == 0
    assert looked(project, since="2026-01-26").reviews == 60
    with refused("is no day", RequestError):
        looked(project, since="last week")


def test_an_unknown_task_is_refused(project: TinyProject) -> None:
    with refused("no benchmark is for this task", BenchmarkError):
        looked(project, task="poems")


def test_the_slice_and_the_reviewer_that_explain_it_are_named(project: TinyProject) -> None:
    weeks = Weeks()
    weeks.add(60, edited=4, slices={"industry": "health"})
    weeks.add(60, edited=40, slices={"industry": "logistics"}, reviewer="ben", same_week=True)
    keep(project, weeks)
    found = looked(project)
    assert [(one.kind, one.name) for one in found.standouts[:2]] == [
        ("slice", "industry=logistics"),
        ("reviewer", "ben"),
    ]
    assert any("it may be the reviewer, not the adapter" in reason for reason in found.reasons)
    assert any("editors remove `dear`" in reason for reason in found.reasons)


def test_synthetic_reviews_are_counted_as_such(project: TinyProject) -> None:
    weeks = steady(Weeks())
    weeks.reviews = [replace(review, source="synthetic") for review in weeks.reviews]
    keep(project, weeks)
    assert looked(project).synthetic == 120


# --- the benchmark, run again ---------------------------------------------------------------------


@pytest.mark.long
def test_the_same_bytes_with_the_same_scores_have_not_drifted(project: TinyProject) -> None:
    keep(project, steady(Weeks()))
    for _ in range(3):
        found = looked(project, run=True)
    (drift,) = found.drifts
    assert (drift.runs, drift.n, drift.fallen) == (3, 8, ())
    assert found.state == "steady"


@pytest.mark.long
def test_a_stack_that_changed_underneath_is_an_alarm(
    project: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(project, steady(Weeks()))
    looked(project, run=True)
    served_otherwise(project, monkeypatch)
    found = looked(project, run=True)
    assert found.state == "retrain"
    assert found.reasons[0].startswith("benchmark: alarm")
    (drift,) = found.drifts
    assert len(drift.fallen) == 8
    (made,) = acknowledge(project.project, ASK)
    assert str(made.verdict).startswith("benchmark@")
    after = looked(project, run=True)
    assert after.state == "steady"  # what was acknowledged is the new yardstick
    assert after.drifts[0].fallen == ()


def served_otherwise(project: TinyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same recorded bytes as far as the project sees, with other outputs in them."""
    from harness.flows.evaluation.backends import RecordedBackend

    digest = digest_of(project)
    project.record("good", quality="bad")
    adapter = RecordedBackend.adapter
    monkeypatch.setattr(
        RecordedBackend,
        "adapter",
        lambda backend, name: replace(adapter(backend, name), digest=digest),
    )


def test_changed_bytes_are_not_run_as_what_was_promoted(project: TinyProject) -> None:
    project.record("good", quality="bad")
    with refused("not those that were promoted", AdapterRefused):
        looked(project, run=True)


@pytest.mark.slow
def test_too_few_slices_say_nothing_about_prediction(project: TinyProject) -> None:
    keep(project, steady(Weeks()))
    found = looked(project, run=True)
    assert found.prediction is not None
    assert (found.prediction.metric, found.prediction.rho) == ("ideal_likelihood", None)


@pytest.mark.long
def test_without_an_embedder_inputs_are_not_compared(project: TinyProject) -> None:
    keep(project, steady(Weeks()))
    found = looked(project)
    assert found.inputs is not None
    assert found.inputs.skipped == "no embedder is set"
    assert looked(project, inputs=False).inputs is None
