"""Record the versions of a training set, and where its examples come from.

Tested in tests/workspace/project/test_data_versions.py and
tests/workspace/project/test_data_origins.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from harness.records.holds import EXACT, QUOTING

NOT_STATED = "not stated"
"""Stands for what an origin card leaves open, wherever the card is shown or recorded."""


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
    """Inputs that have another output than before, or are now taught in another way (retired,
    repeated); not counted as added or removed."""
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


@dataclass(frozen=True, slots=True)
class DataOrigin:
    """Where a training set comes from, as its owner states it; None for what is left open."""

    source: str | None = field(default=None, metadata=QUOTING)
    """Who or what wrote the examples, and when."""
    owner: str | None = field(default=None, metadata=QUOTING)
    """The person or team that answers for the set."""
    licence: str | None = field(default=None, metadata=QUOTING)
    """The terms under which it may be trained on."""
    consent: str | None = field(default=None, metadata=QUOTING)
    """Whether the people in it agreed, and how; or why nobody had to be asked."""
    lawful_basis: str | None = field(default=None, metadata=QUOTING)
    """The basis on which personal data in it is processed."""
    third_party_copy: bool | None = None
    """Whether it holds texts that others wrote and own."""
    contains_personal_data: bool | None = None
    """Whether it holds personal data."""
    retention: str | None = field(default=None, metadata=QUOTING)
    """How long it is kept."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the fields that are left open."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name) is None)

    def stated(self) -> dict[str, str | bool]:
        """Return every field by name, with `not stated` for what is left open."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: NOT_STATED if value is None else value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class TaughtData:
    """A training set that an adapter or one of its parents was trained on, with its origin."""

    adapter: str = field(metadata=EXACT)
    """The adapter that was trained on it: the one asked about, or a parent."""
    set: str = field(metadata=EXACT)
    """Its name, with the number of its version where it has one; `not stated` if unknown."""
    fingerprint: str = field(metadata=EXACT)
    """Of its examples, as `training.json` has it; `not stated` if unknown."""
    origin: DataOrigin = DataOrigin()
    """What was recorded when the adapter was trained; what that left open, as the card says it."""

    def stated(self) -> dict[str, str | bool]:
        """Return the set and its origin as one table, for a model card or a statement."""
        about = {"adapter": self.adapter, "set": self.set, "fingerprint": self.fingerprint}
        return about | self.origin.stated()
