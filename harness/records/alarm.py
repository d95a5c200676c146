"""Records of the alarm: the team's lines, the weeks of a signal, and the evidence in them.

Tested in tests/alarm/test_evidence.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from harness.records.holds import EXACT, QUOTING

AlarmState = Literal["steady", "watch", "retrain"]
"""The state of a task or of one signal, the mildest first."""
Signal = Literal["edit_rate", "rejection_rate", "benchmark"]
"""A series that can raise the alarm: either rate of the reviews, or the benchmark run again."""
SIGNALS: tuple[Signal, ...] = get_args(Signal)
"""All signals."""
REVIEWED: tuple[Signal, ...] = ("edit_rate", "rejection_rate")
"""The rates of the reviews; a team draws its own line for each."""

WEEKS_A_YEAR = 52
FALSE_ALARMS = 0.1
"""False alarms a year of a signal whose rate stays at the acceptable one, unless a team says."""
ALARM = WEEKS_A_YEAR / FALSE_ALARMS
"""Evidence that raises the alarm then; also about the weeks between two false alarms."""


@dataclass(frozen=True, slots=True)
class RetrainLine:
    """Two rates of a signal: the acceptable rate, and the rate at which to retrain."""

    acceptable: float
    """The rate that the team lives with; more than 0."""
    retrain: float
    """The rate at which the adapter is not worth keeping; above the acceptable one."""
    false_alarms: float = FALSE_ALARMS
    """False alarms a year that the team puts up with."""
    scatter: float | None = None
    """The correlation within a week where the team knows it; None learns it from the weeks."""

    @property
    def weeks_between_false_alarms(self) -> float:
        """The evidence that raises the alarm."""
        return WEEKS_A_YEAR / self.false_alarms


@dataclass(frozen=True, slots=True)
class WeekEvidence:
    """A week, or a run of the benchmark, with the evidence at its end."""

    week: str = field(metadata=EXACT)
    """2026-W47, or the day of a run."""
    n: int
    """Number of reviews, or of cases."""
    rate: float
    """The signal's rate in this week or run."""
    dispersion: float
    """How many times as much such a week was taken to vary as chance would have it."""
    evidence: float
    """The evidence so far, before the reset that follows an alarm; the weeks between two false
    alarms of that strength."""
    alarm: bool
    """Whether the evidence reached the alarm."""
    scatter: float = 0.0
    """The correlation within a week that the weeks before it told."""


@dataclass(frozen=True, slots=True)
class Course:
    """The evidence of a signal week by week, the oldest week first."""

    weeks: tuple[WeekEvidence, ...] = ()
    """The weeks with reviews, or the runs."""
    reference: int = 0
    """Number of weeks that told how much weeks scatter, those of earlier adapters included."""

    @property
    def alarms(self) -> tuple[WeekEvidence, ...]:
        """The weeks that raised the alarm."""
        return tuple(week for week in self.weeks if week.alarm)

    @property
    def evidence(self) -> float:
        """The evidence at the end of the newest week."""
        return self.weeks[-1].evidence if self.weeks else 0.0

    @property
    def n(self) -> int:
        """Number of reviews, or of cases, over all weeks."""
        return sum(week.n for week in self.weeks)


@dataclass(frozen=True, slots=True)
class Watched:
    """A signal of a task: its state, its recent rate, and the evidence behind it."""

    signal: Signal = field(metadata=EXACT)
    """The signal."""
    state: AlarmState = field(metadata=EXACT)
    """Its state."""
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """Sentences that say why it is not steady."""
    line: RetrainLine | None
    """The team's line; None where they declared none."""
    rate: float | None
    """Rate over the recent weeks, or in the newest run; None is missing, which is not zero."""
    n: int
    """Number of reviews or cases behind the rate."""
    low: float | None
    """Lower end of the rate's 95 % Wilson interval."""
    high: float | None
    """Upper end of that interval."""
    course: Course = Course()
    """The evidence since the count began."""
    counted_after: int = 0
    """The last review, or run, that an acknowledgement had counted; only later ones count."""

    @property
    def evidence(self) -> float | None:
        """The evidence of the standing alarm, else the newest; None before the first week."""
        if not self.course.weeks:
            return None
        return max((week.evidence for week in self.course.alarms), default=self.course.evidence)
