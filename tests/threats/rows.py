"""All rows of the table, and the project in which each of them is made."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.fakes.project import TinyProject
from tests.threats import adapters, benchmarks, cases, data, scores, settings, state, unforeseen
from tests.threats.row import Row

ROWS: list[Row] = [
    row
    for table in (cases, benchmarks, settings, scores, data, adapters, state, unforeseen)
    for row in table.ROWS
]


def sound_project(folder: Path) -> TinyProject:
    """Make a project without any fault; `good` has recorded outputs, and the store exists."""
    made = TinyProject(folder)
    made.record("good", quality="good")
    made.store().close()
    return made


def copied(sound: TinyProject, folder: Path) -> TinyProject:
    """Copy the project to another folder; its base keeps its digest."""
    shutil.copytree(sound.folder, folder)
    made = TinyProject.__new__(TinyProject)
    made.folder = folder
    made.base = sound.base
    return made
