"""The engine of Ray workers in tests: answers without a model, and deaths on request.

An engine is made in the worker's own process, so all that it is told is a folder. In it stand
`die` ("CASE TIMES": so many workers die over that case) and `meet` (how many workers begin before
any of them answers).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.engines.local.device import probe
from harness.engines.local.engine import Transformers
from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed
from harness.records import Generation, Output, Prompt
from tests.fakes.engines import EchoEngine

ORIGIN = {"engine": "marked", "device": "cpu fake", "versions": {"torch": "1"}}


class Marked(EchoEngine):
    """Echo prompts, and write a line in `asked` for every text, with the pid of its process."""

    def __init__(self, folder: Path, origin: Mapping[str, object] = ORIGIN) -> None:
        super().__init__()
        self.folder = folder
        self._origin = origin

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return the given origin with the temperature, as every engine does."""
        return {**self._origin, "decoding": {"temperature": generation.temperature}}

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Meet the other workers, then answer; die at the case that the folder names."""
        self._meet()
        for batch in super().generate(adapter, prompts, generation):
            for output in batch:
                self._die(output.case)
                with (self.folder / "asked").open("a") as file:
                    file.write(f"{os.getpid()} {adapter.name} {output.case}\n")
            yield batch

    def _meet(self) -> None:
        file, met = self.folder / "meet", self.folder / "met"
        if not file.exists():
            return
        met.mkdir(exist_ok=True)
        (met / str(os.getpid())).touch()
        until = time.monotonic() + 120
        while len(list(met.iterdir())) < int(file.read_text()) and time.monotonic() < until:
            time.sleep(0.02)

    def _die(self, case: str) -> None:
        file, dead = self.folder / "die", self.folder / "dead"
        if not file.exists():
            return
        deadly, times = file.read_text().split()
        graves = dead.read_text().split() if dead.exists() else []
        if case == deadly and len(graves) < int(times):
            dead.write_text(" ".join([*graves, str(os.getpid())]))
            os._exit(1)

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield likelihoods; fail for an adapter of the name `failing`."""
        if adapter.name == "failing":
            raise EngineFailed("failing: as it was asked to")
        yield from super().likelihood(adapter, prompts, generation)

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float:
        """Return 1, or 0 for an adapter of the name `unapplied`."""
        return 0.0 if adapter.name == "unapplied" else 1.0


def marked(folder: Path, threads: int) -> Marked:
    """Return the engine; a worker calls this."""
    return Marked(folder)


def other(folder: Path, threads: int) -> Marked:
    """Return an engine on another device."""
    return Marked(folder, {**ORIGIN, "device": "cpu other"})


def broken(folder: Path, threads: int) -> Marked:
    """Fail, as a worker that cannot start."""
    raise OSError(f"no such device\nbeside {folder}")


STALLS = "LORA_HARNESS_TEST_STALLS"
"""Set on a node whose workers answer once, and then never again."""


class Stalling(Transformers):
    """The engine on a real base, whose workers wait for each other.

    On a node with STALLS a worker answers a first batch, makes the file `stalled` in its folder
    at the second, and stays there. All other workers answer once that file exists.
    """

    def __init__(self, base: Path, folder: Path) -> None:
        super().__init__(lambda: base, probe())
        self._stalled = folder / "stalled"
        self._answered = False

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Generate as the engine does, or stall."""
        stalls = STALLS in os.environ
        if stalls and self._answered:
            self._stalled.touch()
        self._answered = True
        until = time.monotonic() + 120
        while (self._stalled.exists() if stalls else not self._stalled.exists()) and (
            time.monotonic() < until
        ):
            time.sleep(0.02)
        yield from super().generate(adapter, prompts, generation)


def stalling(base: Path, folder: Path, threads: int) -> Stalling:
    """Return the engine; a worker calls this."""
    return Stalling(base, folder)
