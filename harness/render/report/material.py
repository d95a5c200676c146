"""The content of a report: a run, its verdict, and the runs that it was compared with.

Tested in tests/render/report/test_page.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.records import CaseResult, CheckResult, Compared, Run, Verdict
from harness.records.holds import EXACT, TEXT


@dataclass(frozen=True, slots=True)
class Placed:
    """The mean score of an adapter's newest run at the time of the verdict."""

    adapter: str = field(metadata=EXACT)
    started: str = field(metadata=EXACT)
    """ISO 8601, UTC."""
    mean: float
    """The mean over the cases, on the metric that they are sorted by."""
    low: float | None
    """95 % interval of the mean by Student's t; None for a single case."""
    high: float | None
    n: int
    """Cases with a score."""


@dataclass(frozen=True, slots=True)
class Material:
    """A run with everything that a report says about it."""

    run: Run
    """The candidate's run."""
    verdict: Verdict
    references: Mapping[str, Run] = field(default_factory=dict)
    """Runs by role (promoted, pinned, base, base+prompt), if the store still has them."""
    compared: tuple[Compared, ...] = ()
    """Every case beside the first reference, the worst first."""
    metric: str = field(default="", metadata=EXACT)
    """The metric that the cases are sorted by."""
    against: str | None = field(default=None, metadata=EXACT)
    """The adapter that the cases are compared with."""
    placed: tuple[Placed, ...] = ()
    """This and earlier adapters on the same version of the benchmark, the oldest first."""
    verdict_id: str | None = field(default=None, metadata=EXACT)
    """Id of the verdict."""
    made: str | None = field(default=None, metadata=EXACT)
    """When the verdict was given; ISO 8601, UTC."""
    promoted_at: str | None = field(default=None, metadata=EXACT)
    """When the promoted adapter was promoted."""
    overridden: bool = False
    """Whether that promotion was against or without a verdict."""
    commands: Mapping[str, str] = field(default_factory=dict, metadata=EXACT)
    """The commands to type next, by their purpose."""
    again: Mapping[str, str] = field(default_factory=dict, metadata=EXACT)
    """The commands that make the same run and verdict again, by their purpose."""
    finals: Mapping[str, str] = field(default_factory=dict, metadata=TEXT)
    """Texts that people sent and that the verdict calls lost, by the id of their review."""
    texts: bool = True
    """Whether inputs, ideals and outputs are shown."""

    def with_flag(self, *flags: str) -> tuple[Compared, ...]:
        """Return the cases that have any of these flags, critical cases first."""
        found = [case for case in self.compared if case.flag in flags]
        return tuple(sorted(found, key=lambda it: not it.case.critical))


def ideal_of(compared: Compared) -> str:
    """Return the ideal that the output came nearest to; the first if that is not known."""
    # a case that only the reference has still needs an ideal to show
    result = compared.candidate or compared.reference
    place = result.best_ideals.get("edit_similarity", 0) if result else 0
    ideals = compared.case.ideals
    return ideals[place] if 0 <= place < len(ideals) else (ideals[0] if ideals else "")


def failed_checks(compared: Compared, texts: bool) -> Iterator[str]:
    """Yield a line for each failed check; with `texts` its message too, which quotes outputs."""
    passed = {check.name for check in _checks(compared.reference) if check.passed}
    for check in _checks(compared.candidate):
        if not check.passed:
            found = f": {check.message}" if check.message and texts else ""
            was = " (passed before)" if check.name in passed else ""
            yield f"{check.name} ({check.level}) failed{found}{was}"


def must_failed(compared: Compared) -> bool:
    """Tell whether the candidate's output is unusable, since a must check failed."""
    return bool(compared.candidate and compared.candidate.failed_musts)


def _checks(result: CaseResult | None) -> tuple[CheckResult, ...]:
    return result.checks if result else ()
