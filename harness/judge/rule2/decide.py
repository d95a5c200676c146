"""The outcome: what the finals and the cases show, then reserve cases while the verdict is open.

A rejection needs one cause; a promotion needs that nothing holds it back, at this look and at all
looks before.

Tested in tests/judge/rule2/test_decide.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.judge.metric_pair import TOLERANCE
from harness.judge.paired import Paired
from harness.judge.policy import Rules
from harness.judge.rule2.finals import Finals, FinalsEvidence, finals_evidence
from harness.judge.rule2.levels import Levels, alone, beside_finals, looks
from harness.judge.rule2.look import LookEvidence, Ruling, look_at
from harness.judge.rule2.margin import used_margin
from harness.records import Outcome, Policy, Verdict, WeighedFinal


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Everything that a verdict on a task's benchmark rests on."""

    paired: Paired
    """The benchmark's cases and the reserve's."""
    rules: Rules
    policy: Policy
    alpha: float
    pinned_rules: Rules = ()
    reserve: tuple[str, ...] = ()
    """Ids of the reserve cases that were run, in their order."""
    available: int = 0
    """Reserve cases that there are; more are run while the verdict is open."""
    finals: Finals | None = None
    sent: tuple[WeighedFinal, ...] = ()
    """The same finals as they came, to be recorded where the verdict may be judged again."""
    accepted: frozenset[str] = frozenset()
    guards: tuple[Verdict, ...] = ()
    complete: bool = True
    must_be_better: bool = False
    guard: bool = False
    """Whether the benchmark is a guard, which asks about forgetting."""

    @property
    def own(self) -> tuple[str, ...]:
        """Ids of the benchmark's own cases."""
        reserve = frozenset(self.reserve)
        return tuple(case for case in self.paired.cases if case not in reserve)


@dataclass(frozen=True, slots=True, eq=False)
class Conclusion:
    """The outcome with its causes, and the evidence at the last look."""

    outcome: Outcome
    causes: tuple[Ruling, ...]
    look: LookEvidence
    looks: int
    """How often the cases were looked at."""
    finals: FinalsEvidence | None
    by_finals: bool = False
    """Whether the finals decided."""
    planned: tuple[int, ...] = field(default=())
    """Reserve cases at each look that was possible."""
    wanted: int = 0
    """Reserve cases of the next look, which were not run yet."""


def decide(trial: Trial) -> Conclusion:
    """Return the outcome of a trial."""
    policy = trial.policy
    finals = None
    if trial.finals is not None and not trial.must_be_better and trial.complete:
        finals = finals_evidence(trial.finals, policy, trial.alpha)
    schedule = _scheduled(trial)
    plan = schedule or [(0, alone(policy, trial.alpha))]
    planned = tuple(count for count, _ in schedule)
    first = first_look(trial)
    if finals is not None and (found := _by_finals(trial, first, finals, planned)) is not None:
        return found
    doubts: list[Ruling] = []
    look, number, holding = first, 0, list[Ruling]()
    # Whether a candidate with lower scores could have been promoted before this look.
    firm = finals is None or not finals.may_promote or _finals_firm(trial, first, finals)
    for number, (count, levels) in enumerate(plan, start=1):
        if count > len(trial.reserve):
            return Conclusion(
                "inconclusive", tuple(holding), look, number - 1, finals, False, planned, count
            )
        look = first if number == 1 else _look(trial, count, levels)
        rejecting = [*look.rejecting(), *_guards(trial, "reject")]
        if rejecting and firm:
            return Conclusion("reject", tuple(rejecting), look, number, finals, planned=planned)
        if rejecting:
            holding = [Ruling("late"), *rejecting]
            break
        holding = _distinct([*_partial(trial), *look.holding(), *_guards(trial, "inconclusive")])
        holding += [one for one in doubts if one.kind not in {other.kind for other in holding}]
        holding += _held_by(finals, look)
        if not holding:
            return Conclusion("promote", (), look, number, finals, planned=planned)
        doubts += look.doubts()
        firm = firm and (look.firm() or _blocked(trial))
        if not _may_help(trial, look):
            break
    return Conclusion("inconclusive", tuple(holding), look, number, finals, planned=planned)


def first_look(trial: Trial) -> LookEvidence:
    """Look at the benchmark's own cases, at the levels of a verdict's first look."""
    schedule = _scheduled(trial)
    return _look(trial, 0, schedule[0][1] if schedule else alone(trial.policy, trial.alpha))


def _scheduled(trial: Trial) -> list[tuple[int, Levels]]:
    """Return the looks that the reserve allows; none where the cases are judged alone."""
    reserve = max(trial.available, len(trial.reserve))
    return looks(trial.policy, trial.alpha, len(trial.own), reserve)


def _by_finals(
    trial: Trial, first: LookEvidence, finals: FinalsEvidence, planned: tuple[int, ...]
) -> Conclusion | None:
    """Decide where the finals can: reject, promote, or hold; None leaves it to the cases."""
    levels = beside_finals(trial.policy, trial.alpha)
    beside = _look(trial, 0, levels) if finals.may_promote else first
    rejecting: list[Ruling] = []
    if finals.may_promote:
        rejecting += [*beside.rejecting(), *_guards(trial, "reject")]
    if finals.rejects and not finals.moved:
        kind = [Ruling("finals")] if finals.k >= finals.reject_from else []
        rejecting += kind + [Ruling("finals slice", name) for name in finals.lost]
    if rejecting:
        told = any(one.kind.startswith("finals") for one in rejecting)
        return Conclusion("reject", tuple(rejecting), beside, 1, finals, told, planned)
    if finals.may_promote and _promoted_by(trial, first, beside, finals):
        return Conclusion("promote", (), beside, 1, finals, True, planned)
    if not finals.may_promote or planned:
        return None
    holding = _distinct(
        [
            *_partial(trial),
            *beside.holding(),
            *_guards(trial, "inconclusive"),
            *_held_by(finals, beside),
        ]
    )
    if not holding:
        holding = [Ruling("finals open")]
    return Conclusion("inconclusive", tuple(holding), beside, 1, finals, True, planned)


