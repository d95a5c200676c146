"""Many adapters at once: each verdict as alone, and no adapter in the way of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import harness
from harness.errors import BenchmarkError, StoreFailed
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import Session, open_session
from harness.flows.evaluation.sweep import one_after_another, plan, sweep
from harness.records import JobResult
from harness.records.verdicts import Job
from tests.fakes.engines import EchoEngine
from tests.fakes.many import ManyAdapters
from tests.fakes.project import TinyProject
from tests.fakes.refusals import refused
from tests.flows.conftest import session

NAMES = ("good", "same", "bad")


@pytest.fixture
def recorded(project: TinyProject) -> TinyProject:
    for name in ("good", "same", "bad"):
        project.record(name, quality=name)  # type: ignore[arg-type]
    return project


def swept(project: TinyProject, *names: str, request: Request | None = None) -> list[JobResult]:
    asked = request or Request()
    with open_session(project.project, asked, lambda step, done, total: None) as opened:
        return list(sweep(opened, names))


def outcomes(rows: list[JobResult]) -> dict[tuple[str, str | None], str | None]:
    return {(r.adapter, r.benchmark): r.verdict.outcome if r.verdict else None for r in rows}


@pytest.mark.long
def test_every_adapter_meets_every_benchmark(recorded: TinyProject) -> None:
    recorded.promote("good")
    assert outcomes(swept(recorded, *NAMES)) == {
        ("good", "openers"): "promote",
        ("good", "manners"): "promote",
        ("same", "openers"): "promote",
        ("same", "manners"): "promote",
        ("bad", "openers"): "reject",
        ("bad", "manners"): "promote",
    }


@pytest.mark.long
def test_each_verdict_is_the_one_that_evaluate_gives(recorded: TinyProject) -> None:
    recorded.promote("good")
    alone = {}
    together = {(r.adapter, r.benchmark): r.verdict for r in swept(recorded, *NAMES)}
    for name in NAMES:
        alone |= {
            (name, benchmark): verdict
            for benchmark, verdict in harness.evaluate(name, project=recorded.folder).items()
        }
    assert together == alone


@pytest.mark.slow
def test_an_adapter_that_is_refused_does_not_stop_the_others(recorded: TinyProject) -> None:
    rows = swept(recorded, "nosuch", "good")
    assert [(r.adapter, r.benchmark, r.code) for r in rows] == [
        ("nosuch", None, 4),
        ("good", "openers", None),
        ("good", "manners", None),
    ]
    assert "no recorded outputs" in rows[0].error


@pytest.mark.long
def test_one_that_breaks_while_it_runs_does_not_stop_the_others(recorded: TinyProject) -> None:
    (recorded.folder / "recorded/same/openers.jsonl").write_text('{"case": "nobody"}\n')
    rows = swept(recorded, *NAMES)
    assert [(r.adapter, r.benchmark) for r in rows if r.error] == [("same", "openers")]
    assert len(rows) == 6


def test_the_only_adapter_refused_is_the_error_itself(recorded: TinyProject) -> None:
    with refused("nosuch: no recorded outputs"):
        swept(recorded, "nosuch", "nosuch")


def test_an_unknown_benchmark_is_the_request_not_an_adapter(recorded: TinyProject) -> None:
    with refused("opners: no such benchmark, did you mean `openers`", BenchmarkError):
        swept(recorded, *NAMES, request=Request(("opners",)))


def test_a_store_that_fails_ends_it(recorded: TinyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreFailed("the disk is full")

    monkeypatch.setattr("harness.store.runs.Runs.keep", full)
    with refused("the disk is full", StoreFailed, 11):
        swept(recorded, *NAMES)


@pytest.mark.slow
def test_a_name_twice_is_judged_once(recorded: TinyProject) -> None:
    assert len(swept(recorded, "good", "same", "good")) == 4


@pytest.mark.long
def test_what_is_to_be_done_is_plain_and_anybody_may_do_it(recorded: TinyProject) -> None:
    def backwards(opened: Session, errands: Iterable[Job]) -> Iterator[JobResult]:
        return one_after_another(opened, reversed(list(errands)))

    with open_session(recorded.project, Request(("openers",)), lambda *_: None) as opened:
        errands, nobody = plan(opened, NAMES)
        assert errands == [Job(name, "openers") for name in NAMES]
        assert nobody == []
        rows = list(sweep(opened, NAMES, backwards))
    assert [row.adapter for row in rows] == ["bad", "same", "good"]


@pytest.mark.long
def test_the_base_is_asked_once_for_all(project: TinyProject) -> None:
    for number in range(2, 5):
        project.adapter(f"v{number}", seed=number, task="openers").write()
    engine = EchoEngine()
    with session(project, engine) as opened:
        rows = list(sweep(opened, [f"v{n}" for n in range(1, 5)]))
    assert len(rows) == 8
    assert all(row.verdict for row in rows)
    asked = engine.written
    assert len(asked) == len(set(asked))
    assert {name for name, _, _ in asked} == {"base", "v1", "v2", "v3", "v4"}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries
def test_the_base_is_loaded_once_and_every_adapter_writes_its_own(tmp_path: Path) -> None:
    made = ManyAdapters(tmp_path / "many", ("one", "two", "three"))
    with made.loads() as loads:
        rows = swept(made.project, "one", "two", "three")
    assert len(loads) == 1
    assert len([row for row in rows if row.verdict]) == 6
    store = made.project.store()
    wrote = set()
    for row in rows:
        assert row.verdict
        run = store.runs.by_id(row.verdict.runs["candidate"])
        assert run is not None
        wrote.add((row.benchmark, tuple(result.text for result in run.results)))
    store.close()
    assert len(wrote) == 6


@pytest.mark.medium
def test_what_was_judged_is_let_go_so_that_thousands_fit_into_memory(
    recorded: TinyProject,
) -> None:
    with open_session(recorded.project, Request(), lambda step, done, total: None) as opened:
        kept = []
        for row in sweep(opened, NAMES):
            kept.append(row.adapter)
            assert set(opened._candidates) >= {row.adapter}
            assert not set(opened._candidates) & (set(kept) - {row.adapter})


@pytest.mark.medium
def test_the_time_left_is_of_the_sweep_only_while_it_runs(project: TinyProject) -> None:
    project.adapter("v2", seed=5, task="openers").write()
    left: list[bool] = []
    with session(project, EchoEngine()) as opened:
        producer = opened.producer
        producer.on_progress = lambda *_: left.append(producer.time_left is not None)
        assert producer.time_left is None
        for row in sweep(opened, ("v1", "v2")):
            assert row.verdict is not None and producer.time_left is not None
        assert producer.time_left is None
    assert left and all(left)
