"""Two or three runs as arrays: the candidate and its references on the same cases.

All deciding code works on a `Paired`, without runs, files or texts.

Tests: tests/judge/test_verdict.py and test_properties.py.

Tested in tests/judge/test_unfit.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.records import CaseResult, Run, slice_names
from harness.text.left_out import same_texts

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

MAX_NAME = 40
"""Characters of a value that an error message quotes."""


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """Scores of the candidate and its references on the same cases.

    Cases are ordered by id, so that no result depends on their order in a file.
    """

    cases: tuple[str, ...]
    metrics: tuple[str, ...]
    candidate: Floats
    """metrics x cases; NaN is a missing score, which is not zero."""
    references: Mapping[str, Floats]
    """Scores by `promoted`, `pinned` or `base`; cases break against the first reference."""
    slices: tuple[str, ...] = ()
    members: Flags = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))
    """slices x cases: which case belongs to which slice."""
    groups: Codes | None = None
    """A code per case; cases with the same code are not independent. None if all cases are."""
    critical: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    unmet: tuple[tuple[str, str], ...] = ()
    """Case and check of every `must` check that fails although the first reference passed it."""
    same_texts: bool | None = None
    """Whether every output equals the first reference's; None where texts are unknown."""
    samples: int = 1
    """Outputs per case; scores are means over them."""
    own_noise: Floats | None = None
    """metrics x cases: variance of the candidate's score from sample to sample."""
    first_key: str | None = None
    """The slice key that comes first in most cases; None where slices have no order."""
    noise: Mapping[str, Floats] = field(default_factory=dict)
    """The same variance of the differences by reference; NaN where samples do not match."""

    @property
    def n(self) -> int:
        """Number of cases."""
        return len(self.cases)

    @property
    def against(self) -> str:
        """Name of the reference that cases break against."""
        return next(iter(self.references), "promoted")

    def scores(self, metric: str, against: str | None = None) -> Floats:
        """Return the candidate's or a reference's scores of a metric; an unknown metric is NaN."""
        table = self.candidate if against is None else self.references[against]
        if metric not in self.metrics:
            return np.full(self.n, np.nan)
        row: Floats = table[self.metrics.index(metric)]
        return row

    def part(self, cases: Sequence[str]) -> Paired:
        """Return the pairs of some cases, in the order of this one."""
        wanted = frozenset(cases)
        at = np.array([i for i, case in enumerate(self.cases) if case in wanted], dtype=np.int64)
        return replace(
            self,
            cases=tuple(self.cases[i] for i in at),
            candidate=self.candidate[:, at],
            references={name: table[:, at] for name, table in self.references.items()},
            members=self.members[:, at],
            groups=None if self.groups is None else self.groups[at],
            critical=self.critical[at],
            unmet=tuple(pair for pair in self.unmet if pair[0] in wanted),
            own_noise=None if self.own_noise is None else self.own_noise[:, at],
            noise={name: table[:, at] for name, table in self.noise.items()},
        )

    def has(self, metric: str, against: str) -> bool:
        """Tell whether both the candidate and the reference have any score of a metric."""
        both = (self.scores(metric), self.scores(metric, against))
        return all(bool(np.isfinite(scores).any()) for scores in both)

    def sample_variance(self, metric: str, against: str | None = None) -> Floats | None:
        """Return the variance between samples by case: of the candidate, or of the difference."""
        table = self.own_noise if against is None else self.noise.get(against)
        if table is None or metric not in self.metrics:
            return None
        row: Floats = table[self.metrics.index(metric)]
        return row


def paired_from_runs(candidate: Run, references: Mapping[str, Run]) -> Paired:
    """Pair a candidate's run with its references; `check_like` has compared their cases before."""
    results = sorted(candidate.results, key=lambda result: result.case.id)
    cases = tuple(result.case.id for result in results)
    others: dict[str, list[CaseResult]] = {}
    for name, run in references.items():
        by_case = {result.case.id: result for result in run.results}
        others[name] = [by_case[case] for case in cases]
    first = next(iter(others.values()), [])
    every = [results, *others.values()]
    metrics = tuple(sorted({name for run in every for result in run for name in result.scores}))
    slices, members = memberships(slice_names(result.case.slices) for result in results)
    first_keys = [key for result in results for key in list(result.case.slices)[:1]]
    # Outputs per case; 1 where the runs or their cases do not agree about it.
    counts = {len(result.outputs) for run in every for result in run}
    samples = max(1, counts.pop()) if len(counts) == 1 else 1
    return Paired(
        cases=cases,
        metrics=metrics,
        candidate=_table(results, metrics),
        references={name: _table(other, metrics) for name, other in others.items()},
        slices=slices,
        members=members,
        groups=group_codes([result.case.group for result in results]),
        critical=np.array([result.case.critical for result in results], dtype=np.bool_),
        unmet=tuple(_unmet(results, first)),
        same_texts=_same_texts(results, first) if first else None,
        samples=samples,
        own_noise=_noise(results, None, metrics) if samples > 1 else None,
        first_key=commonest(first_keys),
        noise={
            name: _noise(results, other, metrics) for name, other in others.items() if samples > 1
        },
    )


