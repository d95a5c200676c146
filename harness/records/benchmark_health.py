"""Hold what a check of a benchmark found, and what differs between two versions of it.

Tested in tests/workspace/project/test_benchmarks.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.records.benchmark import Case
from harness.records.holds import EXACT, QUOTING, TEXT


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """A case over the newest complete run of every adapter on this benchmark version."""

    case: str = field(metadata=EXACT)
    """Id of the case."""
    adapters: int
    """Number of adapters with an output for it."""
    right: int
    """How many of those got it right: edit similarity at least 0.9, or clean."""
    best: float | None
    """The highest edit similarity among them; None where none has this score."""
    ranges: Mapping[str, float] = field(default_factory=dict)
    """By metric, the highest score minus the lowest."""
    base_right: bool | None = None
    """Whether even the plain base gets it right; None where the base was not run."""


@dataclass(frozen=True, slots=True)
class CasesNeeded:
    """The number of cases that a margin takes, by the spread seen so far."""

    metric: str = field(metadata=EXACT)
    """Name of the metric."""
    margin: float
    """The margin that is to be certified."""
    needed: int
    """Number of cases for it."""
    spread: float
    """Standard deviation of the paired differences; the median over the pairs."""
    pairs: tuple[tuple[str, str], ...] = field(metadata=EXACT)
    """The adapters that were compared for it."""


@dataclass(frozen=True, slots=True)
class BenchmarkHealth:
    """The figures of a benchmark check, shown beside its findings."""

    name: str = field(metadata=EXACT)
    """Name of the benchmark."""
    task: str | None = field(metadata=EXACT)
    """Its task; None for a guard."""
    cases: int
    """Number of cases that could be read."""
    fingerprint: str | None = field(metadata=EXACT)
    """Its fingerprint; None while refused lines keep it from being a benchmark."""
    adapters: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Adapters with a complete run on this version."""
    judged: int = 0
    """Number of candidates that this version has judged."""
    luck: float | None = None
    """The risk that one of them, worse by exactly the margin, passed by luck."""
    needed: tuple[CasesNeeded, ...] = ()
    """The cases that each margin takes."""
    notes: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Checks that were not possible, each with its reason."""
    reserve: int = 0
    """Number of cases in its reserve."""
    reserve_looks: tuple[int, ...] = ()
    """Numbers of reserve cases after which an open verdict is looked at again."""
    looked_at: int = 0
    """Number of reserve cases that verdicts on this version have looked at."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs between two versions, both values as text."""

    field: str = dataclasses.field(metadata=EXACT)
    """Name of the field."""
    old: str = dataclasses.field(metadata=TEXT)
    """Its value in the old version."""
    new: str = dataclasses.field(metadata=TEXT)
    """Its value in the new version."""


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case that is in both versions and differs."""

    case: str = field(metadata=EXACT)
    """Id of the case."""
    fields: tuple[FieldChange, ...]
    """The fields that differ."""


@dataclass(frozen=True, slots=True)
class ReserveDifference:
    """The differences between the reserves of two versions of a benchmark."""

    added: tuple[str, ...] = field(metadata=EXACT)
    """Ids of the cases of the new reserve only."""
    removed: tuple[str, ...] = field(metadata=EXACT)
    """Ids of the cases of the old reserve only."""
    changed: tuple[str, ...] = field(metadata=EXACT)
    """Ids of the cases of both that differ."""
    begins_alike: bool
    """Whether the new reserve begins with the old: only then do verdicts on it still compare."""


@dataclass(frozen=True, slots=True)
class BenchmarkDifference:
    """The differences between two versions of a benchmark."""

    old: str = field(metadata=EXACT)
    """The place of the old version, as the user named it."""
    new: str = field(metadata=EXACT)
    """The place of the new version, as the user named it."""
    old_fingerprint: str = field(metadata=EXACT)
    """Fingerprint of the old version."""
    new_fingerprint: str = field(metadata=EXACT)
    """Fingerprint of the new version."""
    added: tuple[Case, ...] = ()
    """Cases of the new version only."""
    removed: tuple[Case, ...] = ()
    """Cases of the old version only."""
    changed: tuple[CaseDifference, ...] = ()
    """Cases of both versions that differ."""
    settings: tuple[FieldChange, ...] = ()
    """Differences outside the cases."""
    whole: bool = True
    """Whether the settings could be compared; a version known only from its runs has none."""
    reserve: ReserveDifference | None = None
    """The differences between the reserves; None where they are equal, or are not known."""

    @property
    def same(self) -> bool:
        """Whether the two versions are equal."""
        changed = self.added or self.removed or self.changed or self.settings or self.reserve
        return not changed and self.old_fingerprint == self.new_fingerprint
