"""Summarise a project and its next steps, as `lora-harness` without a command shows them."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

from harness.errors import LedgerChanged, NoProject
from harness.flows.names import adapters_of
from harness.flows.project import Project, utc_now
from harness.flows.queries.now import TaskNow, now
from harness.flows.store import open_store
from harness.records import RESERVED, Benchmark, NextStep, Overview, TaskOverview
from harness.workspace.project.benchmarks import benchmark_names

INIT = NextStep("no project here or above: start one", "lora-harness init DIR")
IMPORT = NextStep(
    "no benchmark yet: make one from a spreadsheet of inputs and ideal outputs",
    "lora-harness benchmark import FILE --name NAME",
)
NO_TASK = NextStep(
    "every benchmark is a guard: make the one that your adapters are for",
    "lora-harness benchmark import FILE --name NAME",
)
VERIFY = NextStep("the ledger was changed by hand: see where", "lora-harness verify")
TRAIN = NextStep(
    "no adapter yet: put one into the adapters' folder, or train one",
    "lora-harness train NAME --data FILE",
)
CHECK = "lora-harness benchmark check"


def overview(start: Path | None = None, store: str | None = None) -> Overview:
    """Summarise the project of the working directory; without a project, suggest `init`."""
    try:
        project = Project.here(start)
    except NoProject:
        return Overview(None, next=(INIT,))
    root = str(project.settings.root)
    folder = project.settings.benchmarks
    if not folder.is_dir() or not benchmark_names(folder):
        return Overview(root, next=(IMPORT,))
    known = list(project.benchmarks.values())
    cases = tuple((one.name, len(one.cases)) for one in known)
    adapters = tuple(name for name in adapters_of(project) if name not in RESERVED)
    tasks, steps = _tasks(project, store, adapters)
    # Verdicts are worth little before the cases are real, so this step comes first.
    first = _placeholder_step(known)
    return Overview(root, cases, adapters, tasks, (first, *steps) if first else steps)


def _placeholder_step(benchmarks: list[Benchmark]) -> NextStep | None:
    """Return the step that replaces placeholder cases, None if there are none."""
    for one in benchmarks:
        idle = sum(case.placeholder for case in one.cases)
        if idle:
            said = f"{idle} of {len(one.cases)} cases of {one.name} are placeholders: write yours"
            return NextStep(said, f"{CHECK} {one.name}")
    return None


def _tasks(
    project: Project, store: str | None, adapters: tuple[str, ...]
) -> tuple[tuple[TaskOverview, ...], tuple[NextStep, ...]]:
    """Return each task's state and next step; without any adapter the only step is to train."""
    if not project.tasks:
        return (), (NO_TASK,)
    with closing(open_store(project, store)) as opened:
        try:
            found = now(
                project, opened, date.fromisoformat(utc_now(project.settings.calendar)[:10])
            ).tasks
        except LedgerChanged:
            return (), (VERIFY,)
    held = tuple(_task(one) for one in found)
    if not adapters and all(one.promoted is None for one in found):
        return held, (TRAIN,)
    return held, tuple(dict.fromkeys(one.next for one in found))


def _task(one: TaskNow) -> TaskOverview:
    held = one.promoted
    if held is None:
        return TaskOverview(one.task, None, None, False, one.state)
    return TaskOverview(one.task, held.adapter, held.since, held.override, one.state)
