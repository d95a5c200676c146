"""Read `[ray]`: the cluster that shares the work."""

from __future__ import annotations

from pathlib import Path

from harness.records import Cluster
from harness.workspace.formats.fields import Table


def read_cluster(table: Table) -> Cluster:
    """Read `[ray]`; every key is optional."""
    plain = Cluster()
    found = Cluster(
        actors=table.whole("actors", plain.actors, 0, 4096),
        cores=table.whole("cores", plain.cores, 0, 4096),
        patience=table.number("patience", plain.patience, 1.0, 86_400),
        shared=table.text("shared", "", blank=True),
    )
    table.done()
    if found.shared and not Path(found.shared).is_absolute():
        raise table.fail("`shared` must be an absolute path, the same on all machines")
    return found
