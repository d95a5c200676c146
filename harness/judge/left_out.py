"""Cases that an adapter has seen in training prove nothing, so no side is judged on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.judge import wording
from harness.records import Run


def without(run: Run, left_out: Mapping[str, str]) -> Run:
    """The run as if these cases were not in the benchmark."""
    if not left_out:
        return run
    kept = tuple(result for result in run.results if result.case.id not in left_out)
    return replace(run, results=kept)


def from_each(run: Run | None, left_out: Mapping[str, str]) -> Run | None:
    """The same of a side that may not be there."""
    return None if run is None else without(run, left_out)


def those_of(run: Run, left_out: Mapping[str, str]) -> dict[str, str]:
    """What is left out of this run; a run of some of the cases may have none of them."""
    cases = {result.case.id for result in run.results}
    return {case: why for case, why in sorted(left_out.items()) if case in cases}


def said(left_out: Mapping[str, str]) -> tuple[str, ...]:
    """One note for every training set that holds some of them."""
    places: dict[str, list[str]] = {}
    for case, where in sorted(left_out.items()):
        # `line 3 of more.jsonl, ...`: the line is told per case in the record.
        places.setdefault(where.partition(" of ")[2] or where, []).append(case)
    return tuple(
        f"{wording.cases(len(cases))} left out: {wording.listed(cases)} {_stand(cases)} in {place}"
        for place, cases in places.items()
    )


def _stand(cases: list[str]) -> str:
    return "is" if len(cases) == 1 else "are"
