"""A verdict in the store on the real bytes of a small adapter, as an evaluation leaves it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.project import Project
from harness.judge import verdict as judge
from harness.records import Run, Verdict
from harness.store import Store
from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import TASK, TinyProject

NAME = "adapter_v1"
MADE = "2026-11-20T09:13:00.000Z"


@dataclass
class Judged:
    """A project whose adapter was judged; `store` is open."""

    tiny: TinyProject
    adapter: TinyAdapter
    store: Store
    run: Run
    verdict: Verdict
    identity: str
    """Of the verdict."""

    @property
    def project(self) -> Project:
        return self.tiny.project


def judged(folder: Path) -> Judged:
    """One adapter, recorded as good, judged against the base."""
    tiny = TinyProject(folder)
    adapter = tiny.adapter(NAME, task=TASK).write()
    tiny.record(NAME, quality="good")
    project = tiny.project
    digest = adapter.files().digest
    with open_session(project, Request(), lambda step, done, total: None) as session:
        benchmark = session.benchmark(TASK)
        found = session.candidate(NAME).evaluate(benchmark)
        base = session.store.runs.by_id(found.verdict.runs["base"])
    assert base is not None
    here = {"base": project.base.digest}
    run = replace(
        found.run, id="the-run", digests=dict(found.run.digests) | here | {"adapter": digest}
    )
    base = replace(base, id="the-base-run", digests=dict(base.digests) | here)
    verdict = judge(
        run,
        None,
        benchmark.policy,
        metrics=benchmark.metrics,
        base=base,
        guards=found.verdict.guards,
        candidates_judged=1,
        guard=False,
    )
    store = tiny.store()
    for one in (run, base):
        store.runs.keep(one, f"key of {one.id}")
    identity = store.verdicts.keep(verdict, run.id, digest, MADE)
    return Judged(tiny, adapter, store, run, verdict, identity)
