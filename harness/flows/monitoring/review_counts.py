"""What counts towards an alarm: reviews and runs of what is promoted, after what a person has seen.

The store's own numbers decide, never clocks. Reviews belong to bytes, so a promotion begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.alarm.alarm import Week
from harness.alarm.watch import RECENT, watched
from harness.flows.project import Project
from harness.records import REVIEWED, SIGNALS, Decision, RetrainLine, Signal, Tally, Watched
from harness.store import Store


@dataclass(frozen=True, slots=True)
class Counted:
    """The reviews of one promoted adapter, week by week, and what they come to."""

    watched: tuple[Watched, ...]
    weeks: tuple[Tally, ...]
    """Since the earlier of the two counts began, the oldest first."""
    edits: tuple[Tally, ...]
    """Since the count of edits began."""

    @property
    def recent(self) -> tuple[Tally, ...]:
        """The weeks over which rates are shown."""
        return self.weeks[-RECENT:]

    @property
    def recent_edits(self) -> tuple[Tally, ...]:
        """The weeks in which edits are explained."""
        return self.edits[-RECENT:]


def count_reviews(
    project: Project,
    store: Store,
    held: Decision,
    since: str | None = None,
    decisions: Sequence[Decision] | None = None,
) -> Counted:
    """Both rates of what is promoted, against the lines of its task.

    `decisions` are those of the task, from whoever has read the ledger already.
    """
    lines: Mapping[str, RetrainLine] = project.settings.monitor.get(held.task, {})
    known = store.decisions.all(held.task) if decisions is None else decisions
    seen = acknowledged(known, held)
    begins = {seen[name] for name in REVIEWED}
    tallies = {after: _weekly(store, held, after, since) for after in begins}
    found = tuple(
        watched(name, _weeks(name, tallies[seen[name]]), lines.get(name), seen[name])
        for name in REVIEWED
    )
    return Counted(found, tuple(tallies[min(begins)]), tuple(tallies[seen["edit_rate"]]))


def acknowledged(decisions: Sequence[Decision], held: Decision) -> dict[Signal, int]:
    """By signal, the last review (or run) that an acknowledgement of these bytes had seen."""
    found: dict[Signal, int] = dict.fromkeys(SIGNALS, 0)
    for decision in decisions:
        if decision.kind != "acknowledge" or decision.digest != held.digest:
            continue
        signal, _, number = (decision.verdict or "").rpartition("@")
        for name in SIGNALS:
            if name == signal and number.isdecimal():
                found[name] = max(found[name], int(number))
    return found


def _weekly(store: Store, held: Decision, after: int, since: str | None) -> list[Tally]:
    made_by = (held.adapter, held.digest)
    return store.reviews.weekly(held.task, after_seq=after, since=since, made_by=made_by)


def _weeks(signal: Signal, tallies: Sequence[Tally]) -> list[Week]:
    if signal == "edit_rate":
        return [Week(t.key, t.final_n, t.edit_sum) for t in tallies]
    return [Week(t.key, t.n, float(t.rejected)) for t in tallies]
