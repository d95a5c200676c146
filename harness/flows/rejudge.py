"""Judge a stored verdict again from the stored scores, and compare the two bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import HarnessError, RequestError
from harness.judge import verdict as judge
from harness.judge.unfinished import counts_unfinished
from harness.judge.verdict import RESERVE, RESERVE_PROMOTED, TRAINED_ON
from harness.records import BASE_PROMPT, MetricRule, Run, Verdict
from harness.render.evidence import UNUSED
from harness.store import Store
from harness.store.codec import encode
from harness.text.left_out import is_left_out, without_texts
from harness.text.quoting import NOTHING_ELSE

EXPORT_NOTE = "export: "
"""How notes begin that say what an export is, and how its files differ from the adapter."""
_DIGITS = 1e-9
"""How far figures may lie apart that were worked out with other versions of the libraries."""


@dataclass(frozen=True, slots=True)
class Rejudged:
    """The verdict of record and the verdict that the same inputs give now."""

    stored: Verdict
    again: Verdict
    texts: bool = True
    """Whether every run that was judged again has its texts."""

    @property
    def same(self) -> bool:
        """Whether both are equal to the last bit, in every field that the stored verdict has."""
        return self._comparable(self.stored) == self._comparable(self.again)

    @property
    def agrees(self) -> bool:
        """Whether both are equal but for the last digits, which another machine may round."""
        return _close(*(json.loads(self._comparable(one)) for one in (self.stored, self.again)))

    def _comparable(self, verdict: Verdict) -> str:
        verdict = _as_then(verdict, self.stored)
        if not self.texts:  # the words that appeared are not known without the texts
            starts = tuple(shape.before for shape in NOTHING_ELSE)
            notes = tuple(note for note in verdict.notes if not note.startswith(starts))
            verdict = without_texts(replace(verdict, notes=notes))
        return encode(verdict)


def _close(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or abs(one - other) <= _DIGITS * max(1.0, abs(one), abs(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_close, one, other))
    return bool(one == other)


def _as_then(verdict: Verdict, stored: Verdict) -> Verdict:
    """Return a verdict without what only later versions say, where the stored verdict lacks it.

    Versions up to 0.1 noted the worth of fine-tuning as a sentence, and had none for guards;
    version 1.0.0 did not count unfinished texts. None of it decides, so such a verdict is compared
    in everything else.
    """
    if not any(map(counts_unfinished, stored.notes)):
        kept = tuple(note for note in verdict.notes if not counts_unfinished(note))
        verdict = replace(verdict, notes=kept)
    if stored.worth or stored.forgetting:
        return verdict
    notes = tuple(note for note in verdict.notes if not note.startswith("worth it?"))
    return replace(verdict, worth=(), forgetting=(), notes=notes)


def rejudge(store: Store, run_id: str) -> Rejudged:
    """Judge the last verdict on a run again."""
    stored = store.verdicts.of_run(run_id)
    if stored is None:
        raise RequestError(f"{run_id}: no verdict rests on such a run")
    return judged_again(store, stored)


def judged_again(store: Store, stored: Verdict) -> Rejudged:
    """Judge the runs that a verdict names, under the policy and counts that it records."""
    runs = runs_of(store, stored)
    # Verdicts of early versions lack `rules`; there the metrics carry role and margin.
    rules = {m.name: MetricRule(m.name, m.role, m.margin) for m in stored.metrics}
    accepted = {c.case: c.accepted for c in stored.broken if c.accepted}
    again = judge(
        runs["candidate"],
        runs.get("promoted"),
        stored.policy,
        metrics=tuple(stored.rules) or tuple(rules.values()),
        pinned=runs.get("pinned"),
        base=runs.get("base"),
        prompted=runs.get(BASE_PROMPT),
        accepted=accepted,
        guards=stored.guards,
        candidates_judged=stored.candidates_judged,
        guard=stored.task is None,
        left_out=stored.left_out,
        reserve=(runs[RESERVE], runs[RESERVE_PROMOTED]) if RESERVE in runs else None,
        finals=stored.finals.weighed if stored.finals else (),
        reserve_available=stored.reserve.available if stored.reserve else 0,
        rule=stored.rule,
        trained_on=next((note for note in stored.notes if note.startswith(TRAINED_ON)), ""),
    )
    # Why finals or reserve were not used is known to the evaluation only, as are a bar that moved
    # and what an export's files are.
    told = (*UNUSED, EXPORT_NOTE)
    notes = (*again.notes, *(note for note in stored.notes if note.startswith(told)))
    bar = {name: getattr(stored, name) for name in ("bar_moved", "bar_commit", "bar_differs")}
    again = replace(again, notes=notes, **bar)
    return Rejudged(stored, again, not any(map(_lacks_texts, runs.values())))


def _lacks_texts(run: Run) -> bool:
    texts = (output.text for result in run.results for output in result.outputs)
    return any(map(is_left_out, texts))


def unexplained(store: Store, verdict: Verdict) -> Iterator[str]:
    """Yield why a verdict, or one of its guards', does not follow from the stored scores."""
    for one in (verdict, *verdict.guards):
        name = f"the verdict on {one.candidate} ({one.benchmark})"
        try:
            found = judged_again(store, one)
        except HarnessError as problem:
            yield f"{name} cannot be judged again: {problem}"
            continue
        if not found.agrees:
            yield f"{name} does not follow from its scores"


def runs_of(store: Store, verdict: Verdict) -> dict[str, Run]:
    """Return the runs that a verdict rests on, by the names that the verdict gives them."""
    found: dict[str, Run] = {}
    for name, identity in verdict.runs.items():
        run = store.runs.by_id(identity)
        if run is None:
            raise RequestError(f"{identity}: the run that the verdict rests on is not in the store")
        found[name] = run
    return found
