"""The alarm's evidence by week, for every adapter that was in production.

`monitor` weighs the present adapter since the last acknowledgement; a page that looks back shows
the weeks of all of them, and each alarm that they raised.

Tested in tests/flows/queries/test_alarm_course.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.alarm.evidence import course
from harness.alarm.week_count import WeekCount
from harness.flows.monitoring.review_counts import first_day, week_counts
from harness.records import REVIEWED, RetrainLine, Signal, Tally
from harness.records.holds import EXACT


@dataclass(frozen=True, slots=True)
class EvidenceWeek:
    """The evidence that a rate has risen, at the end of a week."""

    week: str = field(metadata=EXACT)
    """2026-W47"""
    starts: str = field(metadata=EXACT)
    """Its Monday, 2026-11-16."""
    adapter: str = field(metadata=EXACT)
    signal: Signal = field(metadata=EXACT)
    n: int
    share: float
    """Of the evidence that raises the alarm: from 1 on it rings."""
    alarm: bool


def evidence_weeks(
    adapters: Sequence[str],
    tallies: Sequence[tuple[str, Tally]],
    lines: Mapping[str, RetrainLine],
) -> tuple[EvidenceWeek, ...]:
    """Return the evidence against each declared line, by signal, adapter and week.

    `adapters` are those that were in production, the oldest first: weeks of earlier ones tell how
    much weeks scatter.
    """
    found: list[EvidenceWeek] = []
    for signal in REVIEWED:
        if (line := lines.get(signal)) is None:
            continue
        counted = {
            adapter: week_counts(signal, [tally for name, tally in tallies if name == adapter])
            for adapter in dict.fromkeys(adapters)
        }
        earlier: list[list[WeekCount]] = []
        for adapter, weeks in counted.items():
            found += [
                EvidenceWeek(
                    week=one.week,
                    starts=first_day(one.week),
                    adapter=adapter,
                    signal=signal,
                    n=one.n,
                    share=one.evidence / line.weeks_between_false_alarms,
                    alarm=one.alarm,
                )
                for one in course(weeks, line, earlier).weeks
            ]
            earlier.append(weeks)
    return tuple(found)
