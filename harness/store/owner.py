"""Keep projects apart that name the same store: each has tables, and a ledger, to itself.

The first project owns the store's own tables. Each other one has its tables beside them: of SQLite
in a file `harness.ID.db`, on PostgreSQL in a schema `project_ID`.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, Engine, event, exists, insert, or_, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateSchema

from harness.store import schema

_READ_ONLY = re.compile("read-?only", re.IGNORECASE)


def owner_of(connection: Connection) -> str | None:
    """Return the id of the project whose rows these are; None where no project has claimed them."""
    return connection.execute(select(schema.owner.c.project)).scalar()


def claim(connection: Connection, project: str) -> tuple[str, bool]:
    """Make a project the owner, unless there is one; return the owner, and whether it adopts rows.

    The connection holds the lock of its transaction, so that of two projects one becomes the owner.
    """
    if (owner := owner_of(connection)) is not None:
        return owner, False
    tables = (schema.runs, schema.decisions, schema.reviews)
    asked = select(or_(*(exists().select_from(table) for table in tables)))
    adopts = bool(connection.execute(asked).scalar_one())
    connection.execute(insert(schema.owner), [{"project": project}])
    return project, adopts


def cannot_be_claimed(problem: OperationalError) -> bool:
    """Return whether the store is read-only: it may be read by the project that names it first."""
    return bool(_READ_ONLY.search(str(problem.orig)))


def file_beside(url: URL, project: str) -> URL:
    """Return the URL of a project's file beside a SQLite store that another project owns."""
    name, dot, suffix = str(url.database).rpartition(".")
    if not dot or "/" in suffix:
        name, suffix = str(url.database), "db"
    return url.set(database=f"{name}.{project}.{suffix}")


def use_schema_beside(engine: Engine, project: str) -> None:
    """Let an engine's connections see a project's schema and no other; make it if missing."""
    name = f"project_{project}"
    with engine.begin() as connection:
        connection.execute(CreateSchema(name, if_not_exists=True))
    quoted = engine.dialect.identifier_preparer.quote_identifier(name)

    def see(connection: object, _: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # the driver's own connection
        cursor.execute(f"SET search_path TO {quoted}")
        cursor.close()
        # Committed, as the pool would take the setting back with its next rollback.
        connection.commit()  # type: ignore[attr-defined]  # as above

    event.listen(engine, "connect", see)
    engine.dispose()  # connections that were opened before see the other tables
