"""An engine of another package, held to the protocol: entry point group `harness.engines`.

Its package and version are part of the address of its outputs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from harness.engines.protocol import Engine, Mounted, Weighed
from harness.errors import EngineFailed, HarnessError, SettingsError, reason
from harness.records import Generation, Output, Prompt
from harness.registered import Registered

_log = logging.getLogger(__name__)

Factory: TypeAlias = Callable[[str, Callable[[], Path]], Engine]
"""The object that a package offers: a callable that takes the text behind `NAME:` and a function
returning the folder of the base model (fetched or converted if need be), and returns an engine."""

_REQUIRED = ("origin", "generate", "likelihood")


class Plugged:
    """Answers as the other package's engine does, and refuses answers outside the protocol."""

    def __init__(self, offered: Registered, place: str, base: Callable[[], Path]) -> None:
        self._who = f"engine {offered.name} of {offered.package}"
        self._package = offered.package
        self._engine = self._made(offered, place, base)
        self.name: str = offered.name
        self.likelihoods: bool = self._engine.likelihoods

    def _made(self, offered: Registered, place: str, base: Callable[[], Path]) -> Any:
        if not callable(offered.value):
            raise SettingsError(
                f"{self._who}: {offered.place} is no factory, a function of"
                " (place, base) that gives an engine is needed"
            )
        try:
            engine = offered.value(place, base)
        except HarnessError:
            raise
        except Exception as problem:  # a foreign factory may raise any kind
            _log.debug("%s: its factory failed", self._who, exc_info=True)
            raise EngineFailed(
                f"{self._who}: could not be made ({type(problem).__name__}: {reason(problem)})"
            ) from problem
        missing = [name for name in _REQUIRED if not callable(getattr(engine, name, None))]
        if not isinstance(getattr(engine, "likelihoods", None), bool):
            missing.append("likelihoods (true or false)")
        if missing:
            raise SettingsError(f"{self._who}: gave no engine, it lacks {', '.join(missing)}")
        return engine

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return what the engine says of itself, with its name and package."""
        try:
            said = dict(self._engine.origin(generation))
            json.dumps(said, allow_nan=False)
        except Exception as problem:  # foreign code: any kind
            _log.debug("%s: its origin is unusable", self._who, exc_info=True)
            raise EngineFailed(
                f"{self._who}: its `origin` must be a table that JSON can hold"
                f" ({type(problem).__name__}: {reason(problem)})"
            ) from problem
        # Our own keys last: an engine cannot pass for another package's.
        return (
            {"decoding": asdict(generation)}
            | said
            | {"engine": self.name, "package": self._package}
        )

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Yield the engine's outputs; refuse an output for any prompt that was not given."""
        asked = {(prompt.case, prompt.sample) for prompt in prompts}
        for batch in self._engine.generate(adapter, prompts, generation):
            outputs = tuple(batch)
            for one in outputs:
                if not isinstance(one, Output) or not isinstance(one.text, str):
                    raise EngineFailed(f"{self._who}: gave {one!r:.60}, an Output is needed")
                if (one.case, one.sample) not in asked:
                    raise EngineFailed(f"{self._who}: nobody asked for case {one.case!r:.60}")
            yield outputs

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the engine's likelihoods; refuse those of any ideal that was not given."""
        asked = {(p.case, place) for p in prompts for place in range(len(p.ideals))}
        for batch in self._engine.likelihood(adapter, prompts, generation):
            found = tuple(batch)
            for one in found:
                if not isinstance(one, Weighed) or (one.case, one.ideal) not in asked:
                    raise EngineFailed(f"{self._who}: gave {one!r:.60}, a Weighed is needed")
            yield found

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return how far the adapter moves the answers; None if the engine has no `shift`."""
        shift = getattr(self._engine, "shift", None)
        return shift(adapter, prompt, generation) if callable(shift) else None

    def close(self) -> None:
        """Release what the engine holds, if it has a `close`."""
        close = getattr(self._engine, "close", None)
        if callable(close):
            close()