def _promoted_by(
    trial: Trial, first: LookEvidence, beside: LookEvidence, finals: FinalsEvidence
) -> bool:
    """Tell whether cases and finals together promote."""
    if not finals.covered or (finals.moved and finals.rejects):
        return False
    if [*_partial(trial), *_guards(trial, "inconclusive")] or not beside.judged:
        return False
    # With a reserve the cases are looked at further: what could reject there holds here as well.
    if (trial.reserve or trial.available) and any(True for _ in first.doubts()):
        return False
    margin = _margin(beside)
    bears = 1 if finals.k == 0 else 0
    # What the finals may stand in for: not-worse on the first gate, and one collapsed case.
    held = [
        one
        for one in beside.holding()
        if not (one.kind == "not shown" and one.about in _first_gate(beside))
        and not (one.kind == "uncovered" and _borne(beside, bears))
    ]
    if held:
        return False
    shown = not [one for one in first.holding() if one.kind in ("not shown", "not better")]
    if shown and first.collapsed == 0 and finals.low > -2 * margin + TOLERANCE:
        return True
    gate = next(test for test in beside.tests if test.rule.role == "gate")
    return finals.low > -margin + TOLERANCE and gate.units.mean >= -margin - TOLERANCE


def _blocked(trial: Trial) -> bool:
    """Tell whether something apart from the scores holds promotion back."""
    return bool([*_partial(trial), *_guards(trial, "inconclusive")])


def _finals_firm(trial: Trial, first: LookEvidence, finals: FinalsEvidence) -> bool:
    """Tell whether no candidate with lower scores could have been promoted by the finals."""
    beside = _look(trial, 0, beside_finals(trial.policy, trial.alpha))
    margin, low = _margin(beside), finals.best_low
    if not finals.covered or _blocked(trial) or any(True for _ in beside.doubts()):
        return True
    gate = next((test for test in beside.tests if test.rule.role == "gate"), None)
    if gate is None or low <= -2 * margin + TOLERANCE:
        return True
    by_mean = low > -margin + TOLERANCE and gate.units.mean >= -margin - TOLERANCE
    return not by_mean and first.firm()


def _borne(look: LookEvidence, bears: int) -> bool:
    """Tell whether the collapsed cases are few enough, those excused by the scatter included."""
    fell = look.collapses.count(look.collapses.fell, look.paired.groups)
    critical = bool((look.collapses.fell & look.paired.critical).any())
    return len(look.uncovered) <= bears and fell < look.levels.collapsed and not critical


def _first_gate(look: LookEvidence) -> tuple[object, ...]:
    return tuple(test for test in look.tests if test.rule.role == "gate")[:1]


def _margin(look: LookEvidence) -> float:
    return next((used.value for used in look.margins.values()), 0.0)


def _held_by(finals: FinalsEvidence | None, look: LookEvidence) -> list[Ruling]:
    """Return what the finals hold promotion back for, also where the cases would promote."""
    if finals is None:
        return []
    if finals.moved and finals.rejects:
        return [Ruling("voice")]
    if not finals.covered:
        return [Ruling("finals collapsed")]
    if finals.may_promote and not finals.low > -2 * _margin(look) + TOLERANCE:
        return [Ruling("finals lean")]
    return []


def _look(trial: Trial, reserve: int, levels: Levels) -> LookEvidence:
    """Look at the benchmark's cases and the first `reserve` of the reserve's."""
    own = trial.paired.part(trial.own)
    margins = {
        rule.name: used_margin(own, rule, trial.policy)
        for rule in trial.rules
        if rule.role == "gate"
    }
    paired = own if not reserve else trial.paired.part((*trial.own, *trial.reserve[:reserve]))
    return look_at(
        paired,
        trial.rules,
        trial.pinned_rules or trial.rules,
        trial.policy,
        levels,
        margins=margins,
        reserve=reserve,
        accepted=trial.accepted,
        must_be_better=trial.must_be_better,
    )


def _partial(trial: Trial) -> Iterator[Ruling]:
    if not trial.complete:
        yield Ruling("partial")


def _guards(trial: Trial, outcome: Outcome) -> Iterator[Ruling]:
    kind = "guard" if outcome == "reject" else "guard open"
    for each in trial.guards:
        if each.outcome == outcome:
            yield Ruling(kind, each)  # type: ignore[arg-type]  # one of two kinds


def _may_help(trial: Trial, look: LookEvidence) -> bool:
    """Tell whether more cases could decide: not where the run is partial or cannot be judged."""
    blocking = ("few", "no gate", "missing", "unknown")
    return trial.complete and not any(one.kind in blocking for one in look.holding())


def _distinct(rulings: Sequence[Ruling]) -> list[Ruling]:
    """Return rulings without repeats of the same kind about the same thing."""
    found: list[Ruling] = []
    for one in rulings:
        if not any(one.kind == o.kind and one.about is o.about for o in found):
            found.append(one)
    return found
