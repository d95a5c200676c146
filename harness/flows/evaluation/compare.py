"""Run two adapters on a benchmark and put them side by side; `harness.compare`.

Tested in tests/flows/evaluation/test_compare.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.project import Project
from harness.render.sidebyside import SideBySide, side_by_side


def compare(
    a: str,
    b: str,
    *,
    benchmark: str | None = None,
    engine: str | None = None,
    store: str | None = None,
    project: str | Path | None = None,
    texts: bool = True,
) -> SideBySide:
    """Put two adapters side by side, case by case; runs that the store lacks are made.

    `benchmark` is needed where the project has several tasks. Texts are masked as the settings say;
    without `texts` none is shown.
    """
    place = Project.here(Path(project) if project else None)
    return compare_in(place, a, b, benchmark=benchmark, engine=engine, store=store, texts=texts)


def compare_in(
    project: Project,
    a: str,
    b: str,
    *,
    benchmark: str | None = None,
    engine: str | None = None,
    store: str | None = None,
    texts: bool = True,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SideBySide:
    """Put two adapters of an open project side by side."""
    project = project.showing(texts)
    wanted = project.benchmark(benchmark) if benchmark else project.task_benchmark(None)
    request = Request((wanted.name,), engine=engine, store=store)
    with open_session(
        project, request, lambda step, done, total: on_progress(done, total)
    ) as session:
        runs = [session.producer.run(session.candidate(name).adapter, wanted) for name in (a, b)]
    return project.redaction.record(side_by_side(*runs))
