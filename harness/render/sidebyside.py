"""Two runs matched case by case, with the means over the cases that both have.

A score that one run lacks counts for neither.

Tested in tests/render/test_compare.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean

from harness.errors import Unjudgeable
from harness.records import CaseResult, Run
from harness.records.holds import EXACT, QUOTING
from harness.records.presented import Presented


@dataclass(frozen=True, slots=True)
class CaseSideBySide:
    """A case as both runs have it."""

    a: CaseResult
    b: CaseResult
    same: bool
    """Whether the outputs are equal; compared before texts are masked, since masks look equal."""

    @property
    def scores(self) -> Mapping[str, tuple[float | None, float | None]]:
        """The scores of `a` and `b` by metric."""
        names = dict.fromkeys([*self.a.scores, *self.b.scores])
        return {name: (self.a.scores.get(name), self.b.scores.get(name)) for name in names}


@dataclass(frozen=True, slots=True)
class MetricSideBySide:
    """The means of a metric over the cases that have it in both runs."""

    name: str = field(metadata=EXACT)
    a: float | None
    b: float | None
    difference: float | None
    n: int


@dataclass(frozen=True, slots=True)
class SideBySide(Presented):
    """The cases and metrics that two runs share, and their differences."""

    a: Run
    b: Run
    pairs: tuple[CaseSideBySide, ...]
    metrics: tuple[MetricSideBySide, ...]
    only_a: tuple[str, ...] = field(metadata=EXACT)
    only_b: tuple[str, ...] = field(metadata=EXACT)
    unlike: tuple[str, ...] = field(metadata=QUOTING)
    """The differences that rule out a verdict: base, decoding."""


def side_by_side(a: Run, b: Run) -> SideBySide:
    """Match two runs case by case; refuse runs on different versions of a benchmark."""
    if a.fingerprint != b.fingerprint:
        raise Unjudgeable(
            f"{a.adapter} ran on {a.benchmark} {a.fingerprint[:6]}, {b.adapter} on "
            f"{b.benchmark} {b.fingerprint[:6]}; run both on the same version of one benchmark"
        )
    theirs = {result.case.id: result for result in b.results}
    ours = {result.case.id for result in a.results}
    matched = [(r, theirs[r.case.id]) for r in a.results if r.case.id in theirs]
    pairs = tuple(
        CaseSideBySide(x, y, [o.scored for o in x.outputs] == [o.scored for o in y.outputs])
        for x, y in matched
    )
    metrics = dict.fromkeys(name for pair in pairs for name in pair.scores)
    return SideBySide(
        a=a,
        b=b,
        pairs=pairs,
        metrics=tuple(_mean(name, pairs) for name in metrics),
        only_a=tuple(r.case.id for r in a.results if r.case.id not in theirs),
        only_b=tuple(r.case.id for r in b.results if r.case.id not in ours),
        unlike=tuple(aspect for aspect, _, _ in a.unlike(b)),
    )


def _mean(name: str, pairs: tuple[CaseSideBySide, ...]) -> MetricSideBySide:
    # paired: a case that only one run has a score for would shift that run's mean
    both = [
        (before, after)
        for before, after in (pair.scores.get(name, (None, None)) for pair in pairs)
        if before is not None and after is not None
    ]
    if not both:
        return MetricSideBySide(name, None, None, None, 0)
    a, b = fmean(before for before, _ in both), fmean(after for _, after in both)
    return MetricSideBySide(name, a, b, b - a, len(both))
