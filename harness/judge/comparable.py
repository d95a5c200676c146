"""Conditions for comparing two runs: same benchmark, same base, same decoding, same cases.

Runs that differ in these are refused, and the message says which adapter to evaluate again.
"""

from __future__ import annotations

from collections import Counter

from harness.errors import Unjudgeable
from harness.records import Run


def check_like(candidate: Run, other: Run, name: str) -> None:
    """Refuse a reference whose scores cannot be compared with the candidate's."""
    for aspect, mine, theirs in candidate.unlike(other):
        raise Unjudgeable(
            f"{candidate.adapter} and {other.adapter} ({name}) were not run alike: {aspect} "
            f"is {_short(mine)} here and {_short(theirs)} there; evaluate {other.adapter} again"
        )
    own = {result.case.id for result in candidate.results}
    others = {result.case.id for result in other.results}
    total = len(own | others)
    if own - others:
        raise Unjudgeable(
            f"{other.adapter} ({name}) was run on {len(others)} of {total} cases: "
            f"{_names(own - others)} missing; evaluate {other.adapter} again on all of them"
        )
    if candidate.complete and others - own:
        raise Unjudgeable(
            f"{candidate.adapter} was run on {len(own)} of {total} cases: "
            f"{_names(others - own)} missing; evaluate {candidate.adapter} again on all of them"
        )


def check_once(run: Run) -> None:
    """Refuse a run that scores a case more than once."""
    counts = Counter(result.case.id for result in run.results)
    twice = [case for case, count in counts.items() if count > 1]
    if twice:
        raise Unjudgeable(
            f"the run of {run.adapter} scores {_names(twice)} more than once; evaluate it again"
        )


def _names(cases: set[str] | list[str], most: int = 5) -> str:
    ordered = sorted(cases)
    named = ", ".join(ordered[:most])
    return named + (f" and {len(ordered) - most} more" if len(ordered) > most else "")


def _short(value: str) -> str:
    text = value if len(value) <= 80 else value[:77] + "..."
    return text or "not recorded"
