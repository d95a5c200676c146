"""Insertion of new rows only, by the same statement on SQLite and on PostgreSQL.

Tested in tests/store/test_round_trips.py and test_faults.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows whose keys are not there yet; return their number."""
    if not rows:
        return 0
    # Each dialect's own module: importing both costs every start on SQLite that of PostgreSQL.
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    statement = dialect.insert(table).on_conflict_do_nothing()
    # Without this option the number of rows is lost after an insert of many on psycopg.
    counted = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counted, list(rows)).rowcount
