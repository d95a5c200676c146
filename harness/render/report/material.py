"""What a report is made of: a run, its verdict, and the runs that it was compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.records import CaseResult, CheckResult, Compared, Run, Verdict
from harness.records.holds import EXACT


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the newest run of one adapter stood when the verdict was given."""

    adapter: str = field(metadata=EXACT)
    started: str = field(metadata=EXACT)
    """ISO 8601, UTC."""
    mean: float
    """Over the cases, on the metric that the cases are sorted by."""
    low: float | None
    """95 % interval of the mean by Student's t; None for a single case."""
    high: float | None
    n: int
    """Cases with a score."""


@dataclass(frozen=True, slots=True)
class Material:
    """One run with everything that is said about it."""

    run: Run
    """Of the candidate."""
    verdict: Verdict
    references: Mapping[str, Run] = field(default_factory=dict)
    """By side (promoted, pinned, base, base+prompt), those that the store still has."""
    compared: tuple[Compared, ...] = ()
    """Every case beside the first reference, the worst first."""
    metric: str = field(default="", metadata=EXACT)
    """What the cases are sorted by."""
    against: str | None = field(default=None, metadata=EXACT)
    """The adapter that the cases are compared with."""
    placed: tuple[Placed, ...] = ()
    """This and earlier adapters on the same version of the benchmark, the oldest first."""
    verdict_id: str | None = field(default=None, metadata=EXACT)
    """Id of the verdict."""
    made: str | None = field(default=None, metadata=EXACT)
    """When the verdict was given; ISO 8601, UTC."""
    promoted_at: str | None = field(default=None, metadata=EXACT)
    """Since when the promoted adapter is so."""
    overridden: bool = False
    """Whether that promotion was against or without a verdict."""
    commands: Mapping[str, str] = field(default_factory=dict, metadata=EXACT)
    """What can be typed next, by what it does."""
    again: Mapping[str, str] = field(default_factory=dict, metadata=EXACT)
    """What makes the same once more."""
    texts: bool = True
    """Whether inputs, ideals and outputs are shown."""

    def with_flag(self, *flags: str) -> tuple[Compared, ...]:
        """The cases that the verdict says this of, critical ones first."""
        found = [one for one in self.compared if one.flag in flags]
        return tuple(sorted(found, key=lambda one: not one.case.critical))


def ideal_of(one: Compared) -> str:
    """The ideal that the candidate came nearest to."""
    result = one.candidate or one.reference
    place = result.best_ideals.get("edit_similarity", 0) if result else 0
    ideals = one.case.ideals
    return ideals[place] if 0 <= place < len(ideals) else (ideals[0] if ideals else "")


def failed_checks(one: Compared, texts: bool) -> Iterator[str]:
    """A line for each check that failed; what it found quotes the output."""
    passed = {check.name for check in _checks(one.reference) if check.passed}
    for check in _checks(one.candidate):
        if not check.passed:
            found = f": {check.message}" if check.message and texts else ""
            was = " (passed before)" if check.name in passed else ""
            yield f"{check.name} ({check.level}) failed{found}{was}"


def must_failed(one: Compared) -> bool:
    """Whether the candidate's output cannot be used at all."""
    return bool(one.candidate and one.candidate.failed_musts)


def _checks(result: CaseResult | None) -> tuple[CheckResult, ...]:
    return result.checks if result else ()
