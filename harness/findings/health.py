"""Cases that cannot tell adapters apart, judged by the scores that they have had so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.findings.finding import Finding
from harness.findings.kinds import Kind
from harness.records import Benchmark, CaseHistory

MIN_ADAPTERS = 3
"""Adapters needed before equal scores say something about the case."""


def tired_cases(
    histories: Iterable[CaseHistory], lines: Mapping[str, int], benchmark: Benchmark
) -> Iterator[Finding]:
    """Yield cases that every adapter gets right, that none does, or that never tell two apart.

    On a guard every adapter is meant to be right, so only cases that none gets right are reported.
    """
    for one in histories:
        if one.adapters < MIN_ADAPTERS or one.case not in lines:
            continue
        found = _hopeless(one, benchmark)
        if found is None and not benchmark.guard:
            found = _saturated(one) or _flat(one, benchmark)
        if found is not None:
            kind, message = found
            yield Finding(kind, lines[one.case], f"{one.case}: {message}")


def _saturated(one: CaseHistory) -> tuple[Kind, str] | None:
    if one.right < one.adapters:
        return None
    base = ", and so does the plain base" if one.base_right else ""
    return "saturated", f"all {one.adapters} adapters get it right{base}; it can only show a loss"


def _hopeless(one: CaseHistory, benchmark: Benchmark) -> tuple[Kind, str] | None:
    floor = benchmark.policy.broken_from
    if one.best is None or one.best >= floor:
        return None
    said = f"none of {one.adapters} adapters gets it right (best edit similarity {one.best:.2f})"
    return "hopeless", f"{said}; below {floor:g} a case cannot break"


def _flat(one: CaseHistory, benchmark: Benchmark) -> tuple[Kind, str] | None:
    margins = {rule.name: rule.margin for rule in benchmark.metrics if rule.margin is not None}
    ranges = {name: one.ranges[name] for name in margins if name in one.ranges}
    if not ranges or any(width >= margins[name] / 2 for name, width in ranges.items()):
        return None
    widest = max(ranges, key=lambda name: ranges[name])
    said = f"{one.adapters} adapters differ by {ranges[widest]:.3f} at most"
    return "flat", f"{said} ({widest.replace('_', ' ')}), under half of every margin"
