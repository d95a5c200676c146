"""A small project with a past: judged and promoted adapters, and people who review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.flows.evaluation.backends import RecordedBackend
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.project import Project
from harness.records import Decision, Review, Verdict
from harness.store import Store
from tests.fakes.project import TASK, Quality, TinyProject


@dataclass
class Past:
    """What pages are asked about; `store` is open."""

    tiny: TinyProject
    store: Store

    @property
    def project(self) -> Project:
        return self.tiny.project

    def judge(
        self,
        adapter: str,
        quality: Quality = "good",
        guard: Quality = "good",
        nlls: dict[str, float] | None = None,
    ) -> Verdict:
        """Recorded, run on both benchmarks and judged."""
        self.tiny.record(adapter, quality=quality, guard=guard, nlls=nlls)
        with open_session(self.project, Request(), lambda step, done, total: None) as session:
            return session.candidate(adapter).evaluate(session.benchmark(TASK)).verdict

    def digest(self, adapter: str) -> str:
        return RecordedBackend(self.project, self.tiny.folder / "recorded").adapter(adapter).digest

    def decide(self, kind: str, adapter: str, at: str, **more: object) -> Decision:
        return self.store.decisions.add(
            Decision(kind, TASK, adapter, self.digest(adapter), "Ana", "because", at, **more)  # type: ignore[arg-type]
        )

    def promote(self, adapter: str, at: str, **more: object) -> Decision:
        found = self.store.verdicts.of_candidate(adapter, TASK)
        return self.decide("promote", adapter, at, verdict=found[0] if found else None, **more)

    def review(self, number: int, adapter: str = "v1", **more: object) -> Review:
        one = Review(
            id=f"r{number}",
            at=f"2026-03-{1 + number % 28:02}T09:00:00.000Z",
            task=TASK,
            adapter=adapter,
            digest=self.digest(adapter),
            input="in",
            output="out",
            decision="accepted",
            final="out",
            reviewer="Ben",
            edit_rate=0.0,
            character_rate=0.0,
            source="sent.csv",
        )
        made = replace(one, **more)  # type: ignore[arg-type]
        self.store.reviews.keep([made])
        return made


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    """A store without anything in it."""
    tiny = TinyProject(tmp_path / "project")
    store = tiny.store()
    yield Past(tiny, store)
    store.close()


@pytest.fixture
def two(past: Past) -> Past:
    """v1 is in production, v2 was judged against it."""
    past.judge("v1", "same")
    past.promote("v1", "2026-01-05T08:00:00.000Z")
    past.judge("v2")
    return past
