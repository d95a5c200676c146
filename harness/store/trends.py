"""What happened over time, added up by SQL: the dashboard asks for points, never for all scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, true

from harness.records import RESERVED, SYNTHETIC, CaseResult, Verdict
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
"""How much of an ISO time tells it."""


class Trends:
    """Questions about many runs at once; each is answered from an index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> tuple[int, int, int]:
        """Runs, reviews and decisions in the store; the last two are numbered without gaps."""
        runs, reviews, decisions = schema.runs, schema.reviews, schema.decisions
        parts = (
            select(func.count(runs.c.seq)).scalar_subquery(),
            *(select(func.max(table.c.seq)).scalar_subquery() for table in (reviews, decisions)),
        )
        counted = self._all(select(*parts))[0]
        return tuple(int(number or 0) for number in counted)  # type: ignore[return-value]  # three

    def synthetic(self) -> bool:
        """Whether any review is one that nobody made."""
        source = schema.reviews.c.source
        return bool(self._all(select(exists(select(source).where(source == SYNTHETIC))))[0][0])

    def metrics(self, benchmark: str) -> list[str]:
        """Those that the newest complete run on a benchmark was scored on."""
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
        """All that have run, the newest first."""
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
        return sorted(found, key=lambda one: one.run, reverse=True)

    def versions(self, benchmark: str, metric: str) -> list[VersionRuns]:
        """Versions of a benchmark, the oldest first."""
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
        return sorted(found, key=lambda one: (one.first, one.fingerprint))

    def span(self, window: Window) -> tuple[int, str, str]:
        """How many runs are in a window, and the first and the last start."""
        started = schema.run_means.c.started
        asked = select(func.count(), func.min(started), func.max(started)).where(_in(window))
        runs, first, last = self._all(asked)[0]
        return int(runs), str(first or ""), str(last or "")

    def points(self, window: Window, period: Period) -> list[Bin]:
        """Means over time, the oldest first."""
        table = schema.run_means
        numbers = (table.c.n, table.c.mean, table.c.squares)
        return self._bins(_binned(period, numbers).where(_in(window)))

    def slices(self, window: Window, period: Period) -> list[Bin]:
        """The same for every slice of the cases."""
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
        """The ids of runs by their numbers."""
        table = schema.runs
        asked = select(table.c.seq, table.c.id).where(table.c.seq.in_(numbers))
        return {row.seq: row.id for row in self._all(asked)}

    def scores(self, numbers: Sequence[int], metric: str) -> dict[int, dict[str, float]]:
        """Scores by run and case; what is missing is left out."""
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
        """Each adapter's newest complete run, by adapter, the newest first."""
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
        """How these runs did on each of their cases."""
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
        """The last verdict on each of the adapters that were judged last, the newest first."""
        table = schema.verdicts
        last = func.max(table.c.seq)
        newest = (
            select(last.label("seq"))
            .where((table.c.benchmark == benchmark) & table.c.candidate.not_in(RESERVED))
            .group_by(table.c.candidate)
            .order_by(last.desc())
            .limit(most)
            .subquery()
        )
        asked = select(table).join(newest, newest.c.seq == table.c.seq)
        return [_judged(row) for row in self._all(asked.order_by(table.c.seq.desc()))]

    def candidates(self, names: Sequence[str]) -> set[str]:
        """Those of these adapters that a verdict is about; one look for each."""
        table = schema.verdicts
        asked = (
            select(table.c.candidate).where(table.c.candidate == name).limit(1) for name in names
        )
        return {row.candidate for one in asked for row in self._all(one)}

    def verdicts(self, identities: Sequence[str]) -> dict[str, Judged]:
        """Verdicts in one line each, by their ids."""
        table = schema.verdicts
        return {
            row.id: _judged(row)
            for row in self._all(select(table).where(table.c.id.in_(identities)))
        }

    def verdicts_of(self, run: str) -> list[tuple[str, Verdict]]:
        """Ids and contents of the verdicts on a run, the newest first."""
        table = schema.verdicts
        asked = select(table.c.id, table.c.body).where(table.c.run == run)
        rows = self._all(asked.order_by(table.c.seq.desc()))
        return [(row.id, decode(row.body, Verdict)) for row in rows]

    def case_results(self, numbers: Sequence[int], case: str) -> list[Moment]:
        """What runs hold of one case, the oldest first."""
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
        found = [Bin(**{**row._mapping, "n": float(row.n)}) for row in self._all(asked)]
        return sorted(found, key=lambda one: (one.at, one.run))

    def _all(self, asked: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        with self._database.read() as connection:
            return connection.execute(asked).all()


def _judged(row: Any) -> Judged:
    """Without building the whole record, which a list of them would wait for."""
    said = json.loads(row.body)
    reason = next(iter(said["reasons"]), "")
    head = (row.id, row.run, row.candidate, row.digest, row.outcome, row.made)
    return Judged(*head, reason=reason, n=said["n"])


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
    """Runs gathered by adapter, benchmark version and period; single runs by their number."""
    table = schema.run_means
    when = func.substr(table.c.started, 1, _LETTERS[period])
    by: list[ColumnElement[Any]] = [table.c.adapter, table.c.fingerprint]
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
