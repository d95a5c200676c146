"""The tables of outputs, likelihoods, embeddings and proofs, each row under its content key.

Tested in tests/store/test_round_trips.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Table, delete, select

from harness.records import Output
from harness.store import schema
from harness.store.database import Database
from harness.store.insertion import insert_new

_CHUNK = 500
"""Keys per query, as SQLite allows a limited number of parameters."""
_ESCAPED = "\x01json:"
"""Prefix of a text that is stored as JSON because a database would not take its characters."""
_ODD = re.compile("[\0\ud800-\udfff]|^" + _ESCAPED)
"""NUL, half of a surrogate pair, or a text that begins with the prefix itself."""


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
        self._keep(schema.likelihoods, [{"key": k, "nll": nll} for k, nll in found.items()])

    def vectors(self, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the stored embeddings by key."""
        rows = self._look_up(schema.vectors, keys)
        return {row.key: np.frombuffer(row.vector, dtype="<f4") for row in rows}

    def keep_vectors(self, found: Mapping[str, NDArray[np.float32]]) -> None:
        """Store embeddings, as little-endian float32 on every machine."""
        rows = [{"key": k, "vector": v.astype("<f4").tobytes()} for k, v in found.items()]
        self._keep(schema.vectors, rows)

    def proof(self, key: str) -> float | None:
        """Return how far an adapter moved the base's logits; None where it was not yet measured."""
        return next((float(row.shift) for row in self._look_up(schema.proofs, [key])), None)

    def keep_proof(self, key: str, shift: float, made: str) -> None:
        """Store how far an adapter moves the base's logits, as the proof that it is applied."""
        self._keep(schema.proofs, [{"key": key, "shift": shift, "made": made}])

    def _look_up(self, table: Table, keys: Iterable[str]) -> Iterator[Any]:
        wanted = list(dict.fromkeys(keys))
        column: Column[str] = table.c.key
        with self._database.read() as connection:
            for start in range(0, len(wanted), _CHUNK):
                chunk = wanted[start : start + _CHUNK]
                yield from connection.execute(select(table).where(column.in_(chunk)))

    def _keep(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        with self._database.write() as connection:
            insert_new(connection, table, rows)


def _escaped(text: str) -> str:
    return _ESCAPED + json.dumps(text) if _ODD.search(text) else text


def _unescaped(stored: str) -> str:
    if not stored.startswith(_ESCAPED):
        return stored
    return str(json.loads(stored.removeprefix(_ESCAPED)))
