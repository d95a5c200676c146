"""Notes beside a verdict, which did not decide it.

They are about the share that may break in production, the risk of promoting by luck, and the
metrics and slices that were not judged. Tested in tests/judge/test_scenes.py.
"""

from __future__ import annotations

from harness.judge import wording
from harness.judge.breakage import TEXT
from harness.judge.rule1.evidence import Evidence
from harness.judge.tested import (
    AdapterNames,
    luck_note,
    missing_notes,
    risk_notes,
    sample_notes,
    two_sides,
)


def notes_for(evidence: Evidence, names: AdapterNames, candidates_judged: int) -> tuple[str, ...]:
    """Return the notes in the order in which a reader asks about them."""
    if not evidence.judged:
        return ()
    notes = [
        *_breaks(evidence),
        *risk_notes(evidence.tests, names),
        *two_sides(evidence.tests, evidence.alpha),
        *sample_notes(evidence.tests, evidence.paired.samples),
        luck_note(evidence.policy, candidates_judged),
        *_unjudged(evidence),
        *_pinned(evidence, names),
    ]
    return tuple(note for note in notes if note)


def _breaks(evidence: Evidence) -> list[str]:
    broken, bound = evidence.breakage, evidence.break_bound
    if bound is None:
        return ["no score tells whether a case broke"]
    notes = [
        f"{broken.k} of {broken.n} broke: up to {wording.percent(bound)} could break in production"
    ]
    if broken.metric != TEXT:
        notes.append(
            f"there is no edit similarity, so {wording.metric(broken.metric)} tells what broke"
        )
    if broken.reworded.any():
        reworded = wording.listed(evidence.named(broken.reworded))
        notes.append(f"another wording, but the ideal is as likely as before: {reworded}")
    return notes


def _unjudged(evidence: Evidence) -> list[str]:
    notes = missing_notes(evidence.tests)
    small = [s.name for s in evidence.slices.verdicts if s.p is None] if evidence.slices else []
    if small:
        fewest = evidence.policy.slice_cases
        notes.append(
            f"slices with fewer than {fewest} cases are not judged: {wording.listed(small)}"
        )
    return notes


def _pinned(evidence: Evidence, names: AdapterNames) -> list[str]:
    if evidence.paired.groups is None:
        return []
    groups = len(set(evidence.paired.groups.tolist()))
    return [f"cases come in {groups} independent groups, and intervals allow for it"]
