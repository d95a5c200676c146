"""An adapter's folder as files: what is in it, its bytes' digest, and a private copy to load from.

Nothing here loads a tensor; `inspection` judges what the files say.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, RequestError, WorldFailed, reason
from harness.records import RESERVED
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.names import check_name, folder_of, inside
from harness.workspace.formats.reading import opened, read_json

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
TRAINING = "training.json"
JUDGED = (CONFIG, WEIGHTS)
"""The files that PEFT loads, and so the bytes that are judged."""
MAX_WEIGHTS = 8 * 1024**3
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """A named adapter folder that has the two files PEFT needs."""

    name: str
    folder: Path
    digest: str
    """sha256 over the judged files' names and bytes; README and training.json may change."""


def adapter_names(root: Path) -> list[str]:
    """Every adapter in the folder, clients' with their `/`."""
    found = [*root.glob(f"*/{CONFIG}"), *root.glob(f"*/*/{CONFIG}")]
    return sorted(file.parent.relative_to(root).as_posix() for file in found)


def find_adapter(root: Path, name: str) -> Path:
    """The folder of a name; says what is near where there is none."""
    if name in RESERVED:
        raise AdapterRefused(f"{name} is the base model itself, an adapter's name is needed here")
    check_name(name)
    if not (root / name).is_dir():
        raise AdapterRefused(
            f"{name}: no such adapter under {root}{suggestion(name, adapter_names(root))}"
        )
    return folder_of(root, name)


def read_adapter(root: Path, name: str) -> AdapterFiles:
    """The adapter's files, hashed now; refused where one is missing or leads elsewhere."""
    folder = find_adapter(root, name)
    for file in _all_files(folder):
        inside(root, file, AdapterRefused)
    return AdapterFiles(name, folder, _digest(folder))


def _all_files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        yield from (Path(here) / name for name in (*folders, *names))


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for name in JUDGED:
        path = folder / name
        if not path.exists():
            continue  # the inspection says which file is missing, and what lies there instead
        with opened(path, AdapterRefused, MAX_WEIGHTS) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # wants readinto
        whole.update(f"{name}\0{found}\0".encode())
    return whole.hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of one file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def snapshot(adapter: AdapterFiles, into: Path) -> Path:
    """A private copy of the judged files that still has the judged digest.

    What is loaded is this copy: swapping the folder after the check changes nothing.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        if _digest(into) == adapter.digest:
            return into
        for name in JUDGED:
            judged = opened(adapter.folder / name, AdapterRefused, MAX_WEIGHTS)
            with judged as file, (into / name).open("wb") as copy:
                shutil.copyfileobj(file, copy, _BLOCK)
    except OSError as problem:
        raise WorldFailed(
            f"{adapter.name}: its private copy in {into} cannot be written ({reason(problem)})"
        ) from None
    if _digest(into) != adapter.digest:
        raise AdapterRefused(f"{adapter.name}: its files changed while they were read, try again")
    return into


def read_training(folder: Path) -> dict[str, Any] | None:
    """`training.json`, or None for an adapter that came from elsewhere."""
    path = folder / TRAINING
    if not path.exists():
        return None
    found = read_json(path, RequestError, limit=4 * 1024 * 1024)
    if not isinstance(found, dict):
        raise AdapterRefused(f"{path}:1: is not an object, `lora-harness train` writes one")
    return found
