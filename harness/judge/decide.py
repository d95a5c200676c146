"""The decision itself: what rejects, what keeps from promoting, and nothing else.

A rejection needs one finding; a promotion needs that nothing is left open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.judge.evidence import Evidence
from harness.judge.metric_test import MetricTest
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
    """One thing that decided; its words are made elsewhere."""

    kind: Kind
    about: MetricTest | Verdict | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides beside the scores."""

    complete: bool = True
    """Whether every case of the benchmark was run."""
    must_be_better: bool = False
    """The first adapter of a task replaces nothing: not worse than the base is not enough."""
    guards: tuple[Verdict, ...] = ()


def decide(evidence: Evidence, circumstances: Circumstances) -> tuple[Outcome, tuple[Cause, ...]]:
    """The outcome with what decided it; nothing at all is left open by a promotion."""
    against = _against(evidence, circumstances)
    if against:
        return "reject", against
    still_open = _open(evidence, circumstances)
    return ("inconclusive", still_open) if still_open else ("promote", ())


def _against(evidence: Evidence, circumstances: Circumstances) -> tuple[Cause, ...]:
    """What rejects. The first two are facts on these cases, however few there are."""
    found: list[Cause] = []
    if evidence.critical_broken:
        found.append(Cause("critical"))
    if evidence.paired.unmet:
        found.append(Cause("must"))
    if evidence.judged:
        if evidence.breakage.k >= evidence.too_many:
            found.append(Cause("broke"))
        found += [Cause("dropped", standing) for standing in evidence.dropped]
        if evidence.slices is not None and evidence.slices.lost:
            found.append(Cause("slice"))
    found += [Cause("guard", each) for each in circumstances.guards if each.outcome == "reject"]
    return tuple(found)


def _open(evidence: Evidence, circumstances: Circumstances) -> tuple[Cause, ...]:
    """What keeps from promoting, the plainest first."""
    found: list[Cause] = []
    if not circumstances.complete:
        found.append(Cause("partial"))
    if not evidence.judged:
        return tuple(found) or (Cause("few"),)  # of a partial run, few cases are no news
    if not evidence.gates:
        return (*found, Cause("no gate"))
    missing = [gate for gate in evidence.gates if gate.sides.missing]
    found += [Cause("missing", gate) for gate in missing]
    if evidence.breakage.unknown.any() and evidence.breakage.metric not in _names(missing):
        found.append(Cause("unknown"))
    found += [Cause("not shown", gate) for gate in evidence.gates if not gate.not_worse]
    if circumstances.must_be_better and not evidence.superior:
        found.append(Cause("not better"))
    if not _breaks_covered(evidence):
        found.append(Cause("uncovered"))
    if evidence.slices is not None and evidence.slices.doubtful:
        found.append(Cause("slice doubt"))
    found += [Cause("guard doubt", s) for s in evidence.standings if s.may_not_promote]
    return tuple(found)


def _breaks_covered(evidence: Evidence) -> bool:
    if len(evidence.uncovered) <= evidence.covered:
        return True
    return evidence.superior and evidence.breakage.k <= int(evidence.breakage.fixed.sum())


def _names(standings: list[MetricTest]) -> set[str]:
    return {standing.rule.name for standing in standings}
