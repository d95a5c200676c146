"""Rewrite the file of a training set for a new voice; lines that do not change stay as they are.

Tested in tests/flows/training/test_repositioning.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from harness.errors import DataError, RequestError, WorldFailed, reason
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.reading import json_object, lines_of
from harness.workspace.importers.example_rows import MAX_SET


def rewritten_lines(
    file: Path, retired: Collection[int], day: str, taught: Mapping[int, int]
) -> list[str]:
    """Return the lines of a file: those `retired` carry the day, those `taught` their repeat."""
    if file.suffix.lower() != ".jsonl":
        raise RequestError(
            f"{file}: is no JSONL, whose lines can be retired one by one; record it with"
            f" `lora-harness data version {file.name}`, write it with `data at {file.stem}@N"
            f" > {file.stem}.jsonl`, and remove the old file"
        )
    found = []
    for number, line in lines_of(file, DataError, MAX_SET):
        if number in retired:
            line = _changed(line, file, number, {"retired": day})
        elif number in taught:
            more = {"repeat": taught[number]} if taught[number] > 1 else {}
            line = _changed(line, file, number, more, ("retired", "repeat"))
        found.append(line if line.endswith("\n") else f"{line}\n")
    return found


def _changed(
    line: str, file: Path, number: int, more: Mapping[str, Any], without: tuple[str, ...] = ()
) -> str:
    raw = json_object(line, f"{file}:{number}", DataError)
    kept = {key: value for key, value in raw.items() if key not in without}
    return json.dumps({**kept, **more}, ensure_ascii=False) + "\n"


def write_lines(file: Path, lines: list[str]) -> None:
    """Replace the file at once."""
    mode = file.stat().st_mode & 0o777
    try:
        write_atomically(file, "".join(lines))
        file.chmod(mode)
    except OSError as problem:
        raise WorldFailed(f"{file}: cannot be written ({reason(problem)})") from problem
