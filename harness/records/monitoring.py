"""Records of monitoring: whether to retrain, what explains it, and what to do about it.

Tested in tests/flows/monitoring/test_monitor.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.records.alarm import AlarmState, Signal, Watched
from harness.records.decisions import Decision
from harness.records.holds import EXACT, QUOTING, TEXT, Holds, holding


def _named(driver: Driver) -> Holds:
    """Return how to mask a driver's name: slices and reviewers are labels, words are texts."""
    return "quoting" if driver.kind in ("slice", "reviewer") else "text"


@dataclass(frozen=True, slots=True)
class Driver:
    """A slice, a reviewer or a word that explains the edits better than chance does."""

    kind: Literal["slice", "reviewer", "removed", "added"] = field(metadata=EXACT)
    """What `name` is; words are those that editors removed, or added."""
    name: str = field(metadata=holding(_named))
    """The slice, the reviewer or the word."""
    n: int
    """Reviews of the slice or reviewer; for a word the outputs, or the finals, that have it."""
    rate: float
    """Their edit rate; for a word the share of n that lost it, or got it, from an editor."""
    low: float
    """Lower end of the rate's 95 % Wilson interval."""
    high: float
    """Upper end of that interval."""
    rest: float | None = None
    """The edit rate of all other reviews."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The promoted adapter's newest run of a fixed benchmark, against its own first run."""

    benchmark: str = field(metadata=EXACT)
    """Name of the benchmark."""
    first: str = field(metadata=EXACT)
    """Time of the first run."""
    last: str = field(metadata=EXACT)
    """Time of the newest run."""
    runs: int
    """Number of runs."""
    n: int
    """Cases with a score in both runs."""
    fallen: tuple[str, ...] = field(metadata=EXACT)
    """Cases that are below their first score by more than the margin in the newest run."""
    means: Mapping[str, tuple[float, float]]
    """By gated metric, the mean of the first and of the newest run, over the same cases."""


@dataclass(frozen=True, slots=True)
class InputShift:
    """A comparison of recent production inputs with the inputs of the benchmarks."""

    n: int
    """Recent inputs, each text counted once."""
    cases: int
    """Different inputs of cases, which they are compared with."""
    distance: float | None = None
    """Energy distance of the embeddings; None where it could not be computed."""
    p: float | None = None
    """How often chance alone gives such a distance."""
    shown: bool = False
    """Whether chance is no good explanation."""
    farthest: tuple[str, ...] = field(default=(), metadata=TEXT)
    """Recent inputs that no case is near to, the farthest first."""
    skipped: str = field(default="", metadata=QUOTING)
    """Why there is no distance; empty where there is one."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Whether slices that score low on the benchmark are edited more in production."""

    metric: str = field(metadata=EXACT)
    """The metric of the benchmark."""
    n: int
    """Slices that both the benchmark and the reviews know."""
    rho: float | None = None
    """Spearman's rho; near -1 the benchmark predicts the edits. None: too few slices to say."""
    low: float | None = None
    """Lower end of the interval of rho."""
    high: float | None = None
    """Upper end of the interval of rho."""
    p: float | None = None
    """How often chance alone gives such a rho."""


