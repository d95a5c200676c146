"""The distribution of our items over the workers of xdist; imported only where it distributes.

Tested in tests/plugin/test_xdist.py.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

import pytest


def scope_of(nodeid: str, files: Collection[str]) -> str:
    """Return the name of a group: one adapter on one benchmark, or any other test alone."""
    file, _, name = nodeid.partition("::")
    if file not in files or "[" not in name:
        return nodeid
    adapter = name[name.rindex("[") :].split("@")[0]  # xdist may append @group
    return f"{file}{adapter}"


def by_adapter_and_benchmark(config: pytest.Config, log: Any, files: Collection[str]) -> Any:
    """Return a scheduler of xdist that keeps these groups together."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid, files)

    return Scheduling(config, log)


def share_cores(workers: int) -> None:
    """Give each worker its share of the cores; no figure depends on their number."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (cores or 1) // workers)))
