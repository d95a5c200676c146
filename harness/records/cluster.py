"""A cluster in words: how many workers the engine `ray` starts, and what each of them gets."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records.holds import EXACT


@dataclass(frozen=True, slots=True)
class Cluster:
    """How work is spread over Ray; where Ray runs is the environment's affair (`RAY_ADDRESS`)."""

    actors: int = 0
    """Workers, each with the base loaded once; 0 is as many as fit: one on each GPU, or on each
    slice of cores."""
    cores: int = 0
    """CPU cores of one worker; 0 shares all of them out, at most 4 where `actors` is 0 too."""
    patience: float = 120.0
    """Seconds to wait for a first worker, and for the next one when all have died."""
    shared: str = field(default="", metadata=EXACT)
    """A folder that all machines see under the same path, for the adapters' private copies; where
    empty, this machine's temporary folder."""
