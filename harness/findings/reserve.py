"""Problems that only a benchmark's reserve can have: its slices, its size, and its beginning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from harness.findings.benchmark import CaseLine
from harness.findings.difference import case_differences
from harness.findings.finding import Finding
from harness.records import Case, Policy

KEPT = "put its line back as it was (your version control has it), and add new cases at the end"


def other_slices(cases: Sequence[Case], reserve: Sequence[CaseLine]) -> Iterator[Finding]:
    """Yield the reserve cases without a slice that every case has, or with a value of no case."""
    keys = Counter(key for case in cases for key in case.slices)
    values = {pair for case in cases for pair in case.slices.items()}
    for key in (key for key, often in keys.items() if often == len(cases)):
        for one in reserve:
            value = one.case.slices.get(key)
            if value is None:
                said = f"{one.case.id} has no slice {key}, as every case of the benchmark has"
            elif (key, value) not in values:
                said = f"{one.case.id} has {key}={value}, as no case of the benchmark has"
            else:
                continue
            yield Finding("slice", one.line, f"{said}: it is judged beside the slices")


def reserve_size(count: int, policy: Policy) -> Iterator[Finding]:
    """Yield a finding where the reserve is too small for a look."""
    first = min(policy.reserve_looks, default=0)
    if count < first:
        has = "1 case" if count == 1 else f"{count} cases"
        said = f"{has} in the reserve; fewer than {first} are not used"
        yield Finding("size", None, f"{said}, `lora-harness benchmark propose` finds more")


def changed_beginning(
    reserve: Sequence[CaseLine], looked: Sequence[Case], passed_over: AbstractSet[str]
) -> Finding | None:
    """Return a finding unless the reserve still begins with the cases that verdicts looked at.

    `passed_over` are ids of cases that no verdict looks at, since an adapter was trained on them.
    """
    wanted = iter(looked)
    expected = next(wanted, None)
    places = {one.case.id: one for one in reserve}
    for one in reserve:
        if expected is None:
            return None
        if one.case.id == expected.id:
            if case_differences((expected,), (one.case,))[2]:
                return _changed(one.line, f"{one.case.id} is not as it was", looked)
            expected = next(wanted, None)
        elif one.case.id not in passed_over:
            if expected.id not in places:
                return _changed(None, f"{expected.id} is gone", looked)
            return _changed(one.line, f"{one.case.id} stands before {expected.id}", looked)
    if expected is None:
        return None
    return _changed(None, f"{expected.id} is gone", looked)


def _changed(line: int | None, what: str, looked: Sequence[Case]) -> Finding:
    count = "the first case" if len(looked) == 1 else f"the first {len(looked)} cases"
    return Finding("reserve", line, f"{what}, but verdicts rest on {count} of the reserve: {KEPT}")
