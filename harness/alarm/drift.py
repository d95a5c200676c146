"""Compare an adapter's later runs with its own first scores, to find changes underneath it.

The adapter's bytes are the same and greedy decoding repeats itself, so a case that falls beyond the
margin fell because the base, the serving stack or a library changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.judge.policy import followable
from harness.records import LOWER_IS_BETTER, MetricRule

Scores = Mapping[str, Mapping[str, float]]
"""Scores by metric and case; missing scores are left out."""
_TOLERANCE = 1e-9
"""Rounding that does not count as a fall."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A later run compared with the first."""

    n: int
    """Cases with a gated score in both."""
    fallen: tuple[str, ...]
    """Cases below their first score by more than the margin, on any gated metric."""
    means: Mapping[str, tuple[float, float]]
    """Mean then and mean now by gated metric, over the cases that have both."""


def fall(first: Scores, later: Scores, rules: Sequence[MetricRule]) -> Fall:
    """Find the cases that fell on the benchmark's own gates."""
    gates = gates_of(first, later, rules)
    compared: set[str] = set()
    fallen: set[str] = set()
    means = {}
    for rule in gates:
        then, now = first[rule.name], later[rule.name]
        both = sorted(then.keys() & now.keys())
        if not both:
            continue
        compared.update(both)
        limit = (rule.margin or 0.0) + _TOLERANCE
        sign = -1 if rule.name in LOWER_IS_BETTER else 1
        fallen.update(case for case in both if sign * (then[case] - now[case]) > limit)
        means[rule.name] = (fmean(then[case] for case in both), fmean(now[case] for case in both))
    return Fall(len(compared), tuple(sorted(fallen)), means)


def gates_of(first: Scores, later: Scores, rules: Sequence[MetricRule]) -> list[MetricRule]:
    """Return the gates whose metrics both runs scored."""
    on_first, on_later = ({name for name, cases in one.items() if cases} for one in (first, later))
    found, _ = followable(tuple(rules), on_first & on_later, on_first | on_later)
    return [rule for rule in found if rule.role == "gate" and rule.name in on_first & on_later]
