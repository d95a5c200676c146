"""Two or three runs as arrays: the same cases on every side, in one order.

Everything that decides works on a `Paired`; nothing below knows runs, files or texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.records import CaseResult, Run


def samples_of(sides: Sequence[Sequence[CaseResult]]) -> int:
    """Outputs per case; 1 where sides or cases do not agree about it."""
    counts = {len(result.outputs) for side in sides for result in side}
    return max(1, counts.pop()) if len(counts) == 1 else 1


def noise_of(
    now: Sequence[CaseResult], before: Sequence[CaseResult] | None, metrics: tuple[str, ...]
) -> Floats:
    """Variance between samples, metrics x cases; of the difference where there is a reference."""
    table = np.full((len(metrics), len(now)), np.nan)
    for column, result in enumerate(now):
        other = None if before is None else before[column]
        for row, metric in enumerate(metrics):
            table[row, column] = _variance(result, other, metric)
    return table


def _variance(now: CaseResult, before: CaseResult | None, metric: str) -> float:
    mine = _samples(now, metric)
    theirs = np.zeros(len(mine)) if before is None else _samples(before, metric)
    if len(mine) < 2 or len(mine) != len(theirs):
        return float("nan")
    return float(np.var(mine - theirs, ddof=1))


def _samples(result: CaseResult, metric: str) -> Floats:
    scores = result.sample_scores.get(metric, ())
    return np.array([np.nan if score is None else score for score in scores], dtype=np.float64)


MAX_NAME = 40


def score_or_nan(value: Any, where: str, what: str) -> float:
    """The score as a float; NaN stands for a missing one from here on, and never for zero."""
    if value is None or value == "":
        return float("nan")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise DataError(
        f"{where}: {what} is {quoted(value)}; a score is a number from 0 to 1, and a missing one "
        "is left empty"
    )


def quoted(value: object) -> str:
    """A value as it may be shown: short, and on one line."""
    if isinstance(value, int) and abs(value) >= 10**MAX_NAME:
        return "a number with more than 40 digits"
    shown = repr(value)
    return shown if len(shown) <= MAX_NAME else shown[: MAX_NAME - 3] + "..."


Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """Scores of the candidate and its references on the same cases, ordered by case id.

    The order is by id, so that no result depends on the order in which cases were written down.
    """

    cases: tuple[str, ...]
    metrics: tuple[str, ...]
    candidate: Floats
    """metrics x cases; NaN is a missing score, which is not zero."""
    references: Mapping[str, Floats]
    """By `promoted`, `pinned` or `base`; the first one is what cases break against."""
    slices: tuple[str, ...] = ()
    members: Flags = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))
    """slices x cases."""
    groups: Codes | None = None
    """Cases with the same code are not independent; None when every case is."""
    critical: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    unmet: tuple[tuple[str, str], ...] = ()
    """Case and check, where a `must` check fails that the first reference passed."""
    same_texts: bool | None = None
    """Whether every output equals the first reference's; None where texts are unknown."""
    samples: int = 1
    """Outputs per case that the scores are means of."""
    own_noise: Floats | None = None
    """metrics x cases: variance of the candidate's score from sample to sample."""
    noise: Mapping[str, Floats] = field(default_factory=dict)
    """By reference, the same of the difference; NaN where samples do not tell."""

    @property
    def n(self) -> int:
        """How many cases both sides have."""
        return len(self.cases)

    @property
    def against(self) -> str:
        """The reference that cases break against."""
        return next(iter(self.references), "promoted")

    def side(self, metric: str, against: str | None = None) -> Floats:
        """Scores of one metric: the candidate's, or a reference's."""
        table = self.candidate if against is None else self.references[against]
        if metric not in self.metrics:
            return np.full(self.n, np.nan)
        row: Floats = table[self.metrics.index(metric)]
        return row

    def has(self, metric: str, against: str) -> bool:
        """Whether both sides have any score at all on a metric."""
        both = (self.side(metric), self.side(metric, against))
        return all(bool(np.isfinite(scores).any()) for scores in both)

    def drawn(self, metric: str, against: str | None = None) -> Floats | None:
        """Variance between samples by case: of the candidate, or of the difference."""
        table = self.own_noise if against is None else self.noise.get(against)
        if table is None or metric not in self.metrics:
            return None
        row: Floats = table[self.metrics.index(metric)]
        return row


