"""The rules and constants of a judgement: defaults, what the scores allow, and validation.

`default_rules`, `effective_rules` and `check_rules` are about the roles and margins of metrics,
`check_policy` about the constants. Wrong values are refused here, so that other modules can trust
them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from harness.errors import BenchmarkError
from harness.records import MetricRule, Policy, Run
from harness.records.policy import SMALLEST_MARGIN

LIKELIHOOD = "ideal_likelihood"
SIMILARITIES = ("edit_similarity", "embedding_similarity")
LIKELIHOOD_MARGIN = 0.03
MARGIN = 0.05
CONSISTENCY = "consistency"
REPORTED = ("clean_rate", CONSISTENCY, "edit_rate")
"""Metrics that gate only where no other metric can."""

Rules = tuple[MetricRule, ...]


def is_tiny(value: object) -> bool:
    """Tell whether a number is nearer to 0 than any margin or risk may be."""
    return isinstance(value, float) and 0 < abs(value) < SMALLEST_MARGIN


@dataclass(frozen=True, slots=True)
class NumberRange:
    """The numbers that a field may hold."""

    low: float
    high: float
    whole: bool = False
    low_too: bool = False
    high_too: bool = False

    def holds(self, value: object) -> bool:
        """Tell whether a value is a number in the range; True is not the number 1."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        if not self.whole and not math.isfinite(value):
            return False
        above = value >= self.low if self.low_too else value > self.low
        below = value <= self.high if self.high_too else value < self.high
        return above and below and not is_tiny(value)

    def words(self) -> str:
        """Describe the range for an error message."""
        if self.whole:
            return f"a whole number from {self.low:g} to {self.high:g}"
        ends = [
            f"{self.low:g}{' (itself allowed)' if self.low_too else ''}",
            f"{self.high:g}{' (itself allowed)' if self.high_too else ''}",
        ]
        return f"a number between {ends[0]} and {ends[1]}"


@dataclass(frozen=True, slots=True)
class NumberRanges:
    """Several numbers, each of which a range holds."""

    each: NumberRange
    count: int

    def holds(self, value: object) -> bool:
        """Tell whether a value is so many numbers in the range."""
        if not isinstance(value, list | tuple) or len(value) != self.count:
            return False
        return all(self.each.holds(one) for one in value)

    def words(self) -> str:
        """Describe the numbers for an error message."""
        return f"a list of {self.count} numbers, each {self.each.words()},"


MARGINS = NumberRange(0, 1)
RISK = NumberRange(0, 0.5)
SHARE = NumberRange(0, 1, low_too=True, high_too=True)


def _count(low: int, high: int) -> NumberRange:
    return NumberRange(low, high, whole=True, low_too=True, high_too=True)


ALLOWED: dict[str, NumberRange | NumberRanges] = {
    "alpha": RISK,
    "broken_from": SHARE,
    "broken_below": SHARE,
    "broken_drop": NumberRange(0, 1, high_too=True),
    "broken_likelihood_drop": SHARE,
    "break_rate": NumberRange(0, 1),
    "break_alpha": RISK,
    "break_cover": NumberRange(0, 1),
    "slice_alpha": RISK,
    "slice_cases": _count(2, 1_000_000),
    "slice_exact": _count(1, 16),
    "slice_draws": _count(1_000, 1_000_000),
    "holm_alpha": RISK,
    "min_cases": _count(2, 1_000_000),
    "min_differences": _count(1, 1_000_000),
    "power": NumberRange(0.5, 1, low_too=True),
    "seed": _count(0, 2**63 - 1),
    "margin_share": NumberRange(0, 1, high_too=True),
    "drop_alpha": RISK,
    "guard_alpha": RISK,
    "collapse_drop": NumberRange(0, 1, high_too=True),
    "collapse_spread": NumberRange(0, 1_000, low_too=True),
    "text_drop": SHARE,
    "collapsed": _count(1, 1_000_000),
    "text_alpha": RISK,
    "slice_reject": RISK,
    "slice_hold": RISK,
    "slice_prior": _count(0, 1_000_000),
    "reserve_looks": NumberRanges(_count(1, 1_000_000), 2),
    "reserve_alpha": NumberRanges(RISK, 3),
    "reserve_drop": RISK,
    "reserve_collapsed": NumberRanges(_count(1, 1_000_000), 3),
    "reserve_text_drop": SHARE,
    "reserve_bears": _count(1, 1_000_000),
    "finals": _count(0, 100_000),
    "finals_reject": _count(1, 100_000),
    "finals_promote": _count(1, 100_000),
    "finals_rate": NumberRange(0, 1),
    "finals_alpha": RISK,
    "finals_cover": NumberRange(0, 1),
    "finals_slice": RISK,
    "finals_newer": _count(1, 100_000),
    "finals_drop": RISK,
    "set_aside": NumberRange(0, 1, low_too=True),
}
"""The range of every constant of a policy."""


