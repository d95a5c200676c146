"""Whether two runs may be compared at all: same benchmark, same base, same decoding, same cases.

Unlike origins are refused, not compared; the message says which side to run again.
"""

from __future__ import annotations

from collections import Counter

from harness.errors import Unjudgeable
from harness.records import Run

ASPECTS = ("benchmark version", "base", "decoding")


def check_like(candidate: Run, other: Run, side: str) -> None:
    """Refuse a reference whose scores mean something else than the candidate's."""
    for aspect, mine, theirs in zip(ASPECTS, candidate.like, other.like, strict=True):
        if mine != theirs:
            raise Unjudgeable(
                f"{candidate.adapter} and {other.adapter} ({side}) were not run alike: {aspect} "
                f"is {_short(mine)} here and {_short(theirs)} there; evaluate {other.adapter} again"
            )
    _check_cases(candidate, other, side)


def check_once(run: Run) -> None:
    """Refuse a run that scores a case twice."""
    counts = Counter(result.case.id for result in run.results)
    twice = [case for case, count in counts.items() if count > 1]
    if twice:
        raise Unjudgeable(
            f"the run of {run.adapter} scores {_names(twice)} more than once; evaluate it again"
        )


def _check_cases(candidate: Run, other: Run, side: str) -> None:
    mine = {result.case.id for result in candidate.results}
    theirs = {result.case.id for result in other.results}
    total = len(mine | theirs)
    if mine - theirs:
        raise Unjudgeable(
            f"{other.adapter} ({side}) was run on {len(theirs)} of {total} cases: "
            f"{_names(mine - theirs)} missing; evaluate {other.adapter} again on all of them"
        )
    if candidate.complete and theirs - mine:
        raise Unjudgeable(
            f"{candidate.adapter} was run on {len(mine)} of {total} cases: "
            f"{_names(theirs - mine)} missing; evaluate {candidate.adapter} again on all of them"
        )


def _names(cases: set[str] | list[str], most: int = 5) -> str:
    ordered = sorted(cases)
    named = ", ".join(ordered[:most])
    return named + (f" and {len(ordered) - most} more" if len(ordered) > most else "")


def _short(value: str) -> str:
    text = value if len(value) <= 80 else value[:77] + "..."
    return text or "not recorded"
