"""One look at the cases: every test at the levels of the look, what rejects and what holds.

Tested in tests/judge/rule2/test_decide.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from harness.judge.metric_pair import TOLERANCE
from harness.judge.paired import Flags, Paired
from harness.judge.policy import Rules
from harness.judge.rule2.collapses import Collapses, collapses
from harness.judge.rule2.drops import best_lower
from harness.judge.rule2.levels import Levels
from harness.judge.rule2.margin import UsedMargin, used_margin
from harness.judge.rule2.score_test import ScoreTest, score_test
from harness.judge.rule2.slice_tests import SliceTests, slice_tests
from harness.judge.rule2.units import strata_of
from harness.records import BASE, MetricRule, Policy, Verdict

RulingKind = Literal[
    "critical",
    "must",
    "collapsed",
    "dropped",
    "slice",
    "guard",
    "finals",
    "finals slice",
    "partial",
    "few",
    "no gate",
    "missing",
    "unknown",
    "not shown",
    "not better",
    "uncovered",
    "doubt",
    "slice doubt",
    "guard open",
    "finals open",
    "finals collapsed",
    "finals lean",
    "voice",
    "late",
]


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """A cause of the outcome; `reasons` turns it into a sentence."""

    kind: RulingKind
    about: ScoreTest | Verdict | str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LookEvidence:
    """The tests of the cases at one look."""

    paired: Paired
    policy: Policy
    levels: Levels
    reserve: int
    """Reserve cases among them."""
    identical: bool
    margins: Mapping[str, UsedMargin]
    """The margin of every gate against the first reference."""
    tests: tuple[ScoreTest, ...]
    """Every metric against the first reference."""
    pinned: tuple[ScoreTest, ...]
    """The gates against the pinned adapter."""
    base: tuple[ScoreTest, ...]
    """The gates against the base, where the candidate has to be better than the base."""
    collapses: Collapses
    slices: SliceTests
    accepted: frozenset[str]

    @property
    def gates(self) -> tuple[ScoreTest, ...]:
        """The gates against every reference that promotion needs them for."""
        return (*(t for t in self.tests if t.rule.role == "gate"), *self.pinned)

    @property
    def judged(self) -> bool:
        """Whether there are enough cases to generalise beyond them."""
        return self.paired.n >= self.policy.min_cases

    @property
    def superior(self) -> bool:
        """Whether the candidate is better on every gate: than the base where that is asked."""
        gates = self.base or tuple(t for t in self.tests if t.rule.role == "gate")
        return bool(gates) and all(test.better for test in gates)

    @property
    def collapsed(self) -> int:
        """Number of collapsed cases, or of groups with one."""
        return self.collapses.count(self.collapses.collapsed, self.paired.groups)

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Ids of the cases that fell as far as a collapse and that no person accepted."""
        return tuple(c for c in self.named(self.collapses.fell) if c not in self.accepted)

    def named(self, flags: Flags) -> tuple[str, ...]:
        """Return the ids of the flagged cases."""
        return tuple(self.paired.cases[i] for i in np.flatnonzero(flags))

    def rejecting(self) -> Iterator[Ruling]:
        """Yield what rejects; the first two are facts, which hold for however few cases."""
        if (self.collapses.collapsed & self.paired.critical).any():
            yield Ruling("critical")
        if self.paired.unmet:
            yield Ruling("must")
        if not self.judged:
            return
        if self.collapses.reject(self.paired.groups, self.levels):
            yield Ruling("collapsed")
        yield from (Ruling("dropped", test) for test in (*self.tests, *self.pinned) if test.dropped)
        yield from (Ruling("slice", name) for name in self.slices.lost)

    def holding(self, shown: bool = True) -> Iterator[Ruling]:
        """Yield what holds promotion back, the plainest first.

        `shown`: whether not-worse must be shown on the gates, or the finals may show it instead.
        """
        if not self.judged:
            yield Ruling("few")
            return
        if not self.gates:
            yield Ruling("no gate")
            return
        yield from (Ruling("missing", gate) for gate in self.gates if gate.pair.missing)
        if self.collapses.unknown.any() and not any(gate.pair.missing for gate in self.gates):
            yield Ruling("unknown")
        if shown:
            yield from self._not_shown()
        if len(self.uncovered) > self.levels.bears:
            yield Ruling("uncovered")
        yield from (Ruling("slice doubt", name) for name in self.slices.doubtful)
        yield from self.doubts()

    def _not_shown(self) -> Iterator[Ruling]:
        if self.base:
            if not self.superior:
                yield Ruling("not better")
            gates: tuple[ScoreTest, ...] = self.pinned
        else:
            gates = self.gates
        yield from (Ruling("not shown", gate) for gate in gates if not gate.not_worse)

    def doubts(self) -> Iterator[Ruling]:
        """Yield what holds promotion back at this look and at every later one.

        A candidate with higher scores could be rejected here; this one must not be promoted then.
        """
        if not self.judged:
            return
        for test in (*self.tests, *self.pinned):
            if test.could_drop:
                yield Ruling("doubt", test)
        yield from (Ruling("slice doubt", name) for name in self.slices.could_lose)
        fell = replace(self.collapses, collapsed=self.collapses.fell)
        critical = (fell.collapsed & self.paired.critical).any()
        if critical or fell.reject(self.paired.groups, self.levels):
            yield Ruling("uncovered")

    def firm(self) -> bool:
        """Tell whether no candidate with lower scores could have been promoted at this look."""
        if any(True for _ in self.doubts()) or not self.judged or not self.gates:
            return True
        if len(self.uncovered) > self.levels.bears or any(gate.pair.missing for gate in self.gates):
            return True
        if self.base and any(self._best(test) <= TOLERANCE for test in self.base):
            return True
        return any(
            self._best(gate) <= -(gate.rule.margin or 0.0) + TOLERANCE
            for gate in (self.pinned if self.base else self.gates)
        )

    def _best(self, test: ScoreTest) -> float:
        """Return the best lower bound of a test that lower scores could reach."""
        own = -1.0 if test.answer.lower is None else test.answer.lower
        if test.units.n < 2:
            return own
        return max(own, best_lower(test.units.d, test.units.strata, self.levels.alpha))


