"""Queries over many runs, aggregated by SQL: the dashboard reads points, never all scores.

Tested in tests/flows/queries/test_over_time.py and test_long_history.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, true

from harness.records import EXPORTED, RESERVED, SYNTHETIC, CaseResult, Verdict
from harness.store import schema
from harness.store.codec import decode
from harness.store.database import Database
from harness.store.points import (
    AdapterRuns,
    Bin,
    CaseSummary,
    Judged,
    Moment,
    Period,
    VersionRuns,
    Window,
)

_LETTERS: dict[Period, int] = {"run": 32, "day": 10, "month": 7}
"""Letters of an ISO time that tell the period."""


class Trends:
    """Queries over many runs at once; each is answered from an index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> tuple[int, int, int]:
        """Return the number of runs, reviews and decisions."""
        runs, decisions = schema.runs.c.seq, schema.decisions.c.seq
        reviews, withdrawn = schema.reviews.c.seq, schema.withdrawn_reviews.c.seq
        # Decisions are numbered without gaps, and reviews but for those that were taken back: the
        # highest number tells their count, and is found without reading all rows.
        numbers = (
            *(func.count(runs), func.max(reviews), func.max(decisions)),
            *(func.max(withdrawn), func.count(withdrawn)),
        )
        asked = select(*(select(number).scalar_subquery() for number in numbers))
        made, filed, decided, last, back = (int(number or 0) for number in self._all(asked)[0])
        return made, max(filed, last) - back, decided

    def synthetic(self) -> bool:
        """Return whether any review is made up."""
        source = schema.reviews.c.source
        return bool(self._all(select(exists(select(source).where(source == SYNTHETIC))))[0][0])

    def metrics(self, benchmark: str) -> list[str]:
        """Return the metrics that the newest complete run on a benchmark has."""
        runs, table = schema.runs, schema.run_means
        newest = (
            select(runs.c.seq)
            .where((runs.c.benchmark == benchmark) & (runs.c.complete == true()))
            .order_by(runs.c.seq.desc())
            .limit(1)
        )
        asked = select(table.c.metric).where(table.c.run == newest.scalar_subquery())
        with self._database.read() as connection:
            return sorted(connection.execute(asked).scalars())

    def adapters(self, benchmark: str, metric: str) -> list[AdapterRuns]:
        """Return all adapters with complete runs, the newest first."""
        table = schema.run_means
        asked = (
            select(
                table.c.adapter,
                func.count().label("runs"),
                func.max(table.c.started).label("last"),
                func.max(table.c.run).label("run"),
            )
            .where((table.c.benchmark == benchmark) & (table.c.metric == metric))
            .group_by(table.c.adapter)
        )
        found = [AdapterRuns(**row._mapping) for row in self._all(asked)]
        return sorted(found, key=lambda each: each.run, reverse=True)

    def versions(self, benchmark: str, metric: str) -> list[VersionRuns]:
        """Return the versions of a benchmark, the oldest first."""
        table = schema.run_means
        asked = (
            select(
                table.c.fingerprint,
                func.min(table.c.started).label("first"),
                func.max(table.c.started).label("last"),
                func.count().label("runs"),
            )
            .where((table.c.benchmark == benchmark) & (table.c.metric == metric))
            .group_by(table.c.fingerprint)
        )
        found = [VersionRuns(**row._mapping) for row in self._all(asked)]
        return sorted(found, key=lambda each: (each.first, each.fingerprint))

    def span(self, window: Window) -> tuple[int, str, str]:
        """Return the number of runs in a window, and the first and the last start."""
        started = schema.run_means.c.started
        asked = select(func.count(), func.min(started), func.max(started)).where(_in(window))
        runs, first, last = self._all(asked)[0]
        return int(runs), str(first or ""), str(last or "")

    def points(self, window: Window, period: Period) -> list[Bin]:
        """Return means over time, the oldest first."""
        table = schema.run_means
        numbers = (table.c.n, table.c.mean, table.c.squares)
        return self._bins(_binned(period, numbers).where(_in(window)))

    def slices(self, window: Window, period: Period) -> list[Bin]:
        """Return means over time for every slice of the cases, the oldest first."""
        table, parts = schema.run_means, schema.run_slice_means
        numbers = (parts.c.n, parts.c.mean, parts.c.squares)
        asked = (
            _binned(period, numbers, parts.c.slice)
            .join_from(
                table, parts, (parts.c.run == table.c.run) & (parts.c.metric == table.c.metric)
            )
            .where(_in(window))
        )
        return self._bins(asked)

    def run_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the ids of runs by their numbers."""
        table = schema.runs
        asked = select(table.c.seq, table.c.id).where(table.c.seq.in_(numbers))
        return {row.seq: row.id for row in self._all(asked)}

    def scores(self, numbers: Sequence[int], metric: str) -> dict[int, dict[str, float]]:
        """Return scores by run and case; missing scores are left out."""
        table = schema.run_scores
        asked = select(table.c.run, table.c.case_id, table.c.value).where(
            table.c.run.in_(numbers) & (table.c.metric == metric) & table.c.value.is_not(None)
        )
        found: dict[int, dict[str, float]] = {number: {} for number in numbers}
        for run, case, value in self._all(asked):
            found[run][case] = value
        return found

    def newest(
        self,
        benchmark: str,
        metric: str,
        adapters: Sequence[str] | None = None,
        fingerprint: str | None = None,
        most: int = 1000,
    ) -> dict[str, int]:
        """Return the number of each adapter's newest complete run, the newest first."""
        table = schema.run_means
        mine = (table.c.benchmark == benchmark) & (table.c.metric == metric)
        if adapters is not None:
            mine &= table.c.adapter.in_(adapters)
        if fingerprint is not None:
            mine &= table.c.fingerprint == fingerprint
        last = func.max(table.c.run)
        asked = select(table.c.adapter, last.label("run")).where(mine).group_by(table.c.adapter)
        return {row.adapter: row.run for row in self._all(asked.order_by(last.desc()).limit(most))}

    def case_summaries(self, numbers: Sequence[int], metric: str) -> dict[str, CaseSummary]:
        """Return the scores of these runs in short, by case."""
        table = schema.run_scores
        value = table.c.value
        asked = (
            select(
                table.c.case_id.label("case"),
                func.count(value).label("runs"),
                func.avg(value).label("mean"),
                func.min(value).label("worst"),
                func.max(value).label("best"),
            )
            .where(table.c.run.in_(numbers) & (table.c.metric == metric) & value.is_not(None))
            .group_by(table.c.case_id)
        )
        return {row.case: CaseSummary(**row._mapping) for row in self._all(asked)}

    def judged(self, benchmark: str, most: int) -> list[Judged]:
        """Return the last verdict on each of the last judged adapters, the newest first.

        A verdict on some of the cases never takes the place of one on all of them. An export is no
        adapter that may be promoted.
        """
        table, runs = schema.verdicts, schema.runs
        last = func.max(table.c.seq)
        newest = (
            select(last.label("seq"))
            .outerjoin(runs, runs.c.id == table.c.run)
            .where(runs.c.complete.is_not(False))
            .where((table.c.benchmark == benchmark) & table.c.candidate.not_in(RESERVED))
            .where(table.c.candidate.not_like(f"%{EXPORTED}%"))
            .group_by(table.c.candidate)
            .order_by(last.desc())
            .limit(most)
            .subquery()
        )
        asked = select(table).join(newest, newest.c.seq == table.c.seq)
        return [_judged(row) for row in self._all(asked.order_by(table.c.seq.desc()))]

    def candidates(self, names: Sequence[str]) -> set[str]:
        """Return the adapters among these that were judged."""
        table = schema.verdicts
        # A query for each name ends at its first row; one query for all would read every verdict.
        queries = (
            select(table.c.candidate).where(table.c.candidate == name).limit(1) for name in names
        )
        return {row.candidate for query in queries for row in self._all(query)}

    def verdicts(self, identities: Sequence[str]) -> dict[str, Judged]:
        """Return verdicts in short form, by their ids."""
        table = schema.verdicts
        return {
            row.id: _judged(row)
            for row in self._all(select(table).where(table.c.id.in_(identities)))
        }

    def verdicts_of(self, run: str) -> list[tuple[str, Verdict]]:
        """Return ids and contents of the verdicts on a run, the newest first."""
        table = schema.verdicts
        asked = select(table.c.id, table.c.body).where(table.c.run == run)
        rows = self._all(asked.order_by(table.c.seq.desc()))
        return [(row.id, decode(row.body, Verdict)) for row in rows]

    def case_results(self, numbers: Sequence[int], case: str) -> list[Moment]:
        """Return the results of runs on a case, the oldest first."""
        runs, table = schema.runs, schema.run_cases
        asked = (
            select(runs.c.id, runs.c.adapter, runs.c.started, runs.c.fingerprint, table.c.body)
            .join_from(table, runs)
            .where(table.c.run.in_(numbers) & (table.c.case_id == case))
            .order_by(runs.c.seq)
        )
        return [
            Moment(r.id, r.adapter, r.started, r.fingerprint, decode(r.body, CaseResult))
            for r in self._all(asked)
        ]

    def _bins(self, asked: Select[Any]) -> list[Bin]:
        # PostgreSQL averages integers to a Decimal.
        found = [Bin(**{**row._mapping, "n": float(row.n)}) for row in self._all(asked)]
        return sorted(found, key=lambda each: (each.at, each.run))

    def _all(self, asked: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        with self._database.read() as connection:
            return connection.execute(asked).all()


def _judged(row: Any) -> Judged:
    """Return a verdict in short form."""
    # Plain JSON: to build the whole record of each verdict would make a long list slow.
    verdict = json.loads(row.body)
    reason = next(iter(verdict["reasons"]), "")
    head = (row.id, row.run, row.candidate, row.digest, row.outcome, row.made)
    gate: dict[str, Any] = next((m for m in verdict["metrics"] if m["role"] == "gate"), {})
    return Judged(*head, reason=reason, n=verdict["n"], gain=gate.get("difference"))


def _in(window: Window) -> ColumnElement[bool]:
    table = schema.run_means
    inside = (
        (table.c.benchmark == window.benchmark)
        & (table.c.metric == window.metric)
        & table.c.adapter.in_(window.adapters)
    )
    if window.since:
        inside &= table.c.started >= window.since
    if window.until:
        inside &= func.substr(table.c.started, 1, 10) <= window.until[:10]
    return inside


def _binned(
    period: Period, numbers: Sequence[ColumnElement[Any]], part: ColumnElement[Any] | None = None
) -> Select[Any]:
    """Return a query that groups runs by adapter, benchmark version and period."""
    table = schema.run_means
    when = func.substr(table.c.started, 1, _LETTERS[period])
    by: list[ColumnElement[Any]] = [table.c.adapter, table.c.fingerprint]
    # Two runs may start in the same instant, so single runs are grouped by their number.
    by.append(table.c.run if period == "run" else when)
    asked = select(
        func.min(table.c.started).label("at"),
        table.c.adapter,
        table.c.fingerprint,
        func.count().label("runs"),
        func.max(table.c.run).label("run"),
        *(
            func.avg(number).label(name)
            for name, number in zip(("n", "mean", "squares"), numbers, strict=True)
        ),
    )
    if part is not None:
        asked, by = asked.add_columns(part.label("slice")), [*by, part]
    return asked.group_by(*by)