def memberships(names: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], Flags]:
    """Return the slice names in order, and the table of members, slices x cases."""
    per_case = [frozenset(each) for each in names]
    slices = tuple(sorted(frozenset().union(*per_case)))
    row = {name: index for index, name in enumerate(slices)}
    members = np.zeros((len(slices), len(per_case)), dtype=np.bool_)
    for column, each in enumerate(per_case):
        for name in each:
            members[row[name], column] = True
    return slices, members


def commonest(words: Iterable[str]) -> str | None:
    """Return the word that comes most often, of several the first by the alphabet."""
    counts = Counter(words)
    return min(counts, key=lambda word: (-counts[word], word), default=None)


def group_codes(groups: Sequence[str | None]) -> Codes | None:
    """Return a number per group for each case; a case without a group gets its own number."""
    if not any(group is not None for group in groups):
        return None
    # The flag in the key keeps a case's index from colliding with a group of that name.
    codes: dict[tuple[bool, str], int] = {}
    keys = [(g is not None, g if g is not None else str(i)) for i, g in enumerate(groups)]
    return np.array([codes.setdefault(key, len(codes)) for key in keys], dtype=np.int64)


def score_or_nan(value: Any, where: str, what: str) -> float:
    """Return a score as a float; a missing score becomes NaN, never zero."""
    if value is None or value == "":
        return float("nan")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise DataError(
        f"{where}: {what} is {quoted(value)}; a score is a number from 0 to 1, and a missing one "
        "is left empty"
    )


def quoted(value: object) -> str:
    """Quote a value of a file for an error message: short, and on a single line."""
    # Python refuses to write integers of more than some thousand digits.
    if isinstance(value, int) and abs(value) >= 10**MAX_NAME:
        return "a number with more than 40 digits"
    shown = repr(value)
    return shown if len(shown) <= MAX_NAME else shown[: MAX_NAME - 3] + "..."


def _table(results: Sequence[CaseResult], metrics: tuple[str, ...]) -> Floats:
    table = np.full((len(metrics), len(results)), np.nan)
    for column, result in enumerate(results):
        for row, metric in enumerate(metrics):
            where = f"case {result.case.id!r}"
            table[row, column] = score_or_nan(result.scores.get(metric), where, metric)
    return table


def _noise(
    now: Sequence[CaseResult], before: Sequence[CaseResult] | None, metrics: tuple[str, ...]
) -> Floats:
    """Return the variance between samples, metrics x cases; with `before`, of the differences."""
    table = np.full((len(metrics), len(now)), np.nan)
    for column, result in enumerate(now):
        for row, metric in enumerate(metrics):
            mine = _samples(result, metric)
            theirs = np.zeros(len(mine)) if before is None else _samples(before[column], metric)
            if len(mine) >= 2 and len(mine) == len(theirs):
                table[row, column] = float(np.var(mine - theirs, ddof=1))
    return table


def _samples(result: CaseResult, metric: str) -> Floats:
    scores = result.sample_scores.get(metric, ())
    return np.array([np.nan if score is None else score for score in scores], dtype=np.float64)


def excused(candidate: Run, reference: Run | None) -> Iterator[tuple[str, str]]:
    """Yield cases with `must` checks that fail with the candidate and the reference alike."""
    if reference is None:
        return
    before = {result.case.id: result for result in reference.results}
    for now in candidate.results:
        then = before.get(now.case.id)
        failed = {check.name for check in then.checks if not check.passed} if then else set()
        yield from ((now.case.id, check.name) for check in now.failed_musts if check.name in failed)


def _unmet(
    candidate: Sequence[CaseResult], reference: Sequence[CaseResult]
) -> Iterable[tuple[str, str]]:
    """Yield `must` checks that fail now and that the reference passed; new checks do not count."""
    for now, before in zip(candidate, reference, strict=bool(reference)):
        failed_before = {check.name for check in before.checks if not check.passed}
        known = {check.name for check in before.checks}
        failing = dict.fromkeys(check.name for check in now.failed_musts)
        for name in failing:
            if name in known and name not in failed_before:
                yield now.case.id, name


def _same_texts(candidate: Sequence[CaseResult], reference: Sequence[CaseResult]) -> bool:
    return all(
        same_texts(
            [output.scored for output in now.outputs], [output.scored for output in before.outputs]
        )
        for now, before in zip(candidate, reference, strict=True)
    )
