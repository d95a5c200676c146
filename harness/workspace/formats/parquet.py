"""Read the rows of a Parquet file, batch by batch; needs pyarrow, which the extra `parquet` brings.

A Parquet file of a kilobyte can stand for gigabytes of text: a text that repeats is stored once.
So texts stay in that form until their lengths are known, and the footer's counts are checked first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from harness.errors import HarnessError, reason
from harness.extras import missing
from harness.workspace.formats.reading import opened

if TYPE_CHECKING:
    from pyarrow import Array, RecordBatch
    from pyarrow.parquet import ParquetFile

MAX_PACKED = 256 * 1024 * 1024
MAX_UNPACKED = 1024**3
"""Bytes of all pages, as the footer counts them."""
MAX_ROWS = 1_000_000
MAX_VALUES = 20_000_000
"""Values of a column; a list within a row has many."""
MAX_FOOTER = 16 * 1024 * 1024
MAX_TEXT = 128 * 1024
"""Characters of a text, as in the other tables."""
BATCH = 256
_log = logging.getLogger(__name__)


def columns_and_rows(
    path: Path, error: type[HarnessError]
) -> tuple[tuple[str, ...], Iterator[tuple[int, dict[str, Any], str]]]:
    """Return the columns, and an iterator over rows: number from 1, values, and what is wrong."""
    try:
        import pyarrow.parquet  # noqa: F401  (only whether it is there)
    except ImportError as problem:
        raise missing(f"{path}: reading Parquet", "parquet", error) from problem
    with opened(path, error, MAX_PACKED) as file:
        names = tuple(_opened(file, path, error).schema_arrow.names)
    return names, _rows(path, error)


def _rows(path: Path, error: type[HarnessError]) -> Iterator[tuple[int, dict[str, Any], str]]:
    number = 0
    with opened(path, error, MAX_PACKED) as file:
        batches = _opened(file, path, error).iter_batches(batch_size=BATCH)
        while True:
            try:
                batch = next(batches, None)
            except Exception as problem:  # pyarrow passes on errors of its codecs and of Thrift
                raise _unreadable(path, error, problem) from problem
            if batch is None:
                return
            for values, wrong in _values(batch):
                number += 1
                yield number, values, wrong


def _opened(file: BinaryIO, path: Path, error: type[HarnessError]) -> ParquetFile:
    """Open the file with its texts as dictionaries; refuse what would not fit into memory."""
    from pyarrow.parquet import ParquetFile

    limits = {"thrift_string_size_limit": MAX_FOOTER, "thrift_container_size_limit": MAX_FOOTER}
    try:
        found = ParquetFile(file, **limits)
        about = found.metadata
        _refuse_bomb(about, path, error)
        texts = [
            about.schema.column(place).path
            for place in range(about.num_columns)
            if about.schema.column(place).physical_type == "BYTE_ARRAY"
        ]
        return ParquetFile(file, read_dictionary=texts, **limits)
    except HarnessError:
        raise
    except Exception as problem:  # as above
        raise _unreadable(path, error, problem) from problem


def _unreadable(path: Path, error: type[HarnessError], problem: Exception) -> HarnessError:
    _log.debug("%s: pyarrow cannot read it", path, exc_info=True)
    why = " ".join(reason(problem).split())[:200]
    return error(f"{path}: is no Parquet file that can be read ({why}), save it as JSONL")


def _refuse_bomb(about: Any, path: Path, error: type[HarnessError]) -> None:
    groups = [about.row_group(place) for place in range(about.num_row_groups)]
    columns = [group.column(place) for group in groups for place in range(group.num_columns)]
    counts = (
        ("rows", about.num_rows, MAX_ROWS),
        ("bytes unpacked", sum(column.total_uncompressed_size for column in columns), MAX_UNPACKED),
        ("values", max((column.num_values for column in columns), default=0), MAX_VALUES),
    )
    for what, count, most in counts:
        if count > most:
            raise error(f"{path}: holds {count:,} {what}, at most {most:,} are read")


def _values(batch: RecordBatch) -> Iterator[tuple[dict[str, Any], str]]:
    if max(map(_longest, batch.columns), default=0) <= MAX_TEXT:
        try:
            rows = [_plain(row) for row in batch.to_pylist()]
        except UnicodeDecodeError:
            pass  # one row's fault; below, each is read by itself
        else:
            yield from ((row, "") for row in rows)
            return
    for place in range(batch.num_rows):
        row = batch.slice(place, 1)
        try:
            yield _plain(_checked(row)), ""
        except ValueError as problem:  # a UnicodeDecodeError is one as well
            wrong = isinstance(problem, UnicodeDecodeError)
            yield {}, "is not UTF-8" if wrong else str(problem)


def _checked(row: RecordBatch) -> dict[str, Any]:
    """Return a single row; raise ValueError for a text that is too long."""
    for name, column in zip(row.schema.names, row.columns, strict=True):
        if column.get_total_buffer_size() <= MAX_TEXT:
            continue
        # a slice keeps the dictionary of its batch, so the texts that it uses are taken out
        used = max(map(_longest, _used(column)), default=0)
        if used > MAX_TEXT:
            raise ValueError(
                f"`{name}` has a text of {used:,} bytes, at most {MAX_TEXT:,} are read"
            )
    found: dict[str, Any] = row.to_pylist()[0]
    return found


def _leaves(array: Array) -> Iterator[Array]:
    """Yield the arrays without parts: of a list its items, of a struct its fields."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_struct(kind):
        for part in array.flatten():
            yield from _leaves(part)
    elif hasattr(array, "flatten") and hasattr(kind, "value_type") and not _is_dictionary(array):
        yield from _leaves(array.flatten())
    else:
        yield array


def _is_dictionary(array: Array) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_dictionary(array.type))


def _used(array: Array) -> Iterator[Array]:
    """Yield the texts of a few rows, without those of their batch's dictionaries."""
    for leaf in _leaves(array):
        yield leaf.dictionary.take(leaf.indices.drop_null()) if _is_dictionary(leaf) else leaf


def _longest(array: Array) -> int:
    """Return the bytes of the longest text that an array knows."""
    import pyarrow as pa
    from pyarrow import compute

    longest = 0
    for leaf in _leaves(array):
        texts = leaf.dictionary if _is_dictionary(leaf) else leaf
        kind = texts.type
        if pa.types.is_binary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
            longest = max(longest, compute.max(compute.binary_length(texts)).as_py() or 0)
    return longest


def _plain(value: Any) -> Any:
    """Return a cell as JSON would hold it; a number that is none is a gap, as pandas writes one."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and isnan(value):
        return None
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
