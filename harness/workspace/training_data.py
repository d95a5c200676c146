"""Training sets: one `{"input", "output"}` per line, with an order-independent fingerprint."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.records import Example
from harness.workspace.fields import Table
from harness.workspace.reading import read_jsonl


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Examples to learn from, and the fingerprint of what they say."""

    name: str
    examples: tuple[Example, ...]
    fingerprint: str


def read_training_set(path: Path) -> TrainingSet:
    """Every example of the file; `slices` may stand beside and are not learnt."""
    examples = []
    for where, raw in read_jsonl(path, DataError):
        table = Table(raw, where, DataError)
        examples.append(Example(table.text("input"), table.text("output")))
        table.any("slices")
        table.done()
    if not examples:
        raise DataError(f"{path}: holds no example, one per line is needed")
    return TrainingSet(path.name, tuple(examples), data_fingerprint(examples))


def data_fingerprint(examples: list[Example]) -> str:
    """The same for the same examples in any order; repeats count."""
    lines = sorted(json.dumps([e.input, e.output], ensure_ascii=True) for e in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
