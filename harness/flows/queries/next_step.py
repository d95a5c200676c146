"""The next step for a task, with the exact command.

Tested in tests/flows/queries/test_now.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from shlex import quote

from harness.records import AlarmState, Decision, NextStep, Outcome
from harness.records.holds import EXACT, QUOTING
from harness.render.evidence import EvidenceRow
from harness.store.in_production import speaks_of_adapter


@dataclass(frozen=True, slots=True)
class CandidateNow:
    """An adapter with a recent verdict."""

    adapter: str = field(metadata=EXACT)
    outcome: Outcome = field(metadata=EXACT)
    when: str = field(metadata=EXACT)
    reason: str = field(metadata=QUOTING)
    """The verdict's first reason."""
    n: int
    """Cases behind the verdict."""
    run: str = field(metadata=EXACT)
    verdict: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    promoted: bool
    """Whether it is in production now."""
    gain: float | None = None
    """Mean difference to the adapter it was compared with, on the first gate."""
    evidence: tuple[EvidenceRow, ...] = ()
    """Cases, reserve and finals; none for a verdict of the first rule."""


def next_step(
    task: str,
    held: Decision | None,
    candidates: Sequence[CandidateNow],
    state: AlarmState | None,
    decisions: Sequence[Decision],
    reviewed: bool = False,
    unjudged: Sequence[str] = (),
) -> NextStep:
    """Return the next step: a candidate that waits for a decision, then the alarm, then routine.

    `unjudged` are adapters without a verdict.
    """
    waiting = [one for one in candidates if _waits(one, held, decisions)]
    # The best of those that may be promoted, not the newest.
    fits = [one for one in waiting if one.outcome == "promote"]
    if fit := max(fits, key=lambda one: one.gain or 0.0, default=None):
        return NextStep(
            f"{fit.adapter} may replace what is in production: promote it",
            promote_command(task, fit.adapter),
        )
    if state == "retrain":
        return NextStep(
            "it is time to retrain: see what to add to the training data",
            f"lora-harness monitor --task {quote(task)} --plan",
        )
    if waiting and waiting[0].outcome == "inconclusive" and held is not None:
        return NextStep(
            f"{waiting[0].adapter} could not be decided: look at its cases",
            f"lora-harness compare {quote(held.adapter)} {quote(waiting[0].adapter)}",
        )
    if held is None:
        name = waiting[0].adapter if waiting else next(iter(unjudged), "NAME")
        return NextStep("nothing is promoted: judge an adapter", f"pytest --model {quote(name)}")
    if unjudged:
        return NextStep(
            f"{unjudged[0]} was never judged: judge it", f"pytest --model {quote(unjudged[0])}"
        )
    if state is None and reviewed:
        return NextStep(
            f"no line says how much editing is too much: declare [tool.harness.monitor.{task}]",
            f"lora-harness monitor --task {quote(task)}",
        )
    if state is None:
        return NextStep(
            "no review says yet what people do with its outputs: import reviews",
            "lora-harness reviews import FILE",
        )
    return NextStep("nothing is to be done: judge the next adapter", "pytest --model NAME")


def promote_command(task: str, adapter: str) -> str:
    """Return the command that promotes an adapter; the person fills in who and why."""
    return f'lora-harness promote {quote(adapter)} --task {quote(task)} --by "YOU" --why "..."'


def _waits(one: CandidateNow, held: Decision | None, decisions: Sequence[Decision]) -> bool:
    """Return whether no decision about the candidate's bytes followed its verdict."""
    # A verdict from before the promotion compared the candidate with another adapter.
    if held is not None and (one.digest == held.digest or one.when < held.at):
        return False
    about = speaks_of_adapter(decisions)
    return not any(d.digest == one.digest and d.at >= one.when for d in about)
