"""Flows on real files and a real store, with an engine that needs no model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.engines.protocol import Engine, Mounted, ReleasingEngine
from harness.flows.evaluation.backend import NO_ADAPTER, AdapterRef, Backend
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.runs import Producer
from harness.flows.evaluation.session import Session
from harness.flows.project import Project
from harness.records import RESERVED, Run
from harness.workspace.adapters.files import read_adapter
from tests.fakes.engines import EchoEngine
from tests.fakes.project import TinyProject

PLAIN = Request()


class EchoBackend(Backend):
    """Adapters as they lie in the project, texts from the engine at hand."""

    base_digest = "echo"

    def __init__(self, project: Project, engine: EchoEngine) -> None:
        self._adapters = project.settings.adapters
        self._engine = engine

    def adapter(self, name: str) -> AdapterRef:
        if name in RESERVED:
            return AdapterRef(name, NO_ADAPTER)
        files = read_adapter(self._adapters, name)
        return AdapterRef(name, files.digest, files)

    def engine(self, benchmark: str, adapter: AdapterRef) -> EchoEngine:
        return self._engine

    def release(self) -> None:
        if isinstance(self._engine, ReleasingEngine):
            self._engine.release()

    def mount(self, adapter: AdapterRef) -> Mounted:
        folder = adapter.files.folder if adapter.files else None
        return Mounted(adapter.name, adapter.digest, folder)


@contextmanager
def session(project: TinyProject, engine: Engine, request: Request = PLAIN) -> Iterator[Session]:
    """What one process opens: project, store and engine."""
    opened, store = project.project, project.store()
    try:
        backend = EchoBackend(opened, engine)
        yield Session(opened, request, store, backend, Producer(opened, store, backend))
    finally:
        store.close()


def run(
    project: TinyProject,
    engine: Engine,
    adapter: str = "v1",
    cases: frozenset[str] | None = None,
    *,
    refresh: bool = False,
    request: Request = PLAIN,
) -> Run:
    """The run of one adapter on the task's benchmark, as a process of its own makes it."""
    with session(project, engine, request) as opened:
        benchmark = opened.benchmark("openers")
        return opened.producer.run(opened.backend.adapter(adapter), benchmark, cases, refresh)


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    """With one adapter of real files, `v1`."""
    made = TinyProject(tmp_path / "project")
    made.adapter("v1", task="openers").write()
    return made


@pytest.fixture
def engine() -> EchoEngine:
    """Remembers what it was asked."""
    return EchoEngine()
