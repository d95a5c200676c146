"""State where training sets come from, and list what their origin cards leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.errors import DataError, HarnessError, RequestError
from harness.flows.project import Project
from harness.flows.training.data_versions import find_set, similar
from harness.records import DataOrigin
from harness.records.holds import EXACT
from harness.workspace.project.data_origins import (
    ORIGIN_CARD,
    origin_card_of,
    read_data_origin,
    text_fault,
    write_data_origin,
)
from harness.workspace.project.data_versions import LOG, log_of
from harness.workspace.project.training_data import DATASETS, scan_training_set, training_files


@dataclass(frozen=True, slots=True)
class SetOrigin:
    """A training set with what its card says."""

    set: str = field(metadata=EXACT)
    """Its file's name without the suffix."""
    card: str = field(metadata=EXACT)
    """The path of its card, which may not exist yet."""
    origin: DataOrigin


def origins(project: Project | None, called: Path | None = None) -> list[SetOrigin]:
    """Return the origin of a set, or without a set of every set of the project."""
    if called is not None:
        return [_read(_known(project, called))]
    if project is None:
        raise RequestError("name a SET, or ask inside of a project")
    folder = project.settings.adapters / DATASETS
    # A set whose file is gone is still there in its versions.
    logged = [log.with_name(f"{log.name.removesuffix(LOG)}@1") for log in folder.glob(f"*{LOG}")]
    files = [file for file in training_files(folder) if _is_set(file)]
    named = {origin_card_of(file): file for file in (*logged, *files)}
    return [_read(named[card]) for card in sorted(named)]


def _is_set(file: Path) -> bool:
    """Tell whether a file of the folder holds examples: others lie there too."""
    try:
        return bool(scan_training_set(file).examples)
    except HarnessError:
        return False


def state_origin(
    project: Project | None, called: Path, said: Mapping[str, str | bool]
) -> SetOrigin:
    """Write what a person states into the card of a set; what it said elsewhere stays."""
    for name, value in said.items():
        if isinstance(value, str) and (fault := text_fault(value)):
            raise RequestError(f"--{name.replace('_', '-')} {fault}")
    file = _known(project, called)
    stated: dict[str, Any] = dict(said)
    write_data_origin(file, replace(read_data_origin(file), **stated))
    return _read(file)


def _known(project: Project | None, called: Path) -> Path:
    file = find_set(project, called)
    if not file.is_file() and not log_of(file).exists():
        raise DataError(f"{called}: no such training set{similar(project, called)}")
    return file


def _read(file: Path) -> SetOrigin:
    card = origin_card_of(file)
    return SetOrigin(card.name.removesuffix(ORIGIN_CARD), str(card), read_data_origin(file))
