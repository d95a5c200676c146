"""The history of a benchmark version's cases over its runs, aggregated by SQL."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, and_, case, func, or_, select

from harness.records import BASE, RESERVED, CaseHistory
from harness.store import schema
from harness.store.database import Database

RIGHT = 0.9
"""Edit similarity from which an output counts as right; a clean one does in any case."""
_EDITS, _CLEAN = "edit_similarity", "clean_rate"

_runs, _scores = schema.runs, schema.run_scores
_is_right = or_(
    and_(_scores.c.metric == _EDITS, _scores.c.value >= RIGHT),
    and_(_scores.c.metric == _CLEAN, _scores.c.value >= 1),
)


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores on a metric from an adapter's newest complete run on a benchmark version."""

    adapter: str
    """Name of the adapter."""
    values: dict[str, float]
    """Score by case; missing scores are left out."""


def adapters_on(database: Database, fingerprint: str) -> list[str]:
    """Return the adapters with a complete run on this version, the newest last, each once."""
    statement = select(_runs.c.adapter).where(_runs.c.seq.in_(_newest(fingerprint)))
    with database.read() as connection:
        return list(connection.execute(statement.order_by(_runs.c.seq)).scalars())


def case_histories(database: Database, fingerprint: str) -> list[CaseHistory]:
    """Return the history of every case that any adapter has an output for on this version."""
    key = ("case histories", fingerprint)
    return database.memory.of(key, lambda: _case_histories(database, fingerprint))


def _case_histories(database: Database, fingerprint: str) -> list[CaseHistory]:
    width = func.max(_scores.c.value) - func.min(_scores.c.value)
    widths = (
        select(_scores.c.case_id, _scores.c.metric, width.label("width"))
        .where(_scores.c.run.in_(_newest(fingerprint)), _scores.c.value.is_not(None))
        .group_by(_scores.c.case_id, _scores.c.metric)
    )
    with database.read() as connection:
        base = {
            row.case_id: bool(row.is_right)
            for row in connection.execute(_per_run(_newest_base(fingerprint)))
        }
        cases = connection.execute(_per_case(fingerprint)).all()
        ranges: dict[str, dict[str, float]] = {}
        for row in connection.execute(widths):
            ranges.setdefault(row.case_id, {})[row.metric] = row.width
    return [
        CaseHistory(
            row.case_id,
            row.adapters,
            row.is_right,
            row.best,
            ranges.get(row.case_id, {}),
            base.get(row.case_id),
        )
        for row in cases
    ]


def scores_on(database: Database, fingerprint: str, metric: str, *, base: bool) -> list[Scores]:
    """Return the newest runs' scores on a metric, the oldest run first; or only the base's."""
    newest = _newest_base(fingerprint) if base else _newest(fingerprint)
    statement = (
        select(_runs.c.seq, _runs.c.adapter, _scores.c.case_id, _scores.c.value)
        .join(_scores, _scores.c.run == _runs.c.seq)
        .where(_runs.c.seq.in_(newest), _scores.c.metric == metric, _scores.c.value.is_not(None))
        .order_by(_runs.c.seq)
    )
    found: dict[int, Scores] = {}
    with database.read() as connection:
        for row in connection.execute(statement):
            scores = found.setdefault(row.seq, Scores(row.adapter, {}))
            scores.values[row.case_id] = row.value
    return list(found.values())


def _newest(fingerprint: str) -> Select[tuple[int]]:
    """Select the newest complete run of each adapter's bytes."""
    return (
        select(func.max(_runs.c.seq))
        .where(_runs.c.fingerprint == fingerprint, _runs.c.complete)
        .where(_runs.c.adapter.not_in(RESERVED))
        .group_by(_runs.c.digest)
    )


def _newest_base(fingerprint: str) -> Select[tuple[int]]:
    return select(func.max(_runs.c.seq)).where(
        _runs.c.fingerprint == fingerprint, _runs.c.complete, _runs.c.adapter == BASE
    )


def _per_run(newest: Select[tuple[int]]) -> Select[tuple[int, str, int, float]]:
    """Select whether each run got each case right, by either metric, with the edit similarity."""
    right = func.max(case((_is_right, 1), else_=0)).label("is_right")
    best = func.max(case((_scores.c.metric == _EDITS, _scores.c.value))).label("best")
    return (
        select(_scores.c.run, _scores.c.case_id, right, best)
        .where(_scores.c.run.in_(newest))
        .group_by(_scores.c.run, _scores.c.case_id)
    )


def _per_case(fingerprint: str) -> Select[tuple[str, int, int, float]]:
    each = _per_run(_newest(fingerprint)).subquery()
    return (
        select(
            each.c.case_id,
            func.count().label("adapters"),
            func.sum(each.c.is_right).label("is_right"),
            func.max(each.c.best).label("best"),
        )
        .group_by(each.c.case_id)
        .order_by(each.c.case_id)
    )


def versions_of(database: Database, benchmark: str) -> dict[str, str]:
    """Return a benchmark's fingerprints with their newest complete run, the oldest first."""
    last = func.max(_runs.c.seq)
    newest = (
        select(last.label("seq"))
        .where(_runs.c.benchmark == benchmark, _runs.c.complete)
        .group_by(_runs.c.fingerprint)
        .subquery()
    )
    statement = select(_runs.c.fingerprint, _runs.c.id).join(newest, newest.c.seq == _runs.c.seq)
    with database.read() as connection:
        found = connection.execute(statement.order_by(_runs.c.seq))
        return {row.fingerprint: row.id for row in found}
