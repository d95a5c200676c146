"""The table of what endpoints answered: the last check of each task and address."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from harness.records import EndpointCheck
from harness.store import schema
from harness.store.codec import decode, encode
from harness.store.database import Database


class EndpointChecks:
    """The last check of each endpoint; an older one is replaced, as cron asks every few minutes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, check: EndpointCheck) -> None:
        """Store a check in place of the endpoint's last one."""
        table = schema.endpoint_checks
        mine = (table.c.task == check.task) & (table.c.url == check.url)
        row = {"task": check.task, "url": check.url, "at": check.at, "body": encode(check)}
        with self._database.write() as connection:
            connection.execute(delete(table).where(mine))
            connection.execute(insert(table).values(row))

    def last(self) -> dict[str, EndpointCheck]:
        """Return each task's newest check."""
        table = schema.endpoint_checks
        with self._database.read() as connection:
            found = connection.execute(select(table).order_by(table.c.at)).all()
        return {row.task: decode(row.body, EndpointCheck) for row in found}