def look_at(
    paired: Paired,
    rules: Rules,
    pinned_rules: Rules,
    policy: Policy,
    levels: Levels,
    *,
    margins: Mapping[str, UsedMargin] | None = None,
    reserve: int = 0,
    accepted: frozenset[str] = frozenset(),
    must_be_better: bool = False,
) -> LookEvidence:
    """Test every metric, case and slice.

    `margins` are those of the benchmark's own cases; a gate without one keeps what it declares.
    """
    first, strata, identical = paired.against, strata_of(paired), _identical(paired)
    gates = [rule for rule in rules if rule.role == "gate"]
    if margins is None:
        margins = {rule.name: used_margin(paired, rule, policy) for rule in gates}
    used = margins
    gainless = any(margin.source == "none" for margin in used.values())
    rules = tuple(_with_margin(rule, used) for rule in rules)
    tests = [
        score_test(paired, rule, first, policy, levels, strata, identical, bare=gainless)
        for rule in rules
    ]
    against_pinned = tuple(
        score_test(paired, _with_margin(rule, used), "pinned", policy, levels, strata)
        for rule in pinned_rules
        if rule.role == "gate" and first != "pinned" and "pinned" in paired.references
    )
    over_base: tuple[ScoreTest, ...] = ()
    if (must_be_better or gainless) and BASE in paired.references:
        over_base = tuple(
            score_test(paired, rule, BASE, policy, levels, strata)
            for rule in rules
            if rule.role == "gate"
        )
    gate = next((test for test in tests if test.rule.role == "gate"), None)
    return LookEvidence(
        paired=paired,
        policy=policy,
        levels=levels,
        reserve=reserve,
        identical=identical,
        margins=used,
        tests=tuple(tests),
        pinned=against_pinned,
        base=over_base,
        collapses=collapses(paired, rules, policy, levels),
        slices=SliceTests() if gate is None else slice_tests(paired, gate, policy, levels),
        accepted=accepted,
    )


def _with_margin(rule: MetricRule, used: Mapping[str, UsedMargin]) -> MetricRule:
    return replace(rule, margin=used[rule.name].value) if rule.name in used else rule


def _identical(paired: Paired) -> bool:
    """Tell whether all scores, and all texts where known, equal the first reference's."""
    before = paired.references.get(paired.against)
    if before is None or not paired.n or paired.same_texts is False:
        return False
    return np.allclose(paired.candidate, before, rtol=0.0, atol=TOLERANCE, equal_nan=True)
