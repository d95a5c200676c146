"""Record a learning curve: the trainings on nested parts of a set, and what they foretell.

Tested in tests/findings/test_learning_curve.py and tests/flows/training/test_learning_curve.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.records.holds import EXACT, QUOTING
from harness.records.worth import Estimate

CurveName: TypeAlias = Literal["saturated", "more would help", "too noisy to say"]
"""What a learning curve says of more examples like those of the set."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The scores of an adapter that was trained on a part of the set."""

    share: float
    """Of the set's taught examples: 0.25, 0.5 or 1."""
    examples: int
    """Examples of that part; one that is taught several times counts once."""
    seed: int
    """Of the part's draw, and of the training."""
    scores: Mapping[str, Mapping[str, float]] = field(metadata=EXACT)
    """By metric, then by the id of the case."""
    seconds: float
    """Seconds of training."""
    bytes: int
    """Size of the adapter's files."""


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """The trainings of a curve that are done so far, as its file keeps them."""

    task: str = field(metadata=EXACT)
    """The task whose benchmark scored the adapters."""
    benchmark: str = field(metadata=EXACT)
    """The name of that benchmark."""
    set: str = field(metadata=EXACT)
    """The training set: its file's name, or a version such as `outreach@3`."""
    fingerprint: str = field(metadata=EXACT)
    """Of the set's examples, retired ones included, as `training.json` carries it."""
    examples: int
    """Taught examples of the whole set."""
    seeds: int
    """Seeds that were asked for, each of which trains on every size."""
    groups: Mapping[str, str] = field(metadata=EXACT)
    """By the id of each scored case, the group that it belongs to, or its own id."""
    left_out: Mapping[str, str] = field(metadata=QUOTING)
    """By the id of each case that is in the training data, a sentence that says where."""
    points: tuple[CurvePoint, ...]
    """The trainings that are done, in the order in which they were made."""
    at: str = field(metadata=EXACT)
    """When the newest of them was done; ISO 8601, UTC."""

    @property
    def wanted(self) -> int:
        """Number of trainings of the whole curve."""
        return 3 * self.seeds


@dataclass(frozen=True, slots=True)
class CurveSize:
    """The mean score at one size of the set."""

    share: float
    """Of the set."""
    examples: int
    """Examples of that part."""
    score: Estimate
    """The mean over seeds and cases; its interval says how much seeds differ."""
    elsewhere: Estimate
    """The same mean; its interval also says how much other cases would differ."""


@dataclass(frozen=True, slots=True)
class EnoughExamples:
    """Record from how many examples on the edit rate stays within the rate a team lives with."""

    line: float
    """That rate, as declared for the task's alarm."""
    examples: int | None
    """The smallest part whose interval, and that of every larger one, ends below it; or None."""
    score: Estimate
    """The edit rate of that part, else of the whole set, on cases like the benchmark's."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What a learning curve says, for one metric."""

    metric: str = field(metadata=EXACT)
    """`edit_rate` or `ideal_likelihood`."""
    name: CurveName = field(metadata=EXACT)
    """What more examples would do."""
    sizes: tuple[CurveSize, ...]
    """The mean scores, the smallest part first."""
    more: int
    """Further examples that `change` is about."""
    change: Estimate
    """What they would change; below zero, an edit rate falls."""
    doubled: Estimate
    """What twice as many examples would change: the curve is named by it."""
    fits: bool
    """Whether a learning curve fits the scores; else the interval spans what doublings brought."""
