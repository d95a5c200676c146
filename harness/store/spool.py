"""A temporary database for an import until all of its lines are checked.

It has no name on disk and disappears with the process. Only an import that is sound as a whole
goes on to the store, so a refused or killed import leaves no trace.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from harness.errors import WorldFailed
from harness.store import schema
from harness.store.review_rows import ReviewRow

Claim = tuple[str, str, int]
"""An id, its content key, and the number of its line."""
_CACHE_KIB = 32 * 1024
"""Memory that the spool takes before it writes to disk."""
_PLAIN = tuple(column.name for column in schema.reviews.c if column.name != "seq")
_NAMES = ", ".join(f'"{name}"' for name in (*_PLAIN, "slices"))
_ADD = f"INSERT INTO kept ({_NAMES}) VALUES ({', '.join('?' * (len(_PLAIN) + 1))})"


class Spool:
    """The ids of an import, each with its first line, and the reviews in the order of lines."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def claim(self, claims: Sequence[Claim]) -> dict[int, tuple[str, int]]:
        """Register ids; return, for each line with a taken id, content and line of the first."""
        new = self._connection.executemany(
            "INSERT INTO ids VALUES (?, ?, ?) ON CONFLICT DO NOTHING", claims
        )
        if new.rowcount == len(claims):
            return {}  # the usual case: no id twice
        found = {}
        for identity, _, line in claims:
            first = self._connection.execute(
                "SELECT content, line FROM ids WHERE id = ?", (identity,)
            ).fetchone()
            if first[1] != line:
                found[line] = (str(first[0]), int(first[1]))
        return found

    def add(self, rows: Sequence[ReviewRow]) -> None:
        """Append reviews."""
        ready = [(*(row[name] for name in _PLAIN), json.dumps(row["slices"])) for row in rows]
        self._connection.executemany(_ADD, ready)

    def batches(self, size: int) -> Iterator[list[ReviewRow]]:
        """Yield all reviews in batches, the first added first."""
        found = self._connection.execute(f"SELECT {_NAMES} FROM kept ORDER BY place")
        while rows := found.fetchmany(size):
            yield [
                dict(zip(_PLAIN, row, strict=False)) | {"slices": json.loads(row[-1])}
                for row in rows
            ]


@contextmanager
def open_spool() -> Iterator[Spool]:
    """Open a spool; rows that outgrow memory go to the system's temporary folder."""
    try:
        with closing(sqlite3.connect("", isolation_level=None)) as connection:
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            # No journal and no sync: after a crash the file is gone anyway.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("CREATE TABLE ids (id PRIMARY KEY, content, line) WITHOUT ROWID")
            connection.execute(f"CREATE TABLE kept (place INTEGER PRIMARY KEY, {_NAMES})")
            connection.execute("BEGIN")  # otherwise each row would be a transaction
            yield Spool(connection)
    except sqlite3.Error as problem:
        raise WorldFailed(
            f"the import cannot be kept aside ({problem}), make room in the temporary folder"
        ) from problem
