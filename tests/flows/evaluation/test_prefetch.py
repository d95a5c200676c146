"""Writing ahead: one stream for many verdicts, each output once, nobody in another's way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from harness.engines.protocol import Engine, Mounted
from harness.engines.ray.engine import Ray
from harness.errors import EngineFailed, StoreFailed
from harness.flows.evaluation.backends import LocalBackend
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.prefetch import prefetch
from harness.flows.evaluation.runs import Producer
from harness.flows.evaluation.session import Session
from harness.flows.evaluation.sweep import sweep
from harness.records import Cluster, Generation, JobResult, Prompt, Verdict
from tests.fakes.engines import EchoEngine
from tests.fakes.project import TinyProject
from tests.fakes.refusals import refused
from tests.fakes.workers import Marked, marked
from tests.flows.conftest import session

NAMES = ("v1", "v2", "v3")
WANTED = [(name, benchmark, None) for name in NAMES for benchmark in ("openers", "manners")]


@pytest.fixture
def several(project: TinyProject) -> TinyProject:
    for seed, name in enumerate(NAMES[1:], start=5):
        project.adapter(name, seed=seed, task="openers").write()
    return project


@contextmanager
def proving(project: TinyProject, engine: Engine, store: str = "") -> Iterator[Session]:
    """With the backend that shows an adapter to be applied before its first text."""
    opened, kept = project.project, project.store()
    try:
        backend = LocalBackend(opened, project.folder / "copies")
        backend._engine = engine
        yield Session(opened, Request(), kept, backend, Producer(opened, kept, backend))
    finally:
        kept.close()


class Counting(Marked):
    """Remembers for whom a proof was asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shown: list[str] = []

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float:
        self.shown.append(adapter.name)
        return super().shift(adapter, prompt, generation)


def asked(engine: EchoEngine) -> list[tuple[str, str, int]]:
    return sorted([*engine.written, *engine.weighed])


def plain(rows: Sequence[JobResult]) -> list[Any]:
    """Verdicts without the names of their runs, which hold the time."""
    from dataclasses import replace

    def bare(verdict: Verdict) -> Verdict:
        return replace(verdict, runs={}, guards=tuple(bare(guard) for guard in verdict.guards))

    return [(r.adapter, r.benchmark, bare(r.verdict) if r.verdict else r.error) for r in rows]


@pytest.mark.long
def test_every_output_is_asked_once_and_verdicts_ask_nothing_more(several: TinyProject) -> None:
    engine = EchoEngine()
    with session(several, engine) as opened:
        prefetch(opened, WANTED)
        before = asked(engine)
        rows = list(sweep(opened, NAMES))
    assert asked(engine) == before
    assert len(engine.written) == len(set(engine.written)) == 4 * (8 + 5)
    assert all(row.verdict for row in rows)


@pytest.mark.long
def test_the_verdicts_are_those_without_it(several: TinyProject, tmp_path: Path) -> None:
    from harness.flows.evaluation.sweep import one_after_another

    with session(several, EchoEngine()) as opened:
        ahead = list(sweep(opened, NAMES))
    (several.folder / "reports" / "harness.db").unlink()
    with session(several, EchoEngine()) as opened:
        assert plain(list(sweep(opened, NAMES, one_after_another))) == plain(ahead)


@pytest.mark.slow
def test_progress_says_how_much_is_left_overall(several: TinyProject) -> None:
    on_progress: list[tuple[str, int, int]] = []
    with session(several, EchoEngine()) as opened:
        opened.producer.on_progress = lambda *said: on_progress.append(said)
        prefetch(opened, WANTED)
    assert {total for _, _, total in on_progress} == {2 * 4 * (8 + 5)}
    assert [done for _, done, _ in on_progress] == sorted(done for _, done, _ in on_progress)
    assert on_progress[-1][1:] == (104, 104)
    assert on_progress[0][0] == "v1 on openers: writing"


