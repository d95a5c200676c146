"""A project whose adapters are real bytes, judged from outputs that were recorded for them.

project = ServedProject(tmp_path)
project.judge("v1")        # writes the adapter where it is not there, and leaves a verdict
project.put("v1")          # promotes it
project.flip("v1")         # changes one byte of its weights
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from harness.flows.decisions.decide import DecisionRequest
from harness.flows.decisions.promote import promote
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.backends import RecordedBackend
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.runs import Producer
from harness.flows.evaluation.session import Session
from harness.records import RESERVED, Decision, Verdict
from harness.store import Store
from harness.workspace.adapters.files import read_adapter
from tests.fakes.project import BENCHMARK, CASES, SETTINGS, TASK, Quality, TinyProject

WEIGHTS = "adapter_model.safetensors"


class ServedBackend(RecordedBackend):
    """Recorded texts for the adapters in the project's folder."""

    def __init__(self, project: Any, folder: Path) -> None:
        super().__init__(project, folder)
        self._adapters = project.settings.adapters
        self.base_digest = project.base.digest

    def adapter(self, name: str) -> AdapterRef:
        """Return the adapter with the digest of its bytes."""
        if name in RESERVED:
            return super().adapter(name)
        files = read_adapter(self._adapters, name)
        return AdapterRef(name, files.digest, files)


class ServedProject(TinyProject):
    """A project whose decisions see real adapters, as with the in-process engine; no model."""

    def __init__(self, folder: Path, store_url: str | None = None) -> None:
        super().__init__(folder)
        url = f'store = "{store_url}"\n' if store_url else ""
        self.write("pyproject.toml", SETTINGS.replace('"recorded"', '"transformers"') + url)

    @classmethod
    def copy_of(cls, other: ServedProject, folder: Path) -> ServedProject:
        """Return a copy in another folder, which is quicker than judging again."""
        shutil.copytree(other.folder, folder)
        made = cls.__new__(cls)
        made.folder = folder
        made.base = other.base
        return made

    def second_task(self, name: str = "replies") -> None:
        """Add another task, with the same cases."""
        self.benchmark(name, BENCHMARK.replace('"openers"', f'"{name}"'), CASES)
        for folder in (self.folder / "recorded").glob("**/openers.jsonl"):
            (folder.parent / f"{name}.jsonl").write_bytes(folder.read_bytes())

    def judge(self, name: str, quality: Quality = "good", task: str = TASK, **how: Any) -> Verdict:
        """Judge an adapter's present bytes against those that are promoted and pinned."""
        if not (self.folder / "adapters" / name).is_dir():
            self.adapter(name, seed=sum(name.encode()), task=task).write()
        self.record(name, quality=quality, **how)
        recorded = self.folder / "recorded" / name
        (recorded / f"{task}.jsonl").write_bytes((recorded / f"{TASK}.jsonl").read_bytes())
        project = self.project
        with self.opened() as store:
            backend = ServedBackend(project, self.folder / "recorded")
            producer = Producer(project, store, backend)
            session = Session(project, Request(), store, backend, producer)
            return session.candidate(name).evaluate(session.benchmark(task)).verdict

    def put(self, name: str, task: str = TASK, **how: Any) -> Decision:
        """Promote it."""
        return promote(self.project, name, task=task, by="Ana", why="it is good", **how)

    def line(self, *names: str) -> None:
        """Judge and promote one after the other."""
        for name in names:
            assert self.judge(name).outcome == "promote"
            self.put(name)

    def ask(self, why: str = "it must be", **how: Any) -> DecisionRequest:
        """Return a request with author and reason, for the project's task."""
        return DecisionRequest(**({"by": "Ana", "why": why, "task": TASK} | how))

    def flip(self, name: str, file: str = WEIGHTS) -> Path:
        """Change one bit of the weights."""
        path = self.folder / "adapters" / name / file
        raw = bytearray(path.read_bytes())
        raw[-2] ^= 1
        path.write_bytes(raw)
        return path

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Open the project's store."""
        with closing(self.store()) as store:
            yield store

    def by_hand(self, statement: str) -> None:
        """Run a statement as a database administrator; it must change a row."""
        with closing(sqlite3.connect(self.folder / "reports/harness.db")) as connection:
            assert connection.execute(statement).rowcount
            connection.commit()

    def promoted(self, task: str = TASK) -> str | None:
        """Return the promoted adapter by the ledger."""
        with self.opened() as store:
            found = store.decisions.promoted(task)
            return found.adapter if found else None

    def kinds(self) -> list[str]:
        """Return every decision in short."""
        with self.opened() as store:
            return [f"{d.kind} {d.adapter}" for d in store.decisions.all()]
