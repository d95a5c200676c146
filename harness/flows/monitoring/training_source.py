"""The training set that an adapter was trained on, found by its fingerprint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.flows.project import Project
from harness.workspace.adapters.files import read_training
from harness.workspace.project.training_data import DATASETS, read_training_set


@dataclass(frozen=True, slots=True)
class OldData:
    """Its lines, or why there are none."""

    lines: tuple[dict[str, Any], ...]
    where: str
    """The file, or what is missing."""


def old_data(project: Project, adapter: str) -> OldData:
    """Looked for under adapters/datasets and in the folders of earlier plans."""
    folder = project.settings.adapters / adapter
    training = (read_training(folder) if folder.is_dir() else None) or {}
    about = training.get("dataset")
    wanted = about.get("fingerprint") if isinstance(about, dict) else None
    if not isinstance(about, dict) or not isinstance(wanted, str):
        return OldData((), f"{adapter} has no training.json that says what it was trained on")
    for file in _places(project, str(about.get("name", ""))):
        lines = _lines_of(file, wanted)
        if lines is not None:
            return OldData(lines, str(file))
    return OldData((), f"{about.get('name')} ({wanted[:12]}) is not under adapters/{DATASETS}")


def _places(project: Project, name: str) -> Iterator[Path]:
    """The file of that name first, then any other that may be it."""
    folders = [
        project.settings.adapters / DATASETS,
        *sorted(project.settings.reports.glob("plan-*")),
    ]
    files = [file for folder in folders for file in sorted(folder.glob("*.jsonl"))]
    yield from sorted(files, key=lambda file: file.name != name)


def _lines_of(file: Path, fingerprint: str) -> tuple[dict[str, Any], ...] | None:
    try:
        found = read_training_set(file)
    except DataError:
        return None  # some other file that lies there
    if found.fingerprint != fingerprint:
        return None
    return tuple({"input": e.input, "output": e.output} for e in found.examples)
