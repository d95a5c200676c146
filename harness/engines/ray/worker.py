"""A worker of a cluster: a process with the base loaded once, which runs batch after batch.

Tested in tests/engines/ray/test_worker.py and test_engine.py.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.engines.batches import Batch, BatchResult, Shifts, failed, run_batch
from harness.engines.protocol import BackendEngine
from harness.errors import EngineFailed, HarnessError
from harness.libraries import versions
from harness.records import Generation

_OURS = ("lora-harness",)
_ELSEWHERE = "give all machines one path for it, see `shared` in [tool.harness.ray]"


Make = Callable[[int], BackendEngine]
"""A function, sent to the worker, that makes its engine for a number of threads."""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker's description of itself when it is ready."""

    node: str
    """The machine's name."""
    origin: Mapping[str, object]
    """All that could change an output, according to its own engine."""
    versions: Mapping[str, str]
    """The version of the harness."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """The result of a batch: its finished parts, and why there are no more."""

    parts: tuple[BatchResult, ...]
    problem: HarnessError | None = None
    """The failure that ended the batch, if any."""


def describe(engine: BackendEngine) -> WorkerInfo:
    """Return this process's description of itself."""
    return WorkerInfo(platform.node(), dict(engine.origin(Generation())), versions(_OURS))


class Worker:
    """Ray makes an actor of this class, which itself does not import Ray."""

    def __init__(self, make: Make, threads: int) -> None:
        """Make the engine; `threads` are the cores of its slice, torch would take all cores."""
        self._engine = make(threads)
        self._shifts: Shifts = {}

    def hello(self) -> WorkerInfo:
        """Return the description, once the worker is up."""
        return describe(self._engine)

    def run(self, batch: Batch) -> WorkerResult:
        """Run a batch; an error is returned as a result, so no traceback travels."""
        parts = []
        folder = batch.adapter.folder
        try:
            if folder is not None and not folder.is_dir():
                raise EngineFailed(f"{folder}: is not there on {platform.node()}, {_ELSEWHERE}")
            for part in run_batch(self._engine, batch, self._shifts):
                parts.append(part)
        except Exception as problem:  # torch, CUDA and plugins raise any kind
            return WorkerResult(
                joined(parts), failed(self._engine.name, batch.adapter.name, problem)
            )
        return WorkerResult(joined(parts))


def joined(parts: Sequence[BatchResult]) -> tuple[BatchResult, ...]:
    """Join the texts of a batch, and its likelihoods: they travel together and are stored at once.

    An engine yields text by text, and a transaction for each would keep the store busy.
    """
    proofs = [part for part in parts if not part.outputs and not part.weighed]
    texts = [part for part in parts if part.outputs]
    weighed = [part for part in parts if part.weighed]
    found = [*proofs]
    if texts:
        outputs = tuple(output for part in texts for output in part.outputs)
        found.append(BatchResult(outputs=outputs, seconds=sum(part.seconds for part in texts)))
    if weighed:
        nlls = tuple(one for part in weighed for one in part.weighed)
        found.append(BatchResult(weighed=nlls, seconds=sum(part.seconds for part in weighed)))
    return tuple(found)


def transformers_on(
    folder: Path, threads: int, *, quantize: str = "", quantized: str = ""
) -> BackendEngine:
    """Make the in-process engine of a worker, on the device that its process sees."""
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
    return Transformers(base, probe(), quantize=quantize, quantized=quantized)