FIRST_RULE_ONLY = (
    "broken_likelihood_drop",
    "break_rate",
    "break_alpha",
    "break_cover",
    "slice_alpha",
    "slice_exact",
    "slice_draws",
    "holm_alpha",
)
"""Constants that the second rule does not use; they are read, and said to have no effect."""


def default_rules(metrics: Collection[str]) -> Rules:
    """Return the role and margin of each metric for a benchmark that gives none."""
    likelihood = LIKELIHOOD in metrics
    similarities = [name for name in SIMILARITIES if name in metrics]
    others = [name for name in sorted(metrics) if name not in (LIKELIHOOD, *SIMILARITIES)]
    rules = [MetricRule(LIKELIHOOD, "gate", LIKELIHOOD_MARGIN)] if likelihood else []
    rules += [MetricRule(name, "guard" if likelihood else "gate", MARGIN) for name in similarities]
    if rules:
        return (*rules, *(MetricRule(name, "report") for name in others))
    # Without the usual metrics the user's own metrics gate, and without any of these all do.
    own = [name for name in others if name not in REPORTED] or others
    return tuple(
        MetricRule(name, "gate", MARGIN) if name in own else MetricRule(name, "report")
        for name in others
    )


def effective_rules(
    rules: Rules, candidate: Run, reference: Run | None
) -> tuple[Rules, tuple[str, ...]]:
    """Return the rules that can be followed with both runs' scores, and notes on the changes."""
    runs = [candidate] if reference is None else [candidate, reference]
    scored = [
        {name for one in run.results for name, score in one.scores.items() if score is not None}
        for run in runs
    ]
    return followable(rules, set.intersection(*scored), set.union(*scored))


def followable(
    rules: Rules, on_both: Collection[str], on_any: Collection[str]
) -> tuple[Rules, tuple[str, ...]]:
    """Drop a likelihood that either run lacks, and gate both similarities in its place."""
    check_rules(rules)
    if not rules:
        return default_rules(on_both), ()
    # Where several samples were drawn, their consistency is shown without being asked for.
    if CONSISTENCY in on_both and CONSISTENCY not in [rule.name for rule in rules]:
        rules = (*rules, MetricRule(CONSISTENCY, "report"))
    lost = next((rule for rule in rules if rule.name == LIKELIHOOD), None)
    if lost is None or LIKELIHOOD in on_both:
        return _with_margins(rules), ()
    kept = tuple(rule for rule in rules if rule.name != LIKELIHOOD)
    where = "on one side" if LIKELIHOOD in on_any else "from this engine"
    if lost.role != "gate":
        return _with_margins(kept), (f"no ideal likelihood {where}, so it is not judged",)
    # Without any similarity the gate stays, and the verdict says that its scores are missing.
    gated = [name for name in SIMILARITIES if name in on_both] or [SIMILARITIES[0]]
    others = tuple(rule for rule in kept if rule.name not in gated)
    gates = tuple(MetricRule(name, "gate", MARGIN) for name in gated)
    names = " and ".join(name.replace("_", " ") for name in gated)
    verb = "gate" if len(gated) > 1 else "gates"
    note = f"no ideal likelihood {where}, so {names} {verb} at a margin of {MARGIN:g} instead"
    return _with_margins((*gates, *others)), (note,)


def check_rules(rules: Iterable[MetricRule]) -> None:
    """Refuse unknown roles, impossible margins and repeated metrics."""
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise BenchmarkError(f"metric {rule.name!r} is given twice; keep one of the two")
        seen.add(rule.name)
        if rule.role not in ("gate", "guard", "report"):
            raise BenchmarkError(
                f"metric {rule.name!r} has role {rule.role!r}; gate, guard and report are allowed"
            )
        if rule.margin is not None and not MARGINS.holds(rule.margin):
            raise BenchmarkError(
                f"metric {rule.name!r} has margin {rule.margin!r}; a number above 0 and below 1 is "
                f"allowed, such as {MARGIN}{_least(rule.margin)}"
            )


def check_policy(policy: Policy) -> None:
    """Refuse constants out of their range, naming the field and the allowed values."""
    for name, allowed in ALLOWED.items():
        value = getattr(policy, name)
        if not allowed.holds(value):
            raise BenchmarkError(
                f"policy {name} is {value!r}; {allowed.words()} is allowed "
                f"(the default is {getattr(Policy(), name)!r}){_least(value)}"
            )
    if policy.reuse not in ("count", "spend"):
        raise BenchmarkError(
            f'policy reuse is {policy.reuse!r}; "count" and "spend" are allowed '
            '(the default is "count")'
        )


def _least(value: object) -> str:
    values = value if isinstance(value, list | tuple) else (value,)
    return f"; the smallest is {SMALLEST_MARGIN:g}" if any(map(is_tiny, values)) else ""


def _with_margins(rules: Rules) -> Rules:
    """Give gates and guards without a margin the default margin."""
    return tuple(
        replace(rule, margin=LIKELIHOOD_MARGIN if rule.name == LIKELIHOOD else MARGIN)
        if rule.margin is None and rule.role != "report"
        else rule
        for rule in rules
    )
