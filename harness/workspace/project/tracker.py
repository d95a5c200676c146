"""`[tool.harness.mlflow]`: where verdicts are logged besides the store."""

from __future__ import annotations

from harness.records import Tracker
from harness.workspace.formats.fields import Table


def read_tracker(table: Table) -> Tracker:
    """The section as it stands; without one nothing is logged anywhere."""
    there = bool(table.raw)
    found = Tracker(
        uri=table.text("tracking_uri") if there else "",
        experiment=table.text("experiment", Tracker().experiment),
    )
    table.done()
    return found