@dataclass(frozen=True, slots=True)
class Age:
    """Age of an adapter and of its training data."""

    promoted_days: int | None
    """Days since its promotion."""
    trained: str | None = field(metadata=EXACT)
    """When its training ended; its data is at least as old."""
    trained_days: int | None
    """Days since then."""
    dataset: str | None = field(metadata=QUOTING)
    """Name of its training set, where it is recorded."""
    examples: int | None
    """Number of its training examples, where it is recorded."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """Finals that are kept for judging: no training set that this software writes has them."""

    n: int
    """Number of inputs with such a final."""
    needed: int
    """Number from which finals may promote a candidate, or hold it back."""
    pace: float | None
    """How many come in a week, over the last 8; None where there are enough."""
    when: str | None = field(metadata=EXACT)
    """The day on which there will be enough at this pace; None where there are, or none come."""


@dataclass(frozen=True, slots=True)
class Monitored:
    """The answer of `monitor` for a task: whether it is time to retrain, and why."""

    task: str = field(metadata=EXACT)
    """Name of the task."""
    state: AlarmState = field(metadata=EXACT)
    """The gravest state of its signals."""
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """Sentences that explain the state, the most important first."""
    promoted: Decision | None
    """The decision that put the present adapter into production."""
    reviews: int = 0
    """Reviews of the promoted adapter since the count began."""
    synthetic: int = 0
    """How many of the recent reviews are made up."""
    weeks: tuple[str, ...] = field(default=(), metadata=EXACT)
    """The recent weeks, over which rates are shown."""
    watched: tuple[Watched, ...] = ()
    """Every signal."""
    standouts: tuple[Driver, ...] = ()
    """Slices, reviewers and words that explain the edits."""
    drifts: tuple[Drift, ...] = ()
    """The benchmarks that were run again."""
    inputs: InputShift | None = None
    """Whether inputs moved away from the benchmark."""
    prediction: Prediction | None = None
    """Whether the benchmark predicts the edits."""
    age: Age | None = None
    """Age of the promoted adapter."""
    set_aside: SetAside | None = None
    """Finals that are kept for judging; None where none are weighed."""

    def signal(self, name: Signal) -> Watched | None:
        """Return a signal; None where it is not watched."""
        return next((watched for watched in self.watched if watched.signal == name), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """The contents of the folder that `monitor --plan` wrote."""

    task: str = field(metadata=EXACT)
    """Name of the task."""
    promoted: str = field(metadata=EXACT)
    """Name of the adapter in production."""
    state: AlarmState = field(metadata=EXACT)
    """State of the task."""
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """Sentences that explain the state, as `monitor` shows them."""
    folder: str = field(metadata=EXACT)
    """The folder that was written."""
    edited: int
    """Examples whose output editors changed, the most edited first."""
    accepted: int
    """Examples that were sent unchanged, which the adapter must not unlearn."""
    old: int
    """Examples of the promoted adapter's training set that stay in the new set."""
    old_from: str = field(metadata=QUOTING)
    """Where they were found, or why they were not."""
    replaced: int
    """Old examples whose input has a newer final."""
    left_out: int
    """Old examples that a benchmark holds."""
    examples: int
    """Number of examples in the training file."""
    rejected_cases: int
    """Proposed cases whose ideal a person has to write."""
    edited_cases: int
    """Proposed cases with the editor's final as ideal; kept out of the training file."""
    training: str = field(metadata=EXACT)
    """Path of the training file."""
    name: str = field(metadata=EXACT)
    """Name of the next adapter."""
    train: str = field(metadata=EXACT)
    """The command that trains it."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step to take next, with the exact command."""

    words: str = field(metadata=QUOTING)
    """A sentence that says what to do and why."""
    command: str = field(metadata=EXACT)
    """The command that does it."""


@dataclass(frozen=True, slots=True)
class TaskOverview:
    """The present state of a task."""

    task: str = field(metadata=EXACT)
    """Name of the task."""
    promoted: str | None = field(metadata=EXACT)
    """The adapter in production; None where there is none."""
    since: str | None = field(metadata=EXACT)
    """When it was promoted; ISO 8601, UTC."""
    override: bool
    """Whether it was promoted against the verdict or without one."""
    state: AlarmState | None = field(metadata=EXACT)
    """State of the alarm; None without a promoted adapter, without reviews or without a line."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The present state of a project, with the next steps."""

    project: str | None = field(metadata=EXACT)
    """Its folder; None where there is no project here or above."""
    benchmarks: tuple[tuple[str, int], ...] = field(default=(), metadata=EXACT)
    """Each benchmark with the number of its cases."""
    adapters: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Names of the adapters in its folder."""
    tasks: tuple[TaskOverview, ...] = ()
    """Every task."""
    next: tuple[NextStep, ...] = ()
    """The steps to take, the most urgent first."""
