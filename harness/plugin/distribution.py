"""How xdist hands our items to its workers; imported only where xdist distributes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest


def scope_of(nodeid: str, files: Collection[str]) -> str:
    """What stays together: one adapter on one benchmark; any other test stands alone."""
    file, _, name = nodeid.partition("::")
    if file not in files or "[" not in name:
        return nodeid
    adapter = name[name.rindex("[") :].split("@")[0]  # xdist may append @group
    return f"{file}{adapter}"


def by_adapter_and_benchmark(config: pytest.Config, log: Any, files: Collection[str]) -> Any:
    """A scheduler of xdist's own kind with our scopes."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid, files)

    return Scheduling(config, log)
