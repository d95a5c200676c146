"""The store: a database, with a class for each kind of record in it.

Tested in tests/store/test_database.py.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import exists, or_, select

from harness.store import schema
from harness.store.claims import Claims
from harness.store.database import Database
from harness.store.decisions import Decisions
from harness.store.endpoint_checks import EndpointChecks
from harness.store.outputs import Outputs
from harness.store.production_outputs import ProductionOutputs
from harness.store.reviews import Reviews
from harness.store.runs import Runs
from harness.store.trends import Trends
from harness.store.verdicts import Verdicts


class Store:
    """Everything that the project remembers; SQLite beside the reports by default."""

    def __init__(self, url: str, root: Path, project: str = "") -> None:
        self.database = Database(url, root, project)
        self.outputs = Outputs(self.database)
        self.runs = Runs(self.database)
        self.verdicts = Verdicts(self.database)
        self.decisions = Decisions(self.database)
        self.reviews = Reviews(self.database)
        self.production = ProductionOutputs(self.database)
        self.claims = Claims(self.database)
        self.trends = Trends(self.database)
        self.endpoint_checks = EndpointChecks(self.database)

    @property
    def is_new(self) -> bool:
        """Whether this opening created it."""
        return self.database.is_new

    @property
    def is_empty(self) -> bool:
        """Whether it holds neither a run nor a decision."""
        with self.database.read() as connection:
            any_row = [exists().select_from(table) for table in (schema.runs, schema.decisions)]
            return not connection.execute(select(or_(*any_row))).scalar_one()

    def close(self) -> None:
        """Close all connections."""
        self.database.close()
