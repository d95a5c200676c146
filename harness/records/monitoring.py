"""When to retrain, in words: the team's own lines, the evidence, and what explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from harness.records.decisions import Decision
from harness.records.holds import EXACT, QUOTING, TEXT, Holds, holding

AlarmState = Literal["steady", "watch", "retrain"]
Signal = Literal["edit_rate", "rejection_rate", "benchmark"]
"""What can raise the alarm: either rate of the reviews, or the benchmark run again."""
SIGNALS: tuple[Signal, ...] = get_args(Signal)
REVIEWED: tuple[Signal, ...] = ("edit_rate", "rejection_rate")
"""The rates of the reviews; a team draws its own line for each."""

ALARM = 260.0
"""Evidence that raises the alarm; also the weeks, at least, between two false ones."""


@dataclass(frozen=True, slots=True)
class RetrainLine:
    """What is declared for one rate: the team's own for reviews."""

    acceptable: float
    """The rate that is lived with; more than 0."""
    retrain: float
    """The rate at which the adapter is not worth keeping; above the acceptable one."""


@dataclass(frozen=True, slots=True)
class WeekEvidence:
    """One week, or one run of the benchmark, with the evidence at its end."""

    week: str = field(metadata=EXACT)
    """2026-W47, or the day of a run."""
    n: int
    """Reviews, or cases."""
    rate: float
    dispersion: float
    """What the week's own evidence was divided by."""
    evidence: float
    """Before the reset that follows an alarm."""
    alarm: bool


@dataclass(frozen=True, slots=True)
class Course:
    """How the evidence went, the oldest week first."""

    weeks: tuple[WeekEvidence, ...] = ()
    dispersion: float = 1.0
    """As all the weeks together tell it."""
    known: bool = False
    """Whether there were weeks enough to tell the dispersion; it is taken as 1 where not."""

    @property
    def alarms(self) -> tuple[WeekEvidence, ...]:
        """The weeks that raised it."""
        return tuple(week for week in self.weeks if week.alarm)

    @property
    def evidence(self) -> float:
        """Now."""
        return self.weeks[-1].evidence if self.weeks else 0.0

    @property
    def n(self) -> int:
        """Everything that was weighed."""
        return sum(week.n for week in self.weeks)


@dataclass(frozen=True, slots=True)
class Watched:
    """One signal of one task: what it is now, and the evidence since the count began."""

    signal: Signal = field(metadata=EXACT)
    state: AlarmState = field(metadata=EXACT)
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """Why it is not steady, in words."""
    line: RetrainLine | None
    """None where the team declared none."""
    rate: float | None
    """Over the recent weeks, or in the newest run; None is missing, which is not zero."""
    n: int
    """Reviews or cases that the rate is over."""
    low: float | None
    high: float | None
    """Wilson's interval of the rate, 95 %."""
    course: Course = Course()
    counted_after: int = 0
    """The last review, or run, that an acknowledgement had seen; later ones count."""

    @property
    def evidence(self) -> float | None:
        """What raised the standing alarm, else the evidence now; None before anything is there."""
        if not self.course.weeks:
            return None
        return max((week.evidence for week in self.course.alarms), default=self.course.evidence)


def _named(one: Driver) -> Holds:
    """A slice or a reviewer is a label, a word stands in people's texts."""
    return "quoting" if one.kind in ("slice", "reviewer") else "text"


@dataclass(frozen=True, slots=True)
class Driver:
    """A slice, a reviewer or a word that explains the edits better than chance does."""

    kind: Literal["slice", "reviewer", "removed", "added"] = field(metadata=EXACT)
    name: str = field(metadata=holding(_named))
    n: int
    """Reviews of the slice or reviewer; for a word the outputs, or the finals, that have it."""
    rate: float
    """Their edit rate; for a word the share of n that lost it, or got it, from an editor."""
    low: float
    high: float
    """Wilson's interval, 95 %."""
    rest: float | None = None
    """The edit rate of all the others."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The promoted adapter on the fixed benchmark, run again, against its own first scores."""

    benchmark: str = field(metadata=EXACT)
    first: str = field(metadata=EXACT)
    last: str = field(metadata=EXACT)
    """Times of the two runs."""
    runs: int
    """How often it was run."""
    n: int
    """Cases with a score in both."""
    fallen: tuple[str, ...] = field(metadata=EXACT)
    """Cases below their first score by more than the margin, in the newest run."""
    means: Mapping[str, tuple[float, float]]
    """By gated metric, the mean then and now, over the same cases."""


