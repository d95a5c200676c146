"""The sentence that a team lead reads of a verdict, and the three rows that it rests on.

Terminal, report, comment and dashboard show these; each escapes the words for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records import CasesUse, FinalsUse, ReserveUse, Verdict, WeighedFinal
from harness.records.holds import QUOTING
from harness.text.figures import count, month, rough_percent, score, signed

UNUSED = ("finals: ", "reserve: ")
"""How notes begin that say why no texts were weighed, and why no reserve case was used."""
MAX_LOST = 50
"""Lost texts that are shown; collapses beyond chance need fewer."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A part of what a verdict rests on."""

    what: str = field(metadata=QUOTING)
    """The part, such as `25 cases`."""
    seen: str = field(metadata=QUOTING)
    """The figures; empty where there are none."""
    says: str = field(metadata=QUOTING)
    """The conclusion, or why there is none."""


def in_one_sentence(verdict: Verdict) -> str:
    """Return the verdict in one sentence; empty for a verdict of the first rule."""
    if verdict.rule < 2 or not verdict.reasons:
        return ""
    return f"{verdict.outcome.capitalize()}: {verdict.reasons[0]}"


def further_reasons(verdict: Verdict) -> tuple[str, ...]:
    """Return the reasons that the sentence does not tell."""
    return verdict.reasons[1:] if in_one_sentence(verdict) else verdict.reasons


def evidence(verdict: Verdict) -> tuple[EvidenceRow, ...]:
    """Return the rows: cases, reserve and finals; a guard benchmark has only cases.

    A verdict of the first rule has no rows.
    """
    if verdict.own_cases is None:
        return ()
    cases = _cases(verdict.own_cases, verdict)
    if is_guard(verdict):
        return (cases,)
    return (cases, _reserve(verdict.reserve, verdict), _finals(verdict.finals, verdict))


def lost_finals(verdict: Verdict) -> tuple[WeighedFinal, ...]:
    """Return the texts that people sent and that would no longer be written, at most `MAX_LOST`."""
    finals = verdict.finals
    if finals is None:
        return ()
    weighed = {one.id: one for one in finals.weighed}
    names = finals.texts[:MAX_LOST]
    return tuple(weighed.get(name) or WeighedFinal(name, None, None) for name in names)


def is_guard(verdict: Verdict) -> bool:
    """Tell whether a verdict is on a guard benchmark; scores from elsewhere have no task either."""
    return verdict.task is None and "candidate" in verdict.runs


def _cases(cases: CasesUse, verdict: Verdict) -> EvidenceRow:
    what = count(cases.n, "case")
    if verdict.samples > 1:
        what += f" × {verdict.samples} samples"
    seen = [_bounds(cases.mean, cases.low), collapsed(cases.collapsed, cases.can_break)]
    return EvidenceRow(what, "; ".join(filter(None, seen)), cases.says)


def _reserve(reserve: ReserveUse | None, verdict: Verdict) -> EvidenceRow:
    if reserve is None:
        if said := _why_not(verdict, "reserve: "):
            return EvidenceRow("reserve", "", said)
        fills = "lora-harness benchmark propose fills it"
        return EvidenceRow("no reserve", "", fills if verdict.runs else "--reserve gives one")
    if not reserve.used:
        return EvidenceRow(f"reserve of {count(reserve.available, 'case')}", "", reserve.says)
    seen = f"with them {_bounds(reserve.mean, reserve.low)}"
    seen += f"; {reserve.collapsed} of {verdict.n} collapsed"
    what = f"reserve, {reserve.used} of {reserve.available} looked at"
    return EvidenceRow(what, seen, reserve.says)


def _finals(finals: FinalsUse | None, verdict: Verdict) -> EvidenceRow:
    if finals is None:
        return EvidenceRow("no finals", "", _no_finals(verdict))
    since = month(finals.since)
    what = count(finals.n, "final") + (f" since {since}" if since else "")
    lost = "none" if not finals.collapsed else str(finals.collapsed)
    seen = f"{lost} would be lost, so at most {rough_percent(finals.cover)} can be"
    bounds = _bounds(finals.mean, finals.low if finals.n > 1 else None)
    return EvidenceRow(what, f"{bounds}; {seen}", finals.says)


def _no_finals(verdict: Verdict) -> str:
    """Say why no texts were weighed."""
    if said := _why_not(verdict, "finals: "):
        return said
    if not verdict.runs:  # scores from elsewhere
        return "--finals gives them"
    if not verdict.policy.finals:
        return "[policy] finals = 0"
    return "nothing is promoted yet" if verdict.promoted is None else "not available here"


def _why_not(verdict: Verdict, begins: str) -> str:
    """Return what a note says of evidence that was not used; empty where there is none."""
    said = next((note for note in verdict.notes if note.startswith(begins)), "")
    return said.removeprefix(begins)


def _bounds(mean: float | None, low: float | None) -> str:
    """Write a mean difference with its lower bound."""
    if mean is None:
        return "no scores"
    if low is None:
        return f"{signed(mean)} on average"
    worst = f"at most {score(-low)} lower" if low < 0 else "not lower"
    return f"{signed(mean)} on average, {worst}"


def collapsed(number: int, can_break: int) -> str:
    """Say how many cases collapsed of those that can."""
    if not can_break and not number:
        return "no case can break"
    of = f" of {can_break} that can break" if number <= can_break else ""
    return f"{number}{of} collapsed"
