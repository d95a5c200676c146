"""The decision from the evidence: causes that reject, and causes that prevent promotion.

A rejection needs one cause; a promotion needs that no cause of either kind is found.

Tests: tests/judge/test_verdict.py, test_first.py and test_properties.py.

Tested in tests/judge/test_verdict.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.judge.metric_test import MetricTest
from harness.judge.rule1.evidence import Evidence
from harness.records import Outcome, Verdict

Kind = Literal[
    "critical",
    "must",
    "broke",
    "slice",
    "dropped",
    "guard",
    "partial",
    "nothing",
    "few",
    "no gate",
    "missing",
    "unknown",
    "not shown",
    "not better",
    "uncovered",
    "slice doubt",
    "guard doubt",
]


@dataclass(frozen=True, slots=True, eq=False)
class Cause:
    """A cause of the decision; `reasons` turns it into a sentence."""

    kind: Kind
    about: MetricTest | Verdict | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The facts that decide beside the scores."""

    complete: bool = True
    """Whether every case of the benchmark was run."""
    must_be_better: bool = False
    """For the first adapter of a task, not being worse than the base is not enough."""
    guards: tuple[Verdict, ...] = ()


def decide(evidence: Evidence, circumstances: Circumstances) -> tuple[Outcome, tuple[Cause, ...]]:
    """Return the outcome and its causes; a promotion has none."""
    rejecting = _rejecting(evidence, circumstances)
    if rejecting:
        return "reject", rejecting
    still_open = _open(evidence, circumstances)
    return ("inconclusive", still_open) if still_open else ("promote", ())


def _rejecting(evidence: Evidence, circumstances: Circumstances) -> tuple[Cause, ...]:
    """Return the causes that reject."""
    found: list[Cause] = []
    # These two are facts about the cases themselves, so they hold for however few cases.
    if evidence.critical_broken:
        found.append(Cause("critical"))
    if evidence.paired.unmet:
        found.append(Cause("must"))
    if evidence.judged:
        if evidence.breakage.k >= evidence.too_many:
            found.append(Cause("broke"))
        found += [Cause("dropped", test) for test in evidence.dropped]
        if evidence.slices is not None and evidence.slices.lost:
            found.append(Cause("slice"))
    found += [Cause("guard", each) for each in circumstances.guards if each.outcome == "reject"]
    return tuple(found)


def _open(evidence: Evidence, circumstances: Circumstances) -> tuple[Cause, ...]:
    """Return the causes that prevent promotion, the plainest first."""
    found: list[Cause] = []
    if not circumstances.complete:
        found.append(Cause("partial"))
    if not evidence.judged:
        # A partial run has few cases by choice, so that need not be said.
        return tuple(found) or (Cause("few"),)
    if not evidence.gates:
        return (*found, Cause("no gate"))
    missing = [gate for gate in evidence.gates if gate.pair.missing]
    found += [Cause("missing", gate) for gate in missing]
    named = {gate.rule.name for gate in missing}
    if evidence.breakage.unknown.any() and evidence.breakage.metric not in named:
        found.append(Cause("unknown"))
    found += [Cause("not shown", gate) for gate in evidence.gates if not gate.not_worse]
    if circumstances.must_be_better and not evidence.superior:
        found.append(Cause("not better"))
    if not evidence.breaks_covered:
        found.append(Cause("uncovered"))
    if evidence.slices is not None and evidence.slices.doubtful:
        found.append(Cause("slice doubt"))
    found += [Cause("guard doubt", test) for test in evidence.tests if test.may_not_promote]
    return tuple(found)
