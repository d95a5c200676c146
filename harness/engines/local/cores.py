"""Read chunks side by side, each on a single core, so that no bit depends on the number of cores.

A matrix product that several threads share is cut up by their number, and in bfloat16 its last bits
follow the cut. Threads that share a product also wait for each other at its end, which takes most
of the time on a busy machine; threads with a chunk each never wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

MAX_TOGETHER = 8
"""The most chunks at the same time: each holds the logits of all its places."""

Item = TypeVar("Item")
Found = TypeVar("Found")


def on_single_cores(
    work: Callable[[Item], Found], items: Sequence[Item], device: str
) -> list[Found]:
    """Return the result of `work` for each item, in order; an accelerator takes them in turn."""
    import torch

    cores = torch.get_num_threads()
    if device != "cpu" or cores == 1 or not items:
        return [work(item) for item in items]

    @torch.inference_mode()  # belongs to a thread, so the caller's does not hold in another
    def alone(item: Item) -> Found:
        torch.set_num_threads(1)
        return work(item)

    try:
        return list(_threads(min(cores, MAX_TOGETHER)).map(alone, items))
    finally:
        torch.set_num_threads(cores)  # MKL has one number for all threads


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Return threads that stay: new ones would ask the system for all their memory again."""
    return ThreadPoolExecutor(count, "chunk")
