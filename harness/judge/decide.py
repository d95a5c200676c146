"""The decision itself: what rejects, what keeps from promoting, and nothing else.

A rejection needs one finding; a promotion needs that nothing is left open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.judge.evidence import Evidence
from harness.judge.metric_test import Standing
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
class Finding:
    """One thing that decided; its words are made elsewhere."""

    kind: Kind
    about: Standing | Verdict | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides beside the scores."""

    complete: bool = True
    """Whether every case of the benchmark was run."""
    must_be_better: bool = False
    """The first adapter of a task replaces nothing: not worse than the base is not enough."""
    guards: tuple[Verdict, ...] = ()


def decide(evidence: Evidence, circumstances: Circumstances) -> tuple[Outcome, tuple[Finding, ...]]:
    """The outcome with what decided it; nothing at all is left open by a promotion."""
    against = _against(evidence, circumstances)
    if against:
        return "reject", against
    still_open = _open(evidence, circumstances)
    return ("inconclusive", still_open) if still_open else ("promote", ())


def _against(evidence: Evidence, circumstances: Circumstances) -> tuple[Finding, ...]:
    """What rejects. The first two are facts on these cases, however few there are."""
    found: list[Finding] = []
    if evidence.critical_broken:
        found.append(Finding("critical"))
    if evidence.paired.unmet:
        found.append(Finding("must"))
    if evidence.judged:
        if evidence.breakage.k >= evidence.too_many:
            found.append(Finding("broke"))
        found += [Finding("dropped", standing) for standing in evidence.dropped]
        if evidence.slices is not None and evidence.slices.lost:
            found.append(Finding("slice"))
    found += [Finding("guard", each) for each in circumstances.guards if each.outcome == "reject"]
    return tuple(found)


def _open(evidence: Evidence, circumstances: Circumstances) -> tuple[Finding, ...]:
    """What keeps from promoting, the plainest first."""
    found: list[Finding] = []
    if not circumstances.complete:
        found.append(Finding("partial"))
    if not evidence.judged:
        return tuple(found) or (Finding("few"),)  # of a partial run, few cases are no news
    if not evidence.gates:
        return (*found, Finding("no gate"))
    missing = [gate for gate in evidence.gates if gate.sides.missing]
    found += [Finding("missing", gate) for gate in missing]
    if evidence.breakage.unknown.any() and evidence.breakage.metric not in _names(missing):
        found.append(Finding("unknown"))
    found += [Finding("not shown", gate) for gate in evidence.gates if not gate.not_worse]
    if circumstances.must_be_better and not evidence.superior:
        found.append(Finding("not better"))
    if not _breaks_covered(evidence):
        found.append(Finding("uncovered"))
    if evidence.slices is not None and evidence.slices.doubtful:
        found.append(Finding("slice doubt"))
    found += [Finding("guard doubt", s) for s in evidence.standings if s.may_not_promote]
    return tuple(found)


def _breaks_covered(evidence: Evidence) -> bool:
    if len(evidence.uncovered) <= evidence.covered:
        return True
    return evidence.superior and evidence.breakage.k <= int(evidence.breakage.fixed.sum())


def _names(standings: list[Standing]) -> set[str]:
    return {standing.rule.name for standing in standings}
