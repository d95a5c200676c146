"""Record the versions of a training set: who changed it, when, why, and by how much.

Tested in tests/workspace/project/test_data_versions.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records.holds import EXACT, QUOTING


@dataclass(frozen=True, slots=True)
class DataVersion:
    """A version of a training set, chained by hash to the version before it."""

    set: str = field(metadata=EXACT)
    """Name of the training set: its file's name without the suffix."""
    version: int
    """Its number, from 1."""
    fingerprint: str = field(metadata=EXACT)
    """Of the examples, as `training.json` carries it."""
    examples: int
    """How many examples it has."""
    added: int
    """Examples that the version before did not have."""
    removed: int
    """Examples of the version before that are gone."""
    changed: int
    """Inputs that have another output than before; not counted as added or removed."""
    by: str = field(metadata=QUOTING)
    """The person who made the version."""
    why: str = field(metadata=QUOTING)
    """The person's reason."""
    at: str = field(metadata=EXACT)
    """When; ISO 8601, UTC."""
    prev: str = field(default="", metadata=EXACT)
    """The hash of the version before; empty for the first."""
    hash: str = field(default="", metadata=EXACT)
    """sha256 over the fields above, the new examples, and the digests of the removed ones."""

    @property
    def name(self) -> str:
        """The name by which commands take it: `outreach@3`."""
        return f"{self.set}@{self.version}"
