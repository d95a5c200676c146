"""Two runs matched case by case, with the means over the cases that both have.

What is missing on one side counts on neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean

from harness.errors import Unjudgeable
from harness.records import CaseResult, Run
from harness.records.holds import EXACT, QUOTING


@dataclass(frozen=True, slots=True)
class CaseSideBySide:
    """One case as both runs have it."""

    a: CaseResult
    b: CaseResult
    same: bool
    """Whether both wrote the same; what is shown of it may be masked later."""

    @property
    def scores(self) -> Mapping[str, tuple[float | None, float | None]]:
        """By metric, a's score and b's."""
        names = dict.fromkeys([*self.a.scores, *self.b.scores])
        return {name: (self.a.scores.get(name), self.b.scores.get(name)) for name in names}


@dataclass(frozen=True, slots=True)
class MetricSideBySide:
    """Means of one metric over the cases that have it on both sides."""

    name: str = field(metadata=EXACT)
    a: float | None
    b: float | None
    difference: float | None
    n: int


@dataclass(frozen=True, slots=True)
class SideBySide:
    """All that two runs have in common, and what they have not."""

    a: Run
    b: Run
    pairs: tuple[CaseSideBySide, ...]
    metrics: tuple[MetricSideBySide, ...]
    only_a: tuple[str, ...] = field(metadata=EXACT)
    only_b: tuple[str, ...] = field(metadata=EXACT)
    unlike: tuple[str, ...] = field(metadata=QUOTING)
    """What must be the same for a verdict and is not: base, decoding."""


def side_by_side(a: Run, b: Run) -> SideBySide:
    """Match two runs of one benchmark version; anything else is refused."""
    if a.fingerprint != b.fingerprint:
        raise Unjudgeable(
            f"{a.adapter} ran on {a.benchmark} {a.fingerprint[:6]}, {b.adapter} on "
            f"{b.benchmark} {b.fingerprint[:6]}; run both on the same version of one benchmark"
        )
    theirs = {result.case.id: result for result in b.results}
    ours = {result.case.id for result in a.results}
    pairs = tuple(_pair(r, theirs[r.case.id]) for r in a.results if r.case.id in theirs)
    return SideBySide(
        a=a,
        b=b,
        pairs=pairs,
        metrics=_means(pairs),
        only_a=tuple(r.case.id for r in a.results if r.case.id not in theirs),
        only_b=tuple(r.case.id for r in b.results if r.case.id not in ours),
        unlike=_unlike(a, b),
    )


def _pair(a: CaseResult, b: CaseResult) -> CaseSideBySide:
    return CaseSideBySide(a, b, [o.text for o in a.outputs] == [o.text for o in b.outputs])


def _means(pairs: tuple[CaseSideBySide, ...]) -> tuple[MetricSideBySide, ...]:
    names = dict.fromkeys(name for pair in pairs for name in pair.scores)
    return tuple(_mean(name, pairs) for name in names)


def _mean(name: str, pairs: tuple[CaseSideBySide, ...]) -> MetricSideBySide:
    both = [
        (before, after)
        for before, after in (pair.scores.get(name, (None, None)) for pair in pairs)
        if before is not None and after is not None
    ]
    if not both:
        return MetricSideBySide(name, None, None, None, 0)
    a, b = fmean(before for before, _ in both), fmean(after for _, after in both)
    return MetricSideBySide(name, a, b, b - a, len(both))


def _unlike(a: Run, b: Run) -> tuple[str, ...]:
    names = ("benchmark", "base", "decoding")
    return tuple(name for name, x, y in zip(names, a.like, b.like, strict=True) if x != y)
