"""Outputs, likelihoods, embeddings and proofs, each under the address of all that made it."""

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
"""Keys per query: SQLite allows a limited number of parameters."""
_ESCAPED = "\x01json:"
"""In front of a text that a database would not take as it is, which is then kept as JSON."""
_ODD = re.compile("[\0\ud800-\udfff]|^" + _ESCAPED)
"""NUL, half of a surrogate pair."""


class Outputs:
    """Looked up before anything is generated, written batch by batch while it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def texts(self, prompts: Mapping[str, tuple[str, int]]) -> dict[str, Output]:
        """The outputs that are known, by key; `prompts` gives case and sample for each key."""
        table = schema.outputs
        found = {}
        for row in self._look_up(table, prompts):
            case, sample = prompts[row.key]
            found[row.key] = Output(case, _read(row.text), sample, row.tokens, row.finish)
        return found

    def keep_texts(self, outputs: Mapping[str, Output], made: str) -> None:
        """One finished batch; it survives whatever happens next."""
        rows = [
            {"key": k, "text": _kept(o.text), "tokens": o.tokens, "finish": o.finish, "made": made}
            for k, o in outputs.items()
        ]
        self._keep(schema.outputs, rows)

    def forget(self, keys: Sequence[str]) -> None:
        """Outputs and likelihoods that are to be made again."""
        with self._database.write() as connection:
            for table in (schema.outputs, schema.likelihoods):
                for start in range(0, len(keys), _CHUNK):
                    some = keys[start : start + _CHUNK]
                    connection.execute(delete(table).where(table.c.key.in_(some)))

    def likelihoods(self, keys: Iterable[str]) -> dict[str, float | None]:
        """The NLLs that are known, by key."""
        return {row.key: row.nll for row in self._look_up(schema.likelihoods, keys)}

    def keep_likelihoods(self, found: Mapping[str, float | None]) -> None:
        """One finished batch of NLLs."""
        self._keep(schema.likelihoods, [{"key": k, "nll": nll} for k, nll in found.items()])

    def vectors(self, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """The embeddings that are known, by key."""
        rows = self._look_up(schema.vectors, keys)
        return {row.key: np.frombuffer(row.vector, dtype="<f4") for row in rows}

    def keep_vectors(self, found: Mapping[str, NDArray[np.float32]]) -> None:
        """Embeddings as little-endian float32."""
        rows = [{"key": k, "vector": v.astype("<f4").tobytes()} for k, v in found.items()]
        self._keep(schema.vectors, rows)

    def proof(self, key: str) -> float | None:
        """How far the adapter moved the logits when it was shown to be applied, if it was."""
        return next((float(row.shift) for row in self._look_up(schema.proofs, [key])), None)

    def keep_proof(self, key: str, shift: float, made: str) -> None:
        """The adapter was shown to change what the base answers."""
        self._keep(schema.proofs, [{"key": key, "shift": shift, "made": made}])

    def _look_up(self, table: Table, keys: Iterable[str]) -> Iterator[Any]:
        wanted = list(dict.fromkeys(keys))
        column: Column[str] = table.c.key
        with self._database.read() as connection:
            for start in range(0, len(wanted), _CHUNK):
                some = wanted[start : start + _CHUNK]
                yield from connection.execute(select(table).where(column.in_(some)))

    def _keep(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        with self._database.write() as connection:
            insert_new(connection, table, rows)


def _kept(text: str) -> str:
    return _ESCAPED + json.dumps(text) if _ODD.search(text) else text


def _read(kept: str) -> str:
    if not kept.startswith(_ESCAPED):
        return kept
    return str(json.loads(kept.removeprefix(_ESCAPED)))
