"""Training sets: one `{"input", "output"}` per line, with an order-independent fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.records import Example
from harness.records.benchmark import TrainingExample
from harness.workspace.formats.fields import Table
from harness.workspace.formats.reading import lines_of, parse_json, read_jsonl

DATASETS = "datasets"
"""The folder of the training sets, beside the adapters."""
MAX_SET = 256 * 1024 * 1024
"""Bytes of a training set; it is read line by line."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Examples to learn from, and the fingerprint of what they say."""

    name: str
    examples: tuple[Example, ...]
    fingerprint: str
    lines: tuple[int, ...]
    """Where each example stands in the file."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no example."""

    line: int
    message: str
    blank: bool
    """Whether it has the right shape and says nothing: an empty input or output."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A whole file, good lines and bad ones."""

    name: str
    examples: tuple[TrainingExample, ...]
    bad: tuple[BadLine, ...]
    fingerprint: str
    """Of the good lines."""


def read_training_set(path: Path) -> TrainingSet:
    """Every example of the file; `slices` may stand beside and are not learnt."""
    examples, lines = [], []
    for where, raw in read_jsonl(path, DataError):
        table = Table(raw, where, DataError)
        examples.append(Example(table.text("input"), table.text("output")))
        lines.append(int(where.rpartition(":")[2]))
        table.any("slices")
        table.done()
    if not examples:
        raise DataError(f"{path}: holds no example, one per line is needed")
    return TrainingSet(path.name, tuple(examples), data_fingerprint(examples), tuple(lines))


def scan_training_set(path: Path) -> Scan:
    """Every line of the file; one that is no example is kept apart and does not stop the rest."""
    examples: list[TrainingExample] = []
    bad: list[BadLine] = []
    for number, line in _lines(path):
        try:
            examples.append(_example(number, line, f"{path}:{number}"))
        except _Blank as problem:
            bad.append(BadLine(number, _without_place(problem, path, number), True))
        except DataError as problem:
            bad.append(BadLine(number, _without_place(problem, path, number), False))
    if not examples and not bad:
        raise DataError(f"{path}: holds no example, one per line is needed")
    return Scan(path.name, tuple(examples), tuple(bad), data_fingerprint(examples))


def data_fingerprint(examples: Iterable[Example | TrainingExample]) -> str:
    """The same for the same examples in any order; repeats count."""
    lines = sorted(json.dumps([e.input, e.output], ensure_ascii=True) for e in examples)
    whole = hashlib.sha256()
    for place, line in enumerate(lines):
        whole.update(f"\n{line}".encode() if place else line.encode())
    return whole.hexdigest()


def kept_lines(path: Path, dropped: frozenset[int]) -> Iterator[str]:
    """The file's lines as they stand, without the dropped and the blank ones."""
    for number, line in _lines(path):
        if number not in dropped:
            yield line.rstrip("\r")


class _Blank(DataError):
    """An input or output that says nothing."""


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers."""
    for number, line in lines_of(path, DataError, MAX_SET):
        if line.strip(" \t\r\n"):
            yield number, line.rstrip("\n")


def _example(number: int, line: str, where: str) -> TrainingExample:
    raw = parse_json(line, where, DataError)
    table = Table(raw, where, DataError)
    for key in ("input", "output"):
        value = table.any(key)
        if isinstance(value, str) and not value.strip():
            raise _Blank(f"{where}: `{key}` is empty")
    example = TrainingExample(number, table.text("input"), table.text("output"), _slices(table))
    table.done()
    return example


def _slices(table: Table) -> Mapping[str, str]:
    """What can be compared by; anything else that stands there is not learnt either way."""
    raw = table.any("slices", {})
    if not isinstance(raw, Mapping):
        return {}
    return {key: value for key, value in raw.items() if isinstance(value, str) and value.strip()}


def _without_place(problem: DataError, path: Path, number: int) -> str:
    """A finding has its line in a field of its own."""
    return str(problem).removeprefix(f"{path}:{number}: ")
