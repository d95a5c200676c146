"""The page Grid: every case of a benchmark under every adapter, by each adapter's newest run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.flows.project import Project
from harness.flows.queries.shared import promoted_on, read_page, selection
from harness.records import LOWER_IS_BETTER, Case, slice_names
from harness.records.holds import EXACT, QUOTING
from harness.store import Store

MAX_ADAPTERS = 20
"""Number of adapters that are shown by default: the promoted one, then the newest runs."""


@dataclass(frozen=True, slots=True)
class GridColumn:
    """An adapter of the grid."""

    adapter: str = field(metadata=EXACT)
    promoted: bool
    """Whether it is in production."""
    mean: float | None
    """Over the cases with a score."""
    scored: int
    """Cases with a score."""


@dataclass(frozen=True, slots=True)
class GridRow:
    """A case with its scores."""

    case: Case
    scores: tuple[float | None, ...]
    """In the order of the columns; None is missing, which is not zero."""

    @property
    def known(self) -> list[float]:
        """The scores that are not missing."""
        return [score for score in self.scores if score is not None]

    @property
    def spread(self) -> float:
        """How far the best and the worst score lie apart; 0 for fewer than two scores."""
        return max(self.known) - min(self.known) if self.known else 0.0


@dataclass(frozen=True, slots=True)
class CaseGrid:
    """The page Grid, for a benchmark and a metric."""

    task: str | None = field(metadata=EXACT)
    """None for a guard."""
    benchmark: str = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    metric: str = field(metadata=EXACT)
    metrics: tuple[str, ...] = field(metadata=EXACT)
    adapters: tuple[str, ...] = field(metadata=EXACT)
    """All with a complete run on this version, the newest first."""
    columns: tuple[GridColumn, ...]
    """The adapters that are shown: the promoted one first, then the newest first."""
    rows: tuple[GridRow, ...]
    """In the order of the benchmark."""
    slices: tuple[str, ...] = field(metadata=QUOTING)
    """All names, as industry=logistics."""


@read_page
def case_grid(
    project: Project,
    store: Store,
    benchmark: str | None = None,
    metric: str | None = None,
    adapters: Sequence[str] | None = None,
) -> CaseGrid:
    """Return the scores of all cases under some adapters, on the benchmark's current version."""
    wanted, rules, name = selection(project, store, benchmark, metric)
    newest = store.trends.newest(wanted.name, name, None, wanted.fingerprint)
    held = promoted_on(store.decisions.all(), wanted)
    ordered = sorted(newest, key=lambda adapter: adapter != held)
    shown = [one for one in ordered if one in adapters] if adapters else ordered[:MAX_ADAPTERS]
    found = store.trends.scores([newest[one] for one in shown], name)
    scores = [found[newest[one]] for one in shown]
    return CaseGrid(
        task=wanted.task,
        benchmark=wanted.name,
        fingerprint=wanted.fingerprint,
        metric=name,
        metrics=tuple(rule.name for rule in rules),
        adapters=tuple(newest),
        columns=tuple(
            GridColumn(
                one, one == held, sum(mine.values()) / len(mine) if mine else None, len(mine)
            )
            for one, mine in zip(shown, scores, strict=True)
        ),
        rows=tuple(
            GridRow(case, tuple(mine.get(case.id) for mine in scores)) for case in wanted.cases
        ),
        slices=tuple(sorted({name for case in wanted.cases for name in slice_names(case.slices)})),
    )


def in_slices(rows: Sequence[GridRow], slices: Sequence[str]) -> tuple[GridRow, ...]:
    """Return the rows in any of the slices; no names mean all rows."""
    return tuple(
        row
        for row in rows
        if not slices or not set(slices).isdisjoint(slice_names(row.case.slices))
    )


def worst_first(rows: Sequence[GridRow], metric: str) -> tuple[GridRow, ...]:
    """Return the rows by their mean score, the worst first; rows without a score come last."""
    sign = -1 if metric in LOWER_IS_BETTER else 1

    def place(row: GridRow) -> tuple[bool, float]:
        known = row.known
        return not known, sign * sum(known) / len(known) if known else 0.0

    return tuple(sorted(rows, key=place))


def apart_first(rows: Sequence[GridRow]) -> tuple[GridRow, ...]:
    """Return the rows by how far adapters lie apart on them, the farthest first."""
    return tuple(sorted(rows, key=lambda row: -row.spread))
