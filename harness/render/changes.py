"""The cases that a verdict talks about: broken cases with their texts, the worst slice, fixes.

Texts come from models: they go out through `safe.ci_log` only.

Tested in tests/render/test_verdict.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.records import SliceVerdict, Verdict
from harness.text import safe
from harness.text.diff import word_diff
from harness.text.figures import chance, count, signed
from harness.text.table import hang, pad

MAX_SHOWN = 5
MAX_IDS = 20
MAX_TEXT = 600
MAX_NAME = 24


def counted(verdict: Verdict, width: int) -> list[str]:
    """Return lines on how many cases broke and were fixed, and on the slice that lost most."""
    left, right = f"  {tally(verdict)}", ""
    worst = worst_slice(verdict.slices)
    if worst:
        name = safe.ci_log(worst.name, limit=80)
        p = "" if worst.p is None else f", {chance(worst.p)}"
        right = f"worst slice {name} ({count(worst.n, 'case')}) {signed(worst.difference, 2)}{p}"
    together = f"{left}    {right}".rstrip()
    lines = [together] if len(together) <= width else [left, *hang("  ", right, width)]
    if worst:
        lines += hang("    in it  ", id_list(worst.cases), width)
    if verdict.fixed:
        lines += hang("    fixed  ", id_list(c.case for c in verdict.fixed), width)
    return lines


def tally(verdict: Verdict) -> str:
    """Say how many of the cases broke, were fixed, or changed in wording only."""
    accepted = sum(change.accepted is not None for change in verdict.broken)
    told = [f"{accepted} accepted"] if accepted else []
    if verdict.own_cases is not None:
        used = verdict.reserve if verdict.reserve and verdict.reserve.used else verdict.own_cases
        # The others fell as far, though not beyond what these cases usually scatter.
        if used.collapsed < len(verdict.broken):
            told.insert(0, f"{used.collapsed} collapsed")
    seen = f" ({', '.join(told)})" if told else ""
    reworded = f" · reworded {len(verdict.reworded)}" if verdict.reworded else ""
    fixed = f" · fixed {len(verdict.fixed)}"
    return f"broken {len(verdict.broken)}{seen}{fixed}{reworded} of {verdict.n}"


def broken_cases(verdict: Verdict, width: int) -> list[str]:
    """Show the broken cases with their texts: critical cases first, then by how far they fell."""
    ranked = sorted(
        verdict.broken, key=lambda c: (not c.critical, c.candidate_score - c.reference_score)
    )
    candidate = safe.ci_log(verdict.candidate, limit=MAX_NAME)
    columns = max(len("ideal"), len(candidate))
    lines: list[str] = []
    for change in ranked[:MAX_SHOWN]:
        name = safe.ci_log(change.case, limit=80) + (" (critical)" if change.critical else "")
        fall = f"{change.reference_score:.2f} → {change.candidate_score:.2f}"
        lines += ["", f"  {name}   {fall}"]
        if change.accepted is not None:
            lines += hang("    accepted by  ", safe.ci_log(change.accepted, limit=200), width)
        # without a reference text, the ideal is what the output is compared with
        old = change.reference_text or change.ideal
        marked = word_diff(old, change.candidate_text) if change.candidate_text else ""
        for label, text in (("ideal", change.ideal), (candidate, marked)):
            shown = safe.ci_log(text, limit=MAX_TEXT) if text.strip() else "(nothing)"
            lines += hang(f"    {pad(label, columns)}  ", shown, width)
    if rest := ranked[MAX_SHOWN:]:
        more = f"… and {len(rest)} more: {id_list(change.case for change in rest)}"
        lines += ["", *hang("  ", more, width)]
    return lines


def worst_slice(slices: Sequence[SliceVerdict]) -> SliceVerdict | None:
    """Return the slice that lost most among those large enough to be judged; None if none lost."""
    # without a p the slice is too small: its difference is mostly noise
    lost = [s for s in slices if s.p is not None and s.difference < 0]
    return min(lost, key=lambda s: s.difference, default=None)


def id_list(ids: Iterable[str]) -> str:
    """Join case ids; of many, the first `MAX_IDS` and how many more there are."""
    listed = [safe.ci_log(case, limit=80) for case in ids]
    more = f" and {len(listed) - MAX_IDS} more" if len(listed) > MAX_IDS else ""
    return ", ".join(listed[:MAX_IDS]) + more