@dataclass(frozen=True, slots=True)
class InputShift:
    """Whether what people send in still looks like the benchmark."""

    n: int
    """Recent inputs that differ from each other."""
    cases: int
    distance: float | None = None
    """Energy distance of the embeddings; None where it could not be told."""
    p: float | None = None
    """How often chance alone gives such a distance."""
    shown: bool = False
    """Whether chance is no good explanation."""
    farthest: tuple[str, ...] = field(default=(), metadata=TEXT)
    """Recent inputs that no case is near to, the farthest first."""
    skipped: str = field(default="", metadata=QUOTING)
    """Why it could not be told."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Whether slices that score low on the benchmark are the ones that are edited."""

    metric: str = field(metadata=EXACT)
    n: int
    """Slices that both know."""
    rho: float | None = None
    """Spearman's; near -1 the benchmark predicts the edits. None: too few to say."""
    low: float | None = None
    high: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Age:
    """How old an adapter is, and what it learnt from."""

    promoted_days: int | None
    trained: str | None = field(metadata=EXACT)
    """When its training ended; its data is as old at least."""
    trained_days: int | None
    dataset: str | None = field(metadata=QUOTING)
    examples: int | None


@dataclass(frozen=True, slots=True)
class Monitored:
    """One task: is it time to retrain, and why."""

    task: str = field(metadata=EXACT)
    state: AlarmState = field(metadata=EXACT)
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """The most important first."""
    promoted: Decision | None
    reviews: int = 0
    """Of the promoted adapter, since the count began."""
    synthetic: int = 0
    """How many of the recent ones nobody made."""
    weeks: tuple[str, ...] = field(default=(), metadata=EXACT)
    """The recent ones, over which rates are shown."""
    watched: tuple[Watched, ...] = ()
    standouts: tuple[Driver, ...] = ()
    drifts: tuple[Drift, ...] = ()
    inputs: InputShift | None = None
    prediction: Prediction | None = None
    age: Age | None = None

    def signal(self, name: Signal) -> Watched | None:
        """One of what is watched."""
        return next((one for one in self.watched if one.signal == name), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What `monitor --plan` wrote."""

    task: str = field(metadata=EXACT)
    promoted: str = field(metadata=EXACT)
    state: AlarmState = field(metadata=EXACT)
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """Why, as `monitor` says it."""
    folder: str = field(metadata=EXACT)
    edited: int
    """Examples whose output editors changed, the most edited first."""
    accepted: int
    """Examples that were sent as they were: what the adapter must not unlearn."""
    old: int
    """Examples of the promoted adapter's own training set that go on being learnt."""
    old_from: str = field(metadata=QUOTING)
    """Where they were found, or why they were not."""
    replaced: int
    """Of the old ones, those whose input has a newer final."""
    left_out: int
    """Of the old ones, those that a benchmark holds."""
    examples: int
    """In the training file."""
    rejected_cases: int
    """Proposed cases whose ideal a person has to write."""
    edited_cases: int
    """Proposed cases with the editor's final as ideal; kept out of the training file."""
    training: str = field(metadata=EXACT)
    """The training file."""
    name: str = field(metadata=EXACT)
    """Of the next adapter."""
    train: str = field(metadata=EXACT)
    """The command."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing to do, in words, with the exact command."""

    words: str = field(metadata=QUOTING)
    command: str = field(metadata=EXACT)


@dataclass(frozen=True, slots=True)
class TaskOverview:
    """What holds for one task."""

    task: str = field(metadata=EXACT)
    promoted: str | None = field(metadata=EXACT)
    since: str | None = field(metadata=EXACT)
    """When it was decided; ISO 8601, UTC."""
    override: bool
    """Promoted against the verdict or without one."""
    state: AlarmState | None = field(metadata=EXACT)
    """None where it cannot be said: nothing promoted, no reviews or no line."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Where a project stands."""

    project: str | None = field(metadata=EXACT)
    """Its folder; None where there is no project here or above."""
    benchmarks: tuple[tuple[str, int], ...] = field(default=(), metadata=EXACT)
    """Each with the number of its cases."""
    adapters: tuple[str, ...] = field(default=(), metadata=EXACT)
    tasks: tuple[TaskOverview, ...] = ()
    next: tuple[NextStep, ...] = ()
    """The most urgent first."""
