"""The sentence that a team lead reads of a promotion: what was shown, on what, and how surely.

Tested in tests/judge/rule2/test_promotion.py.
"""

from __future__ import annotations

from harness.judge import wording
from harness.judge.intervals import upper_share
from harness.judge.metric_pair import TOLERANCE
from harness.judge.rule2.decide import Conclusion
from harness.judge.rule2.finals import FinalsEvidence
from harness.judge.rule2.look import LookEvidence
from harness.judge.rule2.score_test import ScoreTest
from harness.records import BASE
from harness.text.figures import month


def promotion(found: Conclusion) -> str:
    """Return the sentence on a candidate that is promoted."""
    look, finals = found.look, found.finals
    if finals is None or not finals.may_promote:
        return f"{_by_cases(look)}{_may_break(look)}{_beside(finals)}"
    lost = "none" if not finals.k else f"{finals.k} of them"
    can = f"; {lost} would be lost, so at most {wording.percent(finals.cover)} can be"
    gates = shown_gates(look)
    if not all(gate.not_worse for gate in gates):
        left = f"which {_cases(look)} alone leave open ({_means(gates)} on average)"
        return f"not worse on {_texts(finals)}, {left}{can}"
    if finals.low > -_margin(look) + TOLERANCE:
        return f"{_by_cases(look)}, nor on {_texts(finals)}{can}"
    return f"{_by_cases(look)}; of {_texts(finals)} {can.removeprefix('; ')}"


def _by_cases(look: LookEvidence) -> str:
    """Say what the cases show."""
    gates = shown_gates(look)
    if look.superior:
        than = " than the base" if look.base or look.paired.against == BASE else ""
        return f"better{than} on {_cases(look)} ({_means(gates)} on average)"
    return f"not worse on {_cases(look)} ({_drops(gates)})"


def shown_gates(look: LookEvidence) -> tuple[ScoreTest, ...]:
    """Return the gates of a promotion: against the base where they hold there, else promoted."""
    if look.base and all(test.not_worse for test in look.base):
        return look.base
    return tuple(test for test in look.tests if test.rule.role == "gate")


def _margin(look: LookEvidence) -> float:
    return next((used.value for used in look.margins.values()), 0.0)


def _cases(look: LookEvidence) -> str:
    """Name the cases, and those of the reserve among them."""
    own = wording.cases(look.paired.n - look.reserve)
    return f"{own} and {look.reserve} of the reserve" if look.reserve else own


def _texts(finals: FinalsEvidence) -> str:
    """Name the texts, with the month of the oldest where the times are known."""
    times = finals.finals.at
    since = month(min(times)) if all(times) else ""
    return f"{finals.finals.n} texts that people sent" + (f" since {since}" if since else "")


def _means(gates: tuple[ScoreTest, ...]) -> str:
    return _each(gates, [wording.signed(gate.units.mean) for gate in gates])


def _drops(gates: tuple[ScoreTest, ...]) -> str:
    """Say how much lower each gate may be at most."""
    lowest = [max(0.0, -(gate.answer.lower or 0.0)) for gate in gates]
    said = [f"at most {wording.number(low)} lower" if low else "not lower" for low in lowest]
    return _each(gates, said)


def _each(gates: tuple[ScoreTest, ...], said: list[str]) -> str:
    """Join figures; several gates are named."""
    if len(gates) == 1:
        return said[0]
    pairs = zip(gates, said, strict=True)
    return ", ".join(f"{wording.metric(gate.rule.name)} {words}" for gate, words in pairs)


def _may_break(look: LookEvidence) -> str:
    """Say how many could break, where none of those that can did."""
    can = int(look.collapses.can.sum())
    if not can or look.collapsed:
        return ""
    bound = wording.percent(upper_share(0, can, look.policy.alpha))
    return f"; none of {can} that can break did, so at most {bound} can"


def _beside(finals: FinalsEvidence | None) -> str:
    """Say how many texts would be lost, where they are enough to reject but not to promote."""
    if finals is None or not finals.may_reject:
        return ""
    lost = "none" if not finals.k else str(finals.k)
    return f"; of {_texts(finals)} {lost} would be lost"