@pytest.mark.slow
def test_one_that_fails_is_tried_once_on_each_benchmark_and_stops_nobody(
    several: TinyProject,
) -> None:
    tried = []

    def write(adapter: Mounted, prompt: Prompt) -> str:
        if adapter.name == "v2":
            tried.append(prompt.case)
            raise EngineFailed("v2: the machine broke")
        return prompt.case

    with session(several, EchoEngine(write)) as opened:
        rows = list(sweep(opened, NAMES))
    assert len(tried) == 2
    told = {(row.adapter, row.error, row.code) for row in rows if row.error}
    assert told == {("v2", "v2: the machine broke", 11)}
    assert len([row for row in rows if row.verdict]) == 4


@pytest.mark.long
def test_a_proof_is_given_once_for_an_adapter(several: TinyProject, tmp_path: Path) -> None:
    engine = Counting(tmp_path)
    with proving(several, engine) as opened:
        assert all(row.verdict for row in sweep(opened, NAMES))
    assert engine.shown == list(NAMES)


@pytest.mark.slow
def test_nothing_is_kept_of_an_adapter_that_changes_nothing(
    several: TinyProject, tmp_path: Path
) -> None:
    several.adapter("unapplied", seed=9, task="openers").write()
    with proving(several, Marked(tmp_path)) as opened:
        rows = list(sweep(opened, ("unapplied", "v1")))
        side = opened.backend.adapter("unapplied")
        writing = opened.producer.lacking(side, opened.benchmark("openers"))
        assert writing is not None and len(writing.unwritten()) == 8
    errors = [row for row in rows if row.error]
    assert {(row.adapter, row.code) for row in errors} == {("unapplied", 4)}
    assert all("changes nothing" in row.error for row in errors) and len(errors) == 2
    assert "unapplied" not in (tmp_path / "asked").read_text()


@pytest.mark.long
def test_to_make_again_means_once(several: TinyProject) -> None:
    with session(several, EchoEngine()) as opened:
        list(sweep(opened, NAMES))
    engine = EchoEngine()
    with session(several, engine, Request(refresh=True)) as opened:
        list(sweep(opened, NAMES))
    assert sorted(engine.written) == sorted(set(engine.written))
    assert {name for name, _, _ in engine.written} == set(NAMES)


@pytest.mark.slow
def test_a_run_knows_how_long_its_outputs_took(several: TinyProject) -> None:
    with session(several, EchoEngine()) as opened:
        prefetch(opened, WANTED)
        spent = dict(opened.producer.spent["v1", "openers"])
        run = opened.producer.run(opened.backend.adapter("v1"), opened.benchmark("openers"))
    assert set(spent) == {"generate", "likelihood"}
    assert run.seconds["generate"] >= round(spent["generate"], 3)


@pytest.mark.slow
def test_a_store_that_fails_ends_it(several: TinyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreFailed("the disk is full")

    monkeypatch.setattr("harness.store.outputs.Outputs.keep_texts", full)
    with (
        session(several, EchoEngine()) as opened,
        refused("the disk is full", StoreFailed, 11),
    ):
        prefetch(opened, WANTED)


@pytest.mark.long
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_on_ray_with_a_worker_killed_every_output_is_kept_once_and_verdicts_are_the_same(
    several: TinyProject, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    with proving(several, Marked(here)) as opened:
        expected = plain(list(sweep(opened, NAMES)))
    (several.folder / "reports" / "harness.db").unlink()
    (there / "die").write_text("health-2 1")
    engine = Ray(Marked(there), lambda: partial(marked, there), Cluster(actors=2, patience=60.0))
    try:
        with proving(several, engine) as opened:
            found = plain(list(sweep(opened, NAMES)))
    finally:
        engine.close()
    assert found == expected
    assert len((there / "dead").read_text().split()) == 1

    def texts(folder: Path) -> set[tuple[str, str]]:
        lines = (line.split() for line in (folder / "asked").read_text().splitlines())
        return {(name, case) for _, name, case in lines}

    assert texts(there) == texts(here)
