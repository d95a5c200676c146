"""Give the engine too little memory for its rows: really on CUDA, simulated on a processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.engines.local.engine import OutOfMemory, Transformers
from harness.engines.protocol import Mounted
from harness.records import Generation

FITS = 4
"""Rows that the simulated memory has room for."""


class Narrow(Transformers):
    """The engine on a processor, with the error that a full device raises for more rows."""

    def _steps(
        self, adapter: Mounted, generation: Generation, work: Callable[[Any], Iterator[Any]]
    ) -> Iterator[Any]:
        if generation.batch > FITS:
            raise OutOfMemory(f"{adapter.name}: out of memory, as it was asked to")
        yield from super()._steps(adapter, generation, work)


@contextmanager
def little_memory(few: Callable[[], object], many: Callable[[], object]) -> Iterator[None]:
    """Limit CUDA to the memory halfway between what few rows and what many rows take."""
    import torch

    def peak(write: Callable[[], object]) -> int:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        write()
        return torch.cuda.max_memory_reserved()

    limit = (peak(few) + peak(many)) / 2
    torch.cuda.empty_cache()
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(limit / whole)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
