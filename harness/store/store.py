"""The store: one database, and a shelf for each kind of thing that is remembered in it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import exists, or_, select

from harness.store import schema
from harness.store.database import Database
from harness.store.decisions import Decisions
from harness.store.outputs import Outputs
from harness.store.reviews import Reviews
from harness.store.runs import Runs
from harness.store.trends import Trends
from harness.store.verdicts import Verdicts


class Store:
    """Opened by URL; SQLite beside the reports unless the settings say otherwise."""

    def __init__(self, url: str, root: Path) -> None:
        self.database = Database(url, root)
        self.outputs = Outputs(self.database)
        self.runs = Runs(self.database)
        self.verdicts = Verdicts(self.database)
        self.decisions = Decisions(self.database)
        self.reviews = Reviews(self.database)
        self.trends = Trends(self.database)

    @property
    def is_new(self) -> bool:
        """Whether this opening made it."""
        return self.database.is_new

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever judged or decided in it."""
        with self.database.read() as connection:
            kept = [exists().select_from(table) for table in (schema.runs, schema.decisions)]
            return not connection.execute(select(or_(*kept))).scalar_one()

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()
