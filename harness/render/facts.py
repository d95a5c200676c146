"""What is shown with every verdict: the margin, the risk, what can break, who was judged before.

Each fact is a label with a sentence; verdicts of the first rule have these in their notes.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.records import BASE, MarginUse, Verdict
from harness.render.evidence import UNUSED, is_guard
from harness.text.figures import count, margin, metric_title, rough_percent, score, signed

BAR_MOVED = "the bar moved"
JUDGED_BY = "judged by"
FORGETTING_NOTE = "forgetting was "
"""How the note begins that a project without a guard gets."""


def facts(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """Return labels with sentences, those that may change a decision first."""
    if verdict.rule < 2:
        return ()
    found = (
        (BAR_MOVED, moved_bar(verdict)),
        (JUDGED_BY, judged_by(verdict)),
        ("margin", "; ".join(_margins(verdict))),
        ("risk", "; ".join(_risks(verdict))),
        ("can certify", _certifiable(verdict)),
        ("can break", _can_break(verdict)),
        ("forgetting", _forgetting(verdict)),
        ("candidates", _candidates(verdict)),
    )
    return tuple((label, said) for label, said in found if said)


def other_notes(verdict: Verdict) -> tuple[str, ...]:
    """Return the notes that neither the rows of evidence nor the facts tell."""
    if verdict.rule < 2:
        return verdict.notes
    told = (*UNUSED, FORGETTING_NOTE)
    return tuple(note for note in verdict.notes if not note.startswith(told))


def moved_bar(verdict: Verdict) -> str:
    """Say how the bar differs from the last promotion's; empty where it does not."""
    moved = [said.removeprefix(f"{BAR_MOVED}: ") for said in verdict.bar_moved]
    if not moved:
        return ""
    return f"{'; '.join(moved)}. Who promotes has to say why (--why)"


def judged_by(verdict: Verdict) -> str:
    """Say which commit set the bar, and what the working folder changes of it; else empty."""
    if not verdict.bar_commit:
        return ""
    said = f"the benchmark, policy, settings and history of commit {verdict.bar_commit[:12]}"
    if not verdict.bar_differs:
        return said
    return f"{said}. Changed here, and not used: {'; '.join(verdict.bar_differs)}"


def _margins(verdict: Verdict) -> Iterator[str]:
    for used in verdict.margins:
        named = f"{metric_title(used.metric)} " if len(verdict.margins) > 1 else ""
        yield named + _margin(used, verdict)


def _margin(used: MarginUse, verdict: Verdict) -> str:
    """Write the margin and where it comes from."""
    name, share = verdict.promoted or BASE, verdict.policy.margin_share
    part = "half" if share == 0.5 else rough_percent(share)
    if used.source == "gain":
        gain = f"{part} of what {name} gains over the base ({signed(used.gain)})"
        return f"{margin(used.used)}, {gain}; declared is {margin(used.declared)}"
    if used.source == "none":
        return f"not used: {name} is not better than the base, which the candidate has to be"
    declared = f"{margin(used.used)}, as declared"
    if used.gain is not None:
        return f"{declared}; {name} gains {signed(used.gain)} over the base"
    if verdict.promoted is None:
        return declared
    return f"{declared}; what {name} gains over the base is not known and may be less"


def _risks(verdict: Verdict) -> Iterator[str]:
    """Yield the risk that the true drop is beyond the margin, for every gate and reference."""
    names = {"promoted": verdict.promoted, "pinned": verdict.pinned}
    for one in verdict.metrics:
        if one.role != "gate" or one.risk is None or one.state == "identical":
            continue
        other = names.get(one.against) or one.against
        yield (
            f"{rough_percent(one.risk)} that {metric_title(one.name)} truly dropped by more than "
            f"{margin(one.margin)} against {other}"
        )


def _certifiable(verdict: Verdict) -> str:
    gate = next((metric for metric in verdict.metrics if metric.role == "gate"), None)
    if gate is None or verdict.certifiable_margin is None:
        return ""
    power = f"{100 * verdict.policy.power:.0f} % power"
    smallest = f"a margin of {score(verdict.certifiable_margin)} ({metric_title(gate.name)})"
    needed = ""
    if gate.cases_needed is not None and gate.margin is not None:
        needed = f"; {count(gate.cases_needed, 'case')} needed for {margin(gate.margin)}"
    return f"{smallest} with {power}{needed}"


def _can_break(verdict: Verdict) -> str:
    """Say how many cases can break and how much could; a guard watches its mean only."""
    if verdict.can_break is None or is_guard(verdict):
        return ""
    if not verdict.can_break:
        return "no case can break: breakage is not watched"
    used = verdict.reserve if verdict.reserve and verdict.reserve.used else verdict.own_cases
    number = used.collapsed if used else len(verdict.broken)
    bound = "" if verdict.break_bound is None else f": up to {rough_percent(verdict.break_bound)}"
    return f"{number} of {verdict.can_break} that can break collapsed{bound} could"


def _candidates(verdict: Verdict) -> str:
    risk = "" if verdict.luck is None else rough_percent(verdict.luck)
    if verdict.candidates_judged <= 1:
        said = "the first judged on this benchmark version"
        luck = f"; one worse by exactly the margin passes by luck in {risk} of benchmarks"
    else:
        said = f"{verdict.candidates_judged} judged on this benchmark version"
        luck = f"; the risk that one worse by exactly the margin passed by luck is now {risk}"
    return said + (luck if risk else "")


def _forgetting(verdict: Verdict) -> str:
    """Say why forgetting was not measured; the gains beside it say what was forgotten."""
    said = (note for note in verdict.notes if note.startswith(FORGETTING_NOTE))
    return next(said, "").removeprefix(FORGETTING_NOTE)
