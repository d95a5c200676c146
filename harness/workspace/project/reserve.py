"""Add lines to a benchmark's reserve, and remember which proposals a person confirmed or declined.

Both files are only added to: verdicts rest on the beginning of the reserve.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, WorldFailed, reason
from harness.records.holds import EXACT, QUOTING
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import Table
from harness.workspace.formats.names import inside
from harness.workspace.formats.reading import json_object, jsonl_lines, read_text

CONFIRMED = "cases.reserve.confirmed.jsonl"
"""Beside the reserve: who confirmed or declined which proposal, and when."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person said about a proposed case."""

    id: str = field(metadata=EXACT)
    confirmed: bool
    """False: the case is not to be proposed again."""
    by: str = field(metadata=QUOTING)
    at: str = field(metadata=EXACT)
    """ISO 8601, UTC."""


def read_confirmations(folder: Path) -> list[Confirmation]:
    """Return what people said about proposals for the benchmark in a folder, the oldest first."""
    file = folder / CONFIRMED
    if not file.exists():
        return []
    found = []
    for number, line in jsonl_lines(file, BenchmarkError):
        where = f"{file}:{number}"
        table = Table(json_object(line, where, BenchmarkError), where, BenchmarkError)
        found.append(
            Confirmation(
                table.text("id"), table.flag("confirmed"), table.text("by"), table.text("at")
            )
        )
        table.done()
    return found


def add_confirmations(folder: Path, said: Iterable[Confirmation]) -> None:
    """Remember what a person said; what is known already is not written twice."""
    known = {(one.id, one.confirmed) for one in read_confirmations(folder)}
    new = [asdict(one) for one in said if (one.id, one.confirmed) not in known]
    if new:
        add_lines(folder / CONFIRMED, new)


def add_lines(file: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    """Add a line of JSON per object to the end of a file, all or none; it need not be there."""
    inside(file.parent, file, BenchmarkError)  # a link could lead out of the folder
    text = read_text(file, BenchmarkError) if file.exists() else ""
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)
    try:
        write_atomically(file, text)
    except OSError as problem:
        raise WorldFailed(f"{file}: cannot be written ({reason(problem)})") from problem
