"""Two versions of a benchmark, field by field."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from harness.records.benchmark import Case
from harness.records.holds import EXACT, TEXT


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that is not what it was, both sides as text."""

    field: str = dataclasses.field(metadata=EXACT)
    old: str = dataclasses.field(metadata=TEXT)
    new: str = dataclasses.field(metadata=TEXT)


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case that is in both versions and not the same."""

    case: str = field(metadata=EXACT)
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkDifference:
    """What changed from one version of a benchmark to another."""

    old: str = field(metadata=EXACT)
    """Where the old version was found, as it was asked for."""
    new: str = field(metadata=EXACT)
    old_fingerprint: str = field(metadata=EXACT)
    new_fingerprint: str = field(metadata=EXACT)
    added: tuple[Case, ...] = ()
    removed: tuple[Case, ...] = ()
    changed: tuple[CaseDifference, ...] = ()
    settings: tuple[FieldChange, ...] = ()
    """What differs outside the cases."""
    whole: bool = True
    """Whether the settings could be compared; a version that only runs remember has none."""

    @property
    def same(self) -> bool:
        """Whether nothing differs at all."""
        changed = self.added or self.removed or self.changed or self.settings
        return not changed and self.old_fingerprint == self.new_fingerprint
