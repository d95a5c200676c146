"""Read training sets (an `{"input", "output"}` per line), and compute their fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.records import Example
from harness.records.benchmark import TrainingExample
from harness.workspace.formats.fields import Table
from harness.workspace.formats.reading import lines_of, parse_json, read_jsonl
from harness.workspace.project.conversations import read_context

DATASETS = "datasets"
"""The folder of the training sets, beside the adapters."""
MAX_SET = 256 * 1024 * 1024
"""Bytes of a training set, which is read line by line."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Examples to learn from, and the fingerprint of their texts."""

    name: str
    examples: tuple[Example, ...]
    fingerprint: str
    lines: tuple[int, ...]
    """The line of each example in the file."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no example."""

    line: int
    message: str
    blank: bool
    """Whether it has the right shape but an empty input or output."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The good and the bad lines of a whole file."""

    name: str
    examples: tuple[TrainingExample, ...]
    bad: tuple[BadLine, ...]
    fingerprint: str
    """Of the good lines."""


def read_training_set(path: Path) -> TrainingSet:
    """Read every example of the file; `slices` are allowed, but not learnt."""
    examples, lines = [], []
    for where, raw in read_jsonl(path, DataError):
        table = Table(raw, where, DataError)
        context = read_context(table)
        examples.append(Example(table.text("input"), table.text("output"), context=context))
        lines.append(int(where.rpartition(":")[2]))
        table.any("slices")
        table.done()
    if not examples:
        raise DataError(f"{path}: holds no example, one per line is needed")
    return TrainingSet(path.name, tuple(examples), data_fingerprint(examples), tuple(lines))


def scan_training_set(path: Path) -> Scan:
    """Read every line of the file; lines that are no example are collected, not refused."""
    examples: list[TrainingExample] = []
    bad: list[BadLine] = []
    for number, line in _lines(path):
        try:
            examples.append(_example(number, line, f"{path}:{number}"))
        except DataError as problem:
            # A finding carries its line in a field, so the message goes without it.
            message = str(problem).removeprefix(f"{path}:{number}: ")
            bad.append(BadLine(number, message, isinstance(problem, _Blank)))
    if not examples and not bad:
        raise DataError(f"{path}: holds no example, one per line is needed")
    return Scan(path.name, tuple(examples), tuple(bad), data_fingerprint(examples))


def data_fingerprint(examples: Iterable[Example | TrainingExample]) -> str:
    """Return a fingerprint that ignores the order of the examples; repeats count."""
    # Adapters carry this digest in training.json, so the bytes that are hashed must never change.
    lines = sorted(json.dumps(_hashed(e), ensure_ascii=True) for e in examples)
    whole = hashlib.sha256()
    for place, line in enumerate(lines):
        whole.update(f"\n{line}".encode() if place else line.encode())
    return whole.hexdigest()


def _hashed(example: Example | TrainingExample) -> list[Any]:
    texts: list[Any] = [example.input, example.output]
    return [*texts, {"context": example.context}] if example.context else texts


def kept_lines(path: Path, dropped: frozenset[int]) -> Iterator[str]:
    """Yield the file's lines unchanged, without dropped and blank lines."""
    for number, line in _lines(path):
        if number not in dropped:
            yield line.rstrip("\r")


class _Blank(DataError):
    """An input or output that is blank."""


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    for number, line in lines_of(path, DataError, MAX_SET):
        if line.strip(" \t\r\n"):
            yield number, line.rstrip("\n")


def _example(number: int, line: str, where: str) -> TrainingExample:
    table = Table(parse_json(line, where, DataError), where, DataError)
    for key in ("input", "output"):
        value = table.any(key)
        if isinstance(value, str) and not value.strip():
            raise _Blank(f"{where}: `{key}` is empty")
    raw = table.any("slices", {})
    entries = raw.items() if isinstance(raw, Mapping) else ()
    # Slices that cannot be compared are dropped, not refused: they are not learnt anyway.
    slices = {name: text for name, text in entries if isinstance(text, str) and text.strip()}
    context = read_context(table)
    example = TrainingExample(
        number, table.text("input"), table.text("output"), slices, context=context
    )
    table.done()
    return example
