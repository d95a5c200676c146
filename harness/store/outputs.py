"""The tables of outputs, likelihoods, embeddings and proofs, each row sealed under its content key.

A row without a seal was stored by a version before the seals: nothing proves it, so it counts as
missing and is made again. A row that does not fit its seal is refused.

Tested in tests/store/test_round_trips.py and test_seals.py.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Row, Table, delete, func, select

from harness.errors import RowChanged
from harness.records import Output
from harness.store import schema
from harness.store.database import Database
from harness.store.insertion import insert_new
from harness.store.seals import row_seal

_RESULTS = (schema.outputs, schema.likelihoods, schema.vectors, schema.proofs)
_CHUNK = 500
"""Keys per query, as SQLite allows a limited number of parameters."""
_ESCAPED = "\x01json:"
"""Prefix of a text that is stored as JSON because a database would not take its characters."""
_ODD = re.compile("[\0\ud800-\udfff]|^" + _ESCAPED)
"""NUL, half of a surrogate pair, or a text that begins with the prefix itself."""


RESULT_TABLES = tuple(table.name for table in _RESULTS)
"""The names of those tables."""


class Outputs:
    """Results of engines by key: looked up before generating, stored batch by batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def texts(self, prompts: Mapping[str, tuple[str, int]]) -> dict[str, Output]:
        """Return the stored outputs by key; `prompts` gives case and sample for each key."""
        table = schema.outputs
        found = {}
        for row in self._look_up(table, prompts):
            case, sample = prompts[row.key]
            found[row.key] = Output(case, _unescaped(row.text), sample, row.tokens, row.finish)
        return found

    def made(self, keys: Iterable[str]) -> dict[str, str]:
        """Return when each stored output was made, by key."""
        return {row.key: row.made for row in self._look_up(schema.outputs, keys)}

    def keep_texts(self, outputs: Mapping[str, Output], made: str) -> None:
        """Store a finished batch of outputs; a crash afterwards does not lose it."""
        rows = [
            {
                "key": key,
                "text": _escaped(output.text),
                "tokens": output.tokens,
                "finish": output.finish,
                "made": made,
            }
            for key, output in outputs.items()
        ]
        self._keep(schema.outputs, rows)

    def forget(self, keys: Sequence[str]) -> None:
        """Delete outputs and likelihoods, so that they are made again."""
        with self._database.write() as connection:
            for table in (schema.outputs, schema.likelihoods):
                for start in range(0, len(keys), _CHUNK):
                    chunk = keys[start : start + _CHUNK]
                    connection.execute(delete(table).where(table.c.key.in_(chunk)))

    def likelihoods(self, keys: Iterable[str]) -> dict[str, float | None]:
        """Return the stored NLLs by key."""
        return {row.key: row.nll for row in self._look_up(schema.likelihoods, keys)}

    def keep_likelihoods(self, found: Mapping[str, float | None]) -> None:
        """Store a finished batch of NLLs."""
        # what a database gives back: NaN is stored as missing, a whole number as a float
        rows = [
            {"key": key, "nll": None if nll is None or math.isnan(nll) else float(nll)}
            for key, nll in found.items()
        ]
        self._keep(schema.likelihoods, rows)

    def vectors(self, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the stored embeddings by key."""
        rows = self._look_up(schema.vectors, keys)
        return {row.key: np.frombuffer(row.vector, dtype="<f4") for row in rows}

    def keep_vectors(self, found: Mapping[str, NDArray[np.float32]]) -> None:
        """Store embeddings, as little-endian float32 on every machine.

        A store that can only be read keeps none: commands that only read work them out as well.
        """
        if self._database.is_read_only:
            return
        rows = [{"key": k, "vector": v.astype("<f4").tobytes()} for k, v in found.items()]
        self._keep(schema.vectors, rows)

    def proof(self, key: str) -> float | None:
        """Return how far an adapter moved the base's logits; None where it was not yet measured."""
        return next((float(row.shift) for row in self._look_up(schema.proofs, [key])), None)

    def keep_proof(self, key: str, shift: float, made: str) -> None:
        """Store how far an adapter moves the base's logits, as the proof that it is applied."""
        self._keep(schema.proofs, [{"key": key, "shift": float(shift), "made": made}])

    def add_from(self, other: Outputs) -> None:
        """Store the rows of another store that are missing here and fit their seals.

        Proofs that an adapter is applied are left out: they are quickly made again.
        """
        for table in _RESULTS[:-1]:
            asked = select(table).where(table.c.seal.is_not(None))
            with other._database.read() as connection:
                rows = connection.execution_options(yield_per=_CHUNK).execute(asked)
                for chunk in rows.partitions():
                    sound = [dict(row._mapping) for row in chunk if _fits(table, row)]
                    with self._database.write() as writing:
                        insert_new(writing, table, sound)

    def changed(self, some: Collection[str] | None = None) -> Iterator[str]:
        """Yield table and key of every row that does not fit its seal; `some` names tables."""
        with self._database.read() as connection:
            for table in _RESULTS:
                if some is not None and table.name not in some:
                    continue
                rows = connection.execution_options(yield_per=_CHUNK).execute(select(table))
                yield from (
                    f"{table.name} {row.key}"
                    for row in rows
                    if row.seal is not None and not _fits(table, row)
                )

    def unproven(self) -> dict[str, int]:
        """Return, by table, the rows without a seal, which are made again when they are needed."""
        with self._database.read() as connection:
            found = {}
            for table in _RESULTS:
                asked = select(func.count()).select_from(table).where(table.c.seal.is_(None))
                found[table.name] = int(connection.execute(asked).scalar_one())
            return {name: count for name, count in found.items() if count}

    def _look_up(self, table: Table, keys: Iterable[str]) -> Iterator[Any]:
        wanted = list(dict.fromkeys(keys))
        column: Column[str] = table.c.key
        with self._database.read() as connection:
            for start in range(0, len(wanted), _CHUNK):
                chunk = wanted[start : start + _CHUNK]
                asked = select(table).where(column.in_(chunk), table.c.seal.is_not(None))
                for row in connection.execute(asked):
                    if not _fits(table, row):
                        raise RowChanged(
                            f"{table.name} {row.key[:12]}: was changed by hand in the store,"
                            " `lora-harness verify` names every such row; remove them, or bring"
                            " back a copy of the store"
                        )
                    yield row

    def _keep(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        sealed = [row | {"seal": row_seal(table.name, row)} for row in rows]
        keys = [row["key"] for row in rows]
        with self._database.write() as connection:
            for start in range(0, len(keys), _CHUNK):
                mine = table.c.key.in_(keys[start : start + _CHUNK])
                connection.execute(delete(table).where(mine, table.c.seal.is_(None)))
            insert_new(connection, table, sealed)


def _fits(table: Table, row: Row[Any]) -> bool:
    cells = {name: cell for name, cell in row._mapping.items() if name != "seal"}
    return bool(row.seal == row_seal(table.name, cells))


def _escaped(text: str) -> str:
    return _ESCAPED + json.dumps(text) if _ODD.search(text) else text


def _unescaped(stored: str) -> str:
    if not stored.startswith(_ESCAPED):
        return stored
    return str(json.loads(stored.removeprefix(_ESCAPED)))
