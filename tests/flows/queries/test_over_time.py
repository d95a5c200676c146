from dataclasses import replace
from importlib import import_module

import pytest

from harness.errors import BenchmarkError, RequestError
from harness.flows.queries import over_time
from harness.records import BASE
from tests.fakes.project import GUARD, TASK


def test_an_empty_store_has_no_points_and_no_error(past):
    found = over_time(past.project, past.store)
    assert (found.task, found.benchmark, found.benchmarks) == (TASK, TASK, (TASK, GUARD))
    assert found.metric == "ideal_likelihood"
    assert found.points == found.bands == found.marks == found.weeks == found.slices == ()
    assert found.balance == () and found.total == found.runs == 0


@pytest.mark.long
def test_a_run_is_a_point_with_interval_n_and_run(two):
    found = over_time(two.project, two.store, adapters=["v2"])
    [point] = found.points
    run = two.store.runs.newest("v2", TASK)
    scores = [result.scores["ideal_likelihood"] for result in run.results]
    assert point.run == run.id and point.at == run.started and point.runs == 1
    assert point.mean == pytest.approx(sum(scores) / 8) and point.n == 8
    assert point.low < point.mean < point.high
    assert (found.runs, found.total, found.period) == (1, 3, "run")


@pytest.mark.long
def test_every_slice_has_a_panel(two):
    found = over_time(two.project, two.store, adapters=["v1", "v2"])
    assert [panel.name for panel in found.slices] == ["industry=health", "industry=logistics"]
    assert [(p.adapter, p.n) for p in found.slices[0].points] == [("v1", 4), ("v2", 4)]


@pytest.mark.long
def test_metrics_name_their_role_and_margin_gates_first(two):
    found = over_time(two.project, two.store)
    assert [(m.name, m.role) for m in found.metrics[:2]] == [
        ("ideal_likelihood", "gate"),
        ("edit_similarity", "guard"),
    ]
    assert found.metrics[0].margin == 0.08
    chosen = over_time(two.project, two.store, metric="edit_similarity")
    assert chosen.metric == "edit_similarity" and chosen.points


@pytest.mark.long
def test_an_unknown_metric_falls_back_and_an_unknown_benchmark_is_refused(two):
    assert over_time(two.project, two.store, metric="nonsense").metric == "ideal_likelihood"
    with pytest.raises(BenchmarkError, match="no such benchmark"):
        over_time(two.project, two.store, "nonsense")


@pytest.mark.long
@pytest.mark.parametrize("day", ["soon", "2026-13-01", "'; DROP TABLE runs"])
def test_a_day_that_is_none_is_refused(two, day):
    with pytest.raises(RequestError, match="is no day"):
        over_time(two.project, two.store, since=day)


@pytest.mark.long
def test_a_window_takes_its_last_day_in(two):
    day = two.store.runs.newest("v2", TASK).started[:10]
    assert over_time(two.project, two.store, since=day, until=day).points
    assert over_time(two.project, two.store, until="2020-01-01").points == ()
    assert over_time(two.project, two.store, since="2099-01-01").points == ()


@pytest.mark.slow
def test_decisions_are_marks_and_an_override_is_one_that_shows(two):
    two.promote("v2", "2026-02-01T08:00:00.000Z", override=True)
    two.decide("rollback", "v1", "2026-02-03T08:00:00.000Z")
    marks = over_time(two.project, two.store).marks
    assert [(m.kind, m.adapter, m.override) for m in marks] == [
        ("promote", "v1", False),
        ("promote", "v2", True),
        ("rollback", "v1", False),
    ]
    assert marks[0].words == "Ana: because" and marks[0].task == TASK


@pytest.mark.long
def test_a_changed_benchmark_is_a_band_of_its_own(two):
    run = two.store.runs.newest("v2", TASK)
    old = replace(run, id="old", fingerprint="0" * 64, started="2025-01-01T00:00:00.000Z")
    two.store.runs.keep(old, "old key")
    bands = over_time(two.project, two.store).bands
    assert [(band.fingerprint[:3], band.current, band.runs) for band in bands] == [
        ("000", False, 1),
        (run.fingerprint[:3], True, 3),
    ]
    assert {p.fingerprint for p in over_time(two.project, two.store).points} == {
        "0" * 64,
        run.fingerprint,
    }


@pytest.mark.long
def test_a_run_of_some_cases_is_no_point(two):
    run = two.store.runs.newest("v2", TASK)
    part = replace(run, id="part", results=run.results[:2], complete=False)
    two.store.runs.keep(part, "part key")
    assert over_time(two.project, two.store).total == 3


@pytest.mark.long
def test_gain_stands_beside_forgetting(two):
    two.judge("v3", "good", guard="bad")
    found = {one.adapter: one for one in over_time(two.project, two.store).balance}
    assert BASE not in found
    gained = found["v3"]
    assert gained.gain.difference > 0 and gained.gain.n == 8
    [guard] = gained.guards
    assert guard.benchmark == GUARD and guard.difference < 0 and guard.n == 5
    assert guard.high < 0


@pytest.mark.long
def test_weeks_belong_to_an_adapter_and_begin_on_their_monday(two):
    two.review(1, decision="edited", edit_rate=0.5)
    two.review(2, adapter="v2")
    weeks = over_time(two.project, two.store).weeks
    assert [(w.week, w.starts, w.adapter, w.n) for w in weeks] == [
        ("2026-W10", "2026-03-02", "v1", 1),
        ("2026-W10", "2026-03-02", "v2", 1),
    ]
    assert weeks[0].edit.value == 0.5 and weeks[0].edit.high < 1


@pytest.mark.long
def test_an_alarm_is_a_mark(two):
    two.tiny.settings(
        "\n[tool.harness.monitor.openers]\nedit_rate = { acceptable = 0.2, retrain = 0.3 }\n"
    )
    for number in range(200):
        two.review(number, decision="edited", edit_rate=0.9)
    found = over_time(two.project, two.store)
    alarms = [mark for mark in found.marks if mark.kind == "alarm"]
    assert alarms and alarms[0].adapter == "v1" and alarms[0].at.startswith("2026-0")
    assert found.edit_line.retrain == 0.3


@pytest.mark.long
def test_many_runs_are_gathered_by_day_and_say_so(two, monkeypatch):
    run = two.store.runs.newest("v2", TASK)
    for number in range(12):
        started = f"2026-02-{1 + number // 6:02}T{number:02}:00:00.000Z"
        two.store.runs.keep(replace(run, id=f"n{number}", started=started), f"k{number}")
    module = import_module("harness.flows.queries.over_time")  # the package exports the function
    monkeypatch.setattr(module, "MAX_POINTS", 10)
    found = over_time(two.project, two.store, adapters=["v2"], until="2026-03-01")
    assert found.period == "day" and found.runs == 12
    assert [(p.at[:10], p.runs, p.run) for p in found.points] == [
        ("2026-02-01", 6, None),
        ("2026-02-02", 6, None),
    ]
    assert found.points[0].n == 8 and found.points[0].mean == pytest.approx(
        over_time(two.project, two.store, adapters=["v2"], since="2026-04-01").points[0].mean
    )


@pytest.mark.long
def test_a_guard_shows_the_decisions_of_every_task(two):
    found = over_time(two.project, two.store, GUARD)
    assert found.task is None and found.weeks == () and len(found.marks) == 1
