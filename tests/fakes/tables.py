"""The tables of a new store, made from recorded statements."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection


class TablesByText:
    """Make a store's tables by SQL text, which the first store on SQLite was asked for."""

    def __init__(self, usual: Callable[[Connection], None]) -> None:
        self._usual = usual
        self._statements: list[str] = []

    def create(self, connection: Connection) -> None:
        """Create the tables on this connection."""
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite and self._statements:
            for statement in self._statements:
                connection.exec_driver_sql(statement)
            return
        self._usual(connection)
        if not on_sqlite:
            return
        made = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
        version = "SELECT version_num FROM alembic_version"
        self._statements = [str(sql) for (sql,) in connection.exec_driver_sql(made)]
        number = connection.exec_driver_sql(version).scalar()
        self._statements.append(f"INSERT INTO alembic_version VALUES ('{number}')")
