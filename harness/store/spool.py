"""Where an import lies until all of it was looked at: on disk, nameless, gone with the process.

Only what is to be kept as a whole is taken over, so a refused or killed import leaves nothing.
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
"""An id, the address of what it says, and the line that says so."""
_CACHE_KIB = 32 * 1024
_PLAIN = tuple(column.name for column in schema.reviews.c if column.name != "seq")
_NAMES = ", ".join(f'"{name}"' for name in (*_PLAIN, "slices"))
_ADD = f"INSERT INTO kept ({_NAMES}) VALUES ({', '.join('?' * (len(_PLAIN) + 1))})"


class Spool:
    """Ids claimed by the line that said them first, and reviews in the order of their lines."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def claim(self, some: Sequence[Claim]) -> dict[int, tuple[str, int]]:
        """By line: content and line of who said its id first, where that was another line."""
        new = self._connection.executemany(
            "INSERT INTO ids VALUES (?, ?, ?) ON CONFLICT DO NOTHING", some
        )
        if new.rowcount == len(some):
            return {}
        found = {}
        for identity, _, line in some:
            first = self._connection.execute(
                "SELECT content, line FROM ids WHERE id = ?", (identity,)
            ).fetchone()
            if first[1] != line:
                found[line] = (str(first[0]), int(first[1]))
        return found

    def add(self, rows: Sequence[ReviewRow]) -> None:
        """Behind those that are here."""
        ready = [(*(row[name] for name in _PLAIN), json.dumps(row["slices"])) for row in rows]
        self._connection.executemany(_ADD, ready)

    def batches(self, size: int) -> Iterator[list[ReviewRow]]:
        """Everything, the first added first."""
        found = self._connection.execute(f"SELECT {_NAMES} FROM kept ORDER BY place")
        while some := found.fetchmany(size):
            yield [
                dict(zip(_PLAIN, row, strict=False)) | {"slices": json.loads(row[-1])}
                for row in some
            ]


@contextmanager
def open_spool() -> Iterator[Spool]:
    """An unnamed temporary database; what outgrows memory goes to the system's temporary folder."""
    try:
        with closing(sqlite3.connect("", isolation_level=None)) as connection:
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("CREATE TABLE ids (id PRIMARY KEY, content, line) WITHOUT ROWID")
            connection.execute(f"CREATE TABLE kept (place INTEGER PRIMARY KEY, {_NAMES})")
            connection.execute("BEGIN")  # else every row would be written out by itself
            yield Spool(connection)
    except sqlite3.Error as problem:
        raise WorldFailed(
            f"the import cannot be kept aside ({problem}), make room in the temporary folder"
        ) from None
