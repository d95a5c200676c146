"""What every engine keeps: texts for prompts, and the likelihood of ideals where it can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.records import Generation, Output, Prompt


@dataclass(frozen=True, slots=True)
class Mounted:
    """The adapter that an engine is asked to write with."""

    name: str
    digest: str
    """Of its judged bytes; for the base itself a constant."""
    folder: Path | None
    """A private copy of the judged files; None for the base."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """How likely one ideal is after one prompt."""

    case: str
    ideal: int
    nll: float | None
    """Mean negative log-likelihood of its tokens, the end token included."""


class Engine(Protocol):
    """Prompts to outputs. Results come batch by batch, so that they can be kept as they come."""

    name: str
    likelihoods: bool
    """Whether `likelihood` can answer."""

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """All that could change an output besides adapter and prompt; cheap, imports nothing."""
        ...

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """One output per prompt, in batches, in any order."""
        ...

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """The likelihood of every ideal of every prompt, in batches."""
        ...
