"""An example of a training set in words: what is given, what is to be learnt, and its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.records.holds import LABELS, TEXT


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One line of a training set that can be read."""

    line: int
    """Counted from 1, blank lines included, as an editor shows it."""
    input: str = field(metadata=TEXT)
    output: str = field(metadata=TEXT)
    slices: Mapping[str, str] = field(default_factory=dict, metadata=LABELS)
    """Named groups such as kind=opener; they are not learnt, they say what to compare it with."""
