"""Record what the cases, the reserve and the finals show, each with its conclusion in few words.

Tested in tests/judge/rule2/test_rests_on.py.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.judge.metric_pair import TOLERANCE
from harness.judge.rule2.decide import Conclusion, Trial, first_look
from harness.judge.rule2.finals import FinalsEvidence
from harness.judge.rule2.look import LookEvidence, RulingKind
from harness.judge.rule2.score_test import ScoreTest
from harness.records import CasesUse, FinalsUse, MarginUse, Outcome, ReserveUse, WeighedFinal

AGAINST: Mapping[RulingKind, str] = {
    "critical": "a critical case collapsed",
    "must": "a check that must hold fails",
    "collapsed": "too many collapsed",
    "dropped": "dropped beyond chance",
    "slice": "a slice lost more than the margin",
}
"""What rejects, the most important first."""
OPEN: Mapping[RulingKind, str] = {
    "few": "too few cases",
    "no gate": "no metric is a gate",
    "missing": "scores are missing",
    "unknown": "scores are missing",
    "not better": "not shown to be better than the base",
    "not shown": "not worse is not shown",
    "uncovered": "a collapsed case is not accepted",
    "slice doubt": "a slice may have lost too much",
    "doubt": "fell too evenly to be sure",
}
"""What leaves it open."""
KEPT: Mapping[Outcome, str] = {
    "promote": "kept",
    "inconclusive": "open",
    "reject": "forgotten",
}
"""The conclusion on a guard benchmark."""


def margins_used(look: LookEvidence) -> tuple[MarginUse, ...]:
    """Return the margin of every gate, and where it comes from."""
    return tuple(
        MarginUse(name, used.value, used.declared, used.source, used.gain)
        for name, used in look.margins.items()
    )


def cases_used(trial: Trial, found: Conclusion) -> CasesUse:
    """Return what the benchmark's own cases show, before any reserve case was looked at."""
    look = found.look if not found.look.reserve else first_look(trial)
    mean, low = _bounds(look)
    return CasesUse(
        n=look.paired.n,
        mean=mean,
        low=low,
        collapsed=look.collapsed,
        can_break=int(look.collapses.can.sum()),
        says=KEPT[found.outcome] if trial.guard else _says(look),
    )


def reserve_used(trial: Trial, found: Conclusion) -> ReserveUse | None:
    """Return what the reserve shows together with the cases; None where there is no reserve."""
    available, look = max(trial.available, len(trial.reserve)), found.look
    if not available:
        return None
    if not look.reserve:
        says = _unused(found, available, trial.policy.reserve_looks)
        return ReserveUse(found.looks, 0, available, found.wanted, says=says)
    mean, low = _bounds(look)
    return ReserveUse(
        looks=found.looks,
        used=look.reserve,
        available=available,
        wanted=found.wanted,
        mean=mean,
        low=low,
        collapsed=look.collapsed,
        says=_says(look),
    )


def finals_used(found: Conclusion, sent: tuple[WeighedFinal, ...]) -> FinalsUse | None:
    """Return what the texts show that people sent; None where none were weighed."""
    finals = found.finals
    if finals is None:
        return None
    few = "" if finals.may_reject else f"fewer than {finals.policy.finals_reject} decide nothing"
    times = finals.finals.at
    return FinalsUse(
        n=finals.finals.n,
        collapsed=finals.k,
        mean=finals.mean,
        low=finals.low,
        cover=finals.cover,
        decides=finals.may_promote or finals.rejects,
        texts=tuple(finals.finals.ids[i] for i in np.flatnonzero(finals.collapsed)),
        slices=finals.lost,
        note=few,
        weighed=sent,
        since=min(times) if all(times) else "",
        says=_finals_say(finals, found.look),
    )


def _gate(look: LookEvidence) -> ScoreTest | None:
    return next((test for test in look.tests if test.rule.role == "gate"), None)


def _bounds(look: LookEvidence) -> tuple[float | None, float | None]:
    """Return the mean difference on the first gate, and its one-sided lower bound."""
    gate = _gate(look)
    if gate is None or not gate.units.n:
        return None, None
    return gate.units.mean, gate.answer.lower


def _says(look: LookEvidence) -> str:
    """Return the conclusion of a look: what rejects, else what is open, else what is shown."""
    for said, rulings in ((AGAINST, look.rejecting()), (OPEN, look.holding())):
        kinds = {ruling.kind for ruling in rulings}
        words = [words for kind, words in said.items() if kind in kinds]
        if words:
            return ", ".join(dict.fromkeys(words))
    if look.identical:
        return "identical"
    if look.base:
        return "better than the base"
    return "better" if look.superior else "not worse"


def _unused(found: Conclusion, available: int, looks: tuple[int, ...]) -> str:
    """Say why no reserve case was looked at."""
    if found.wanted:
        return f"{found.wanted} would be looked at next"
    if looks and available < looks[0]:
        return f"too small: the first look takes {looks[0]}"
    return "would not help" if found.outcome == "inconclusive" else "not needed"


def _finals_say(finals: FinalsEvidence, look: LookEvidence) -> str:
    """Return the conclusion of the finals, by the rules that `decide` follows."""
    margin = next((used.value for used in look.margins.values()), 0.0)
    if not finals.may_reject:
        return f"{finals.finals.n} of the {finals.policy.finals_reject} that may decide"
    if finals.rejects and finals.moved:
        return "only older ones are lost, the voice may have moved"
    if finals.rejects:
        return "too many are lost"
    if not finals.covered:
        return "too many may be lost"
    if not finals.may_promote:
        return f"none may promote below {finals.policy.finals_promote}"
    if finals.low > -margin + TOLERANCE:
        return "not worse"
    if finals.low > -2 * margin + TOLERANCE:
        return "within twice the margin"
    return "too far below"
