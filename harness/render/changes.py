"""The cases that a verdict talks about: broken ones with their texts, slices, what was fixed.

Texts are the model's: they go out through `safe.ci_log` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.records import CaseChange, SliceVerdict, Verdict
from harness.text import safe
from harness.text.diff import word_diff
from harness.text.figures import chance, count, signed
from harness.text.table import hang, pad

MAX_SHOWN = 5
MAX_IDS = 20
MAX_TEXT = 600
MAX_NAME = 24


def counted(verdict: Verdict, width: int) -> list[str]:
    """How many broke and were fixed, and the slice that lost most."""
    worst = worst_slice(verdict.slices)
    lines = _beside(tally(verdict), _slice(worst) if worst else "", width)
    if worst:
        lines += hang("    in it  ", id_list(worst.cases), width)
    if verdict.fixed:
        lines += hang("    fixed  ", id_list(c.case for c in verdict.fixed), width)
    return lines


def tally(verdict: Verdict) -> str:
    """How many of the cases broke, were fixed, or changed in wording only."""
    accepted = sum(change.accepted is not None for change in verdict.broken)
    seen = f" ({accepted} accepted)" if accepted else ""
    reworded = f" · reworded {len(verdict.reworded)}" if verdict.reworded else ""
    fixed = f" · fixed {len(verdict.fixed)}"
    return f"broken {len(verdict.broken)}{seen}{fixed}{reworded} of {verdict.n}"


def _beside(left: str, right: str, width: int) -> list[str]:
    """Put two statements in one line where they fit, else in two."""
    together = f"  {left}    {right}".rstrip()
    return [together] if len(together) <= width else [f"  {left}", *hang("  ", right, width)]


def broken_cases(verdict: Verdict, width: int) -> list[str]:
    """Show the broken cases with their texts: critical ones first, then by how far they fell."""
    ranked = sorted(
        verdict.broken, key=lambda c: (not c.critical, c.candidate_score - c.reference_score)
    )
    lines: list[str] = []
    for change in ranked[:MAX_SHOWN]:
        lines += ["", *_shown(change, verdict, width)]
    if rest := ranked[MAX_SHOWN:]:
        told = f"… and {len(rest)} more: {id_list(change.case for change in rest)}"
        lines += ["", *hang("  ", told, width)]
    return lines


def worst_slice(slices: Sequence[SliceVerdict]) -> SliceVerdict | None:
    """Return the slice that lost most among those large enough to be judged; None if none lost."""
    lost = [s for s in slices if s.p is not None and s.difference < 0]
    return min(lost, key=lambda s: s.difference, default=None)


def id_list(ids: Iterable[str]) -> str:
    """Join case ids, the first of very many."""
    listed = [safe.ci_log(one, limit=80) for one in ids]
    more = f" and {len(listed) - MAX_IDS} more" if len(listed) > MAX_IDS else ""
    return ", ".join(listed[:MAX_IDS]) + more


def _slice(worst: SliceVerdict) -> str:
    name = safe.ci_log(worst.name, limit=80)
    p = "" if worst.p is None else f", {chance(worst.p)}"
    return f"worst slice {name} ({count(worst.n, 'case')}) {signed(worst.difference, 2)}{p}"


def _shown(change: CaseChange, verdict: Verdict, width: int) -> list[str]:
    name = safe.ci_log(change.case, limit=80) + (" (critical)" if change.critical else "")
    fall = f"{change.reference_score:.2f} → {change.candidate_score:.2f}"
    lines = [f"  {name}   {fall}"]
    if change.accepted is not None:
        lines += hang("    accepted by  ", safe.ci_log(change.accepted, limit=200), width)
    for label, text in _texts(change, verdict):
        lines += hang(label, text, width)
    return lines


def _texts(change: CaseChange, verdict: Verdict) -> Iterable[tuple[str, str]]:
    """The ideal, and what the candidate wrote, marked against what it replaces."""
    candidate = _name(verdict.candidate)
    columns = max(len("ideal"), len(candidate))
    yield f"    {pad('ideal', columns)}  ", _text(change.ideal)
    old = change.reference_text or change.ideal
    marked = word_diff(old, change.candidate_text) if change.candidate_text else ""
    yield f"    {pad(candidate, columns)}  ", _text(marked)


def _name(adapter: str) -> str:
    return safe.ci_log(adapter, limit=MAX_NAME)


def _text(text: str) -> str:
    return safe.ci_log(text, limit=MAX_TEXT) if text.strip() else "(nothing)"
