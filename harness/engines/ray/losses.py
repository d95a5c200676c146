"""Say in one line that a worker or a node of the cluster was lost, when it happens."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from harness.progress import tell

Node: TypeAlias = Mapping[str, Any]
"""A machine of the cluster, as `ray.nodes()` lists it."""

_ANSWER = 2.0
"""Seconds in which a node must accept a connection; only asked after a worker was lost."""


@dataclass
class Losses:
    """Says the first lost worker, and every lost node; further lost workers are in the log only."""

    _said: bool = False
    _gone: set[str] = field(default_factory=set)
    """Ids of nodes that are said already, or were lost before the workers were started."""

    def begin(self, nodes: Iterable[Node]) -> None:
        """Note which nodes the cluster had lost before: they are no news."""
        self._gone = {node["NodeID"] for node in nodes if not node["Alive"]}

    def worker(self, place: str, why: str, then: str, nodes: Iterable[Node]) -> None:
        """Write the line on a lost worker, or on the node that it was lost with."""
        lost = [node for node in nodes if node["NodeID"] not in self._gone and not _there(node)]
        self._gone |= {node["NodeID"] for node in lost}
        for node in lost:
            where = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
            tell(f"ray: the node {where} is lost with its workers; {then}")
        if not lost and not self._said:
            tell(f"ray: a worker{place} is lost ({why}); {then}")
        self._said = True


def _there(node: Node) -> bool:
    """Return whether a node is up. Ray itself takes up to a minute to notice that one is not."""
    if not node["Alive"]:
        return False
    try:
        where = (node["NodeManagerAddress"], node["NodeManagerPort"])
        socket.create_connection(where, timeout=_ANSWER).close()
    except OSError:
        return False
    return True
