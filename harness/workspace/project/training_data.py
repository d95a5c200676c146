"""Read training sets of any format and their versions, compute fingerprints, find sets in a folder.

The formats are in `workspace/importers/example_formats`; adapters/datasets/README.md shows each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.records import Example
from harness.records.training_example import TrainingExample
from harness.workspace.formats.tables import TableRow
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.importers.example_rows import SUFFIXES
from harness.workspace.importers.example_scan import BadLine, Scanned, scan
from harness.workspace.project.data_versions import content_at, is_log, log_of, version_of

DATASETS = "datasets"
"""The folder of the training sets, beside the adapters."""
AS_WRITTEN = ExampleColumns()
"""The columns as the file names them."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Examples to learn from, and the fingerprint of their texts."""

    name: str
    examples: tuple[TrainingExample, ...]
    fingerprint: str
    format: str
    """What people call the format."""
    notes: tuple[str, ...] = ()
    """What was passed over, and whether formats are mixed."""

    @property
    def taught(self) -> tuple[TrainingExample, ...]:
        """The examples that are not retired."""
        return tuple(example for example in self.examples if not example.retired)


@dataclass(frozen=True, slots=True)
class Scan:
    """The good and the bad lines of a whole file."""

    name: str
    examples: tuple[TrainingExample, ...]
    bad: tuple[BadLine, ...]
    fingerprint: str
    """Of the good lines."""
    format: str = ""
    """What people call the format; empty where no line has one."""
    notes: tuple[str, ...] = ()
    """What was passed over, and whether formats are mixed."""


def read_training_set(path: Path, columns: ExampleColumns = AS_WRITTEN) -> TrainingSet:
    """Read every example of the file; `slices` are allowed, but not learnt."""
    found = scan_training_set(path, columns)
    if found.bad:
        first = found.bad[0]
        place = path if first.line is None else f"{path}:{first.line}"
        raise DataError(f"{place}: {first.message}{', a text is needed' if first.blank else ''}")
    return TrainingSet(path.name, found.examples, found.fingerprint, found.format, found.notes)


def scan_training_set(path: Path, columns: ExampleColumns = AS_WRITTEN) -> Scan:
    """Read every line of the file; lines that are no example are collected, not refused."""
    named = version_of(path)
    found = scan(path, columns) if named is None else _scan_version(path, named[1])
    if not found.examples and not found.bad:
        raise DataError(f"{path}: holds no example, one per line is needed")
    examples = tuple(found.examples)
    fingerprint = data_fingerprint(examples)
    return Scan(
        path.name, examples, tuple(found.bad), fingerprint, found.format, tuple(found.notes)
    )


def _scan_version(path: Path, number: int) -> Scanned:
    """Read a version of a training set from the log beside it."""
    log = log_of(path)
    found = Scanned(path, AS_WRITTEN)
    said, content = content_at(log, number)
    for line, (_, example) in enumerate(content, start=1):
        found.row(TableRow(line, example))
    found.settle()
    if found.bad or data_fingerprint(found.examples) != said.fingerprint:
        raise DataError(f"{log}: {said.name} does not have the fingerprint that it was given")
    return found


def data_fingerprint(examples: Iterable[Example | TrainingExample]) -> str:
    """Return a fingerprint that ignores the order of the examples; repeats count."""
    # Adapters carry this digest in training.json, so the bytes that are hashed must never change.
    lines = sorted(json.dumps(_content(e), ensure_ascii=True, sort_keys=True) for e in examples)
    whole = hashlib.sha256()
    for place, line in enumerate(lines):
        whole.update(f"\n{line}".encode() if place else line.encode())
    return whole.hexdigest()


def _content(example: Example | TrainingExample) -> list[Any]:
    """Return what is learnt: two texts, and only where there is more a table beside them."""
    texts: list[Any] = [example.input, example.output]
    more: dict[str, Any] = {
        "context": list(example.context),
        "turns": [[turn.role, turn.content] for turn in example.turns],
    }
    if isinstance(example, TrainingExample):
        more["learnt"] = list(example.learnt)
        more["system"] = example.system  # an empty one says that there is none
        more["retired"] = example.retired or None
        more["repeat"] = None if example.repeat == 1 else example.repeat
    more = {name: value for name, value in more.items() if value not in ([], None)}
    return [*texts, more] if more else texts


def content_digest(example: TrainingExample) -> str:
    """Hash what an example teaches, and how; its slices and line number are left out."""
    text = json.dumps(_content(example), ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def example_object(example: TrainingExample) -> dict[str, Any]:
    """Return an example as a line of JSONL that reads back as the same."""
    more: dict[str, Any] = {"context": list(example.context)} if example.context else {}
    more |= {"retired": example.retired} if example.retired else {}
    more |= {"repeat": example.repeat} if example.repeat != 1 else {}
    if not example.turns and example.system is None:
        return {"input": example.input, "output": example.output} | more
    turns: list[dict[str, Any]] = []
    if example.system is not None:
        turns.append({"role": "system", "content": example.system})
    for place, turn in enumerate(example.turns):
        passed = turn.role == "assistant" and place not in example.learnt
        weight = {"weight": 0} if passed else {}
        turns.append({"role": turn.role, "content": turn.content} | weight)
    turns.append({"role": "user", "content": example.input})
    turns.append({"role": "assistant", "content": example.output})
    return {"messages": turns} | more


def training_files(folder: Path) -> list[Path]:
    """Return the files of a folder that may be training sets, by their suffixes."""
    found = (file for file in folder.glob("*") if file.suffix.lower() in SUFFIXES)
    return sorted(file for file in found if not file.name.startswith(".") and not is_log(file))
