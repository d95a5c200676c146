"""The page Reviewers: who reviewed how much and how fast, and how alike people decide."""

from __future__ import annotations

from itertools import combinations
from statistics import median

from harness.alarm.agreement import agreement
from harness.alarm.wilson import wilson
from harness.errors import RequestError
from harness.flows.project import Project
from harness.flows.queries.shared import read_page
from harness.flows.reviews.second_look import second_looks
from harness.flows.reviews.waiting import Waiting
from harness.records import Agreement, Rate, ReviewerRow, Reviewers, TwoLooks
from harness.store import Store
from harness.store.reviewers import Look, looked_at_twice, reviewers, times
from harness.workspace.formats.fields import suggestion

USES = (
    "A review of a production output enters the edit and rejection rates that the alarm listens to;"
    " its final is training material, or is kept for judging.",
    "A review of a benchmark output compares adapters (Blind, two adapters). It enters no rate, so"
    " the alarm does not hear it, and no training set takes it: its input is the benchmark's.",
    "A second look shows how alike people decide. Its output is counted already, so it enters no"
    " rate either.",
)
"""What a filed review is used for, by where its output came from."""


@read_page
def reviewers_page(
    project: Project, store: Store, task: str | None = None, since: str | None = None
) -> Reviewers:
    """Return who reviewed what, of a task or of all, from a day on or from the beginning."""
    known = {*project.tasks, *store.reviews.tasks()}
    if task is not None and task not in known:
        raise RequestError(f"{task}: no such task{suggestion(task, known)}")
    key = ("reviewers", task, since)
    return store.database.memory.of(key, lambda: _reviewers(store, task, since))


def _reviewers(store: Store, task: str | None, since: str | None) -> Reviewers:
    measured = times(store.database, task, since)
    twice = looked_at_twice(store.database, task, since)
    rows = [
        ReviewerRow(
            name=one.name,
            production=one.counted,
            others=one.uncounted,
            synthetic=one.synthetic,
            accepted=one.accepted,
            edited=one.edited,
            rejected=one.rejected,
            edit=_rate(one.edit_sum, one.edit_n),
            rejection=_rate(one.rejected, one.counted + one.uncounted),
            timed=len(measured.get(one.name, ())),
            seconds=_median(measured.get(one.name, [])),
            agreement=_agreement(twice, one.name),
        )
        for one in reviewers(store.database, task, since)
    ]
    every = [seconds for some in measured.values() for seconds in some]
    return Reviewers(
        task=task,
        rows=tuple(sorted(rows, key=lambda row: (-row.reviews, row.name))),
        timed=len(every),
        seconds=_median(every),
        agreement=_agreement(twice),
        outputs=len(twice),
        uses=USES,
    )


@read_page
def second_looks_page(
    project: Project, store: Store, task: str, reviewer: str
) -> tuple[Waiting, ...]:
    """Return the outputs that this person can look at a second time; none without a name."""
    if not reviewer or not project.redaction.texts:
        return ()
    return tuple(second_looks(store, task, reviewer))


def _agreement(twice: list[list[Look]], name: str | None = None) -> Agreement:
    pairs = (pair for looks in twice for pair in combinations(looks, 2))
    return agreement(
        [
            TwoLooks(one.decision, other.decision, one.edit_rate, other.edit_rate)
            for one, other in pairs
            if name is None or name in (one.reviewer, other.reviewer)
        ]
    )


def _rate(total: float, n: int) -> Rate:
    low, high = wilson(total / n if n else 0.0, n)
    return Rate(total / n if n else None, n, low, high)


def _median(seconds: list[float]) -> float | None:
    return median(seconds) if seconds else None