def paired_from_runs(candidate: Run, references: Mapping[str, Run]) -> Paired:
    """Pair a candidate's run with its references; their cases were checked to be the same."""
    results = sorted(candidate.results, key=lambda result: result.case.id)
    cases = tuple(result.case.id for result in results)
    sides = {name: _in_order(run, cases) for name, run in references.items()}
    first = next(iter(sides.values()), [])
    metrics = _metric_names([results, *sides.values()])
    slices, members = memberships([_slice_names(result) for result in results])
    samples = samples_of([results, *sides.values()])
    return Paired(
        cases=cases,
        metrics=metrics,
        candidate=_table(results, metrics),
        references={name: _table(side, metrics) for name, side in sides.items()},
        slices=slices,
        members=members,
        groups=group_codes([result.case.group for result in results]),
        critical=np.array([result.case.critical for result in results], dtype=np.bool_),
        unmet=tuple(_unmet(results, first)),
        same_texts=_same_texts(results, first) if first else None,
        samples=samples,
        own_noise=noise_of(results, None, metrics) if samples > 1 else None,
        noise={
            name: noise_of(results, side, metrics) for name, side in sides.items() if samples > 1
        },
    )


def memberships(names: Sequence[Iterable[str]]) -> tuple[tuple[str, ...], Flags]:
    """Slice names in order, and which case belongs to which."""
    per_case = [frozenset(each) for each in names]
    slices = tuple(sorted(frozenset().union(*per_case)))
    row = {name: index for index, name in enumerate(slices)}
    members = np.zeros((len(slices), len(per_case)), dtype=np.bool_)
    for column, each in enumerate(per_case):
        for name in each:
            members[row[name], column] = True
    return slices, members


def group_codes(groups: Sequence[str | None]) -> Codes | None:
    """A number per group; a case without a group is a group of its own."""
    if not any(group is not None for group in groups):
        return None
    codes: dict[tuple[bool, str], int] = {}
    keys = [(g is not None, g if g is not None else str(i)) for i, g in enumerate(groups)]
    return np.array([codes.setdefault(key, len(codes)) for key in keys], dtype=np.int64)


def _in_order(run: Run, cases: tuple[str, ...]) -> list[CaseResult]:
    by_case = {result.case.id: result for result in run.results}
    return [by_case[case] for case in cases]


def _metric_names(sides: Iterable[Sequence[CaseResult]]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for side in sides:
        for result in side:
            names.update(dict.fromkeys(result.scores))
    return tuple(sorted(names))


def _slice_names(result: CaseResult) -> list[str]:
    return [f"{key}={value}" for key, value in result.case.slices.items()]


def _table(results: Sequence[CaseResult], metrics: tuple[str, ...]) -> Floats:
    table = np.full((len(metrics), len(results)), np.nan)
    for column, result in enumerate(results):
        for row, metric in enumerate(metrics):
            where = f"case {result.case.id!r}"
            table[row, column] = score_or_nan(result.scores.get(metric), where, metric)
    return table


def _unmet(
    candidate: Sequence[CaseResult], reference: Sequence[CaseResult]
) -> Iterable[tuple[str, str]]:
    for now, before in zip(candidate, reference, strict=bool(reference)):
        failed_before = {check.name for check in before.checks if not check.passed}
        known = {check.name for check in before.checks}
        failing = dict.fromkeys(check.name for check in now.failed_musts)
        for name in failing:
            if name in known and name not in failed_before:
                yield now.case.id, name


def _same_texts(candidate: Sequence[CaseResult], reference: Sequence[CaseResult]) -> bool:
    return all(
        [output.text for output in now.outputs] == [output.text for output in before.outputs]
        for now, before in zip(candidate, reference, strict=True)
    )
