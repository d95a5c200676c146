"""The public protocol of engines: texts for prompts and, optionally, likelihoods of ideals.

Tested in tests/engines/test_third_party.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from harness.records import Generation, Output, Prompt

if TYPE_CHECKING:
    from harness.engines.local.prompts import Formats


@dataclass(frozen=True, slots=True)
class Mounted:
    """An adapter that an engine generates with."""

    name: str
    digest: str
    """Digest of its judged bytes; a constant for the base itself."""
    folder: Path | None
    """A private copy of the judged files; None for the base."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The likelihood of an ideal after its prompt."""

    case: str
    ideal: int
    nll: float | None
    """Mean negative log-likelihood of its tokens, the end token included."""


class Engine(Protocol):
    """Turns prompts into outputs, batch by batch, so that finished batches can be stored."""

    name: str
    likelihoods: bool
    """Whether `likelihood` is supported."""

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return all that could change an output besides adapter and prompt; no slow imports."""
        ...

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Yield an output for every prompt, in batches, in any order."""
        ...

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the likelihood of every ideal of every prompt, in batches."""
        ...


class BackendEngine(Engine, Protocol):
    """An engine of this package, which can also show an adapter's effect and be closed."""

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return how far an adapter moves the base's logits, None where it can't be told."""
        ...

    def close(self) -> None:
        """Give back memory, connections, workers."""
        ...


@runtime_checkable
class ReleasingEngine(Protocol):
    """An engine that can give its model's memory back and load the model again."""

    def release(self) -> None:
        """Give the model's memory back until the model is next asked for."""
        ...


@runtime_checkable
class FormattingEngine(Protocol):
    """An engine that knows, before it is asked for a text, which tokens make its prompts."""

    def formats(self) -> Formats | None:
        """Return the chat formats of its base; None where the base's files are not here."""
        ...
