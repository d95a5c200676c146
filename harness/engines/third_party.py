"""An engine of another package, kept to the protocol: entry point group `harness.engines`.

Its package and version are part of what outputs are addressed by.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from harness.engines.protocol import Engine, Mounted, Weighed
from harness.errors import EngineFailed, HarnessError, SettingsError, reason
from harness.records import Generation, Output, Prompt
from harness.registered import Registered

Factory: TypeAlias = Callable[[str, Callable[[], Path]], Engine]
"""What is offered: a callable that takes the words behind `NAME:` and a function that gives the
folder of the base model (fetched or converted where it has to be), and gives an engine."""

_ASKED = ("origin", "generate", "likelihood")


class Plugged:
    """Answers as the other package does; what it gives that is none of the protocol is refused."""

    def __init__(self, offered: Registered, place: str, base: Callable[[], Path]) -> None:
        self._offered = offered
        self._who = f"engine {offered.name} of {offered.package}"
        self._engine = self._made(place, base)
        self.name: str = offered.name
        self.likelihoods: bool = self._engine.likelihoods

    def _made(self, place: str, base: Callable[[], Path]) -> Any:
        if not callable(self._offered.value):
            raise SettingsError(
                f"{self._who}: {self._offered.place} is no factory, a function of"
                " (place, base) that gives an engine is needed"
            )
        try:
            engine = self._offered.value(place, base)
        except HarnessError:
            raise
        except Exception as problem:  # a foreign factory may raise whatever it likes
            raise EngineFailed(
                f"{self._who}: could not be made ({type(problem).__name__}: {reason(problem)})"
            ) from None
        missing = [name for name in _ASKED if not callable(getattr(engine, name, None))]
        if not isinstance(getattr(engine, "likelihoods", None), bool):
            missing.append("likelihoods (true or false)")
        if missing:
            raise SettingsError(f"{self._who}: gave no engine, it lacks {', '.join(missing)}")
        return engine

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """What the engine says of itself, and whose it is."""
        try:
            said = dict(self._engine.origin(generation))
            json.dumps(said, allow_nan=False)
        except Exception as problem:
            raise EngineFailed(
                f"{self._who}: its `origin` must be a table that JSON can hold"
                f" ({type(problem).__name__}: {reason(problem)})"
            ) from None
        return {"decoding": asdict(generation)} | said | self._ours

    @property
    def _ours(self) -> dict[str, object]:
        return {"engine": self.name, "package": self._offered.package}

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Its outputs, each for a prompt that was asked."""
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
        """Its likelihoods, each of an ideal that was asked."""
        asked = {(p.case, place) for p in prompts for place in range(len(p.ideals))}
        for batch in self._engine.likelihood(adapter, prompts, generation):
            found = tuple(batch)
            for one in found:
                if not isinstance(one, Weighed) or (one.case, one.ideal) not in asked:
                    raise EngineFailed(f"{self._who}: gave {one!r:.60}, a Weighed is needed")
            yield found

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """How far the adapter moves the answers; None where the engine has no `shift`."""
        asked = getattr(self._engine, "shift", None)
        return asked(adapter, prompt, generation) if callable(asked) else None

    def close(self) -> None:
        """Give back what the engine holds, where it has a `close`."""
        asked = getattr(self._engine, "close", None)
        if callable(asked):
            asked()
