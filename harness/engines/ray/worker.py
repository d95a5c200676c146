"""What a worker of a cluster is: one process with the base loaded once, doing piece after piece."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.engines.batches import Batch, BatchResult, Shown, do, failed
from harness.engines.protocol import Engine
from harness.errors import EngineFailed, HarnessError
from harness.libraries import versions
from harness.records import Generation

_OURS = ("lora-harness",)
_ELSEWHERE = "give all machines one path for it, see `shared` in [tool.harness.ray]"


Make = Callable[[int], Engine]
"""The engine of a worker that may use so many threads; it is sent to the worker."""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker says of itself when it is ready."""

    node: str
    """The machine's name."""
    origin: Mapping[str, object]
    """All that could change an output, as its own engine says it."""
    versions: Mapping[str, str]
    """Of the harness itself."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What came of one piece."""

    parts: tuple[BatchResult, ...]
    problem: HarnessError | None = None
    """Why there is no more of it."""


def hello(engine: Engine) -> WorkerInfo:
    """What this process would say of itself."""
    return WorkerInfo(platform.node(), dict(engine.origin(Generation())), versions(_OURS))


class Worker:
    """Ray makes an actor of it; it knows nothing of Ray."""

    def __init__(self, make: Make, threads: int) -> None:
        """`threads` are the cores of its slice: torch would take all of the machine's."""
        self._engine = make(threads)
        self._shown: Shown = {}

    def hello(self) -> WorkerInfo:
        """Answered when it is up, and again when it was started anew."""
        return hello(self._engine)

    def do(self, piece: Batch) -> WorkerResult:
        """All parts of a piece; an error is an answer too, so no traceback travels."""
        parts = []
        try:
            self._look(piece)
            for done in do(self._engine, piece, self._shown):
                parts.append(done)
        except Exception as problem:  # torch, CUDA and plugins raise whatever they like
            return WorkerResult(
                tuple(parts), failed(self._engine.name, piece.adapter.name, problem)
            )
        return WorkerResult(tuple(parts))

    def _look(self, piece: Batch) -> None:
        folder = piece.adapter.folder
        if folder is not None and not folder.is_dir():
            raise EngineFailed(f"{folder}: is not there on {platform.node()}, {_ELSEWHERE}")


def transformers_on(folder: Path, threads: int) -> Engine:
    """The in-process engine of a worker, on the device that its process sees."""
    import torch

    from harness.engines.local.device import probe
    from harness.engines.local.engine import Transformers

    def base() -> Path:
        if not folder.is_dir():
            raise EngineFailed(
                f"{folder}: the base is not there on {platform.node()}, give all machines one path"
                " for it (a shared LORA_HARNESS_CACHE where it was converted)"
            )
        return folder

    torch.set_num_threads(threads)
    return Transformers(base, probe())
