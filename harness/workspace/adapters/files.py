"""Find, hash and copy the files of an adapter's folder.

No tensor is loaded here; `inspection` judges the contents.
"""

from __future__ import annotations

import hashlib
import os
import shutil
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
    """Return every adapter's name in the folder, sorted; a client's has a `/`."""
    found = [*root.glob(f"*/{CONFIG}"), *root.glob(f"*/*/{CONFIG}")]
    return sorted(file.parent.relative_to(root).as_posix() for file in found)


def find_adapter(root: Path, name: str) -> Path:
    """Return the folder of an adapter; where there is none, suggest a similar name."""
    if name in RESERVED:
        raise AdapterRefused(f"{name} is the base model itself, an adapter's name is needed here")
    check_name(name)
    if not (root / name).is_dir():
        raise AdapterRefused(
            f"{name}: no such adapter under {root}{suggestion(name, adapter_names(root))}"
        )
    return folder_of(root, name)


def read_adapter(root: Path, name: str) -> AdapterFiles:
    """Return the adapter with the digest of its files; refuse a link out of `root`."""
    folder = find_adapter(root, name)
    # Folders are checked too: a link to one would bring files in that lie elsewhere.
    for here, folders, names in os.walk(folder):
        for file in (*folders, *names):
            inside(root, Path(here) / file, AdapterRefused)
    return AdapterFiles(name, folder, _digest(folder))


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for name in JUDGED:
        path = folder / name
        if not path.exists():
            continue  # `inspection` names the missing file, and a pickle that lies there instead
        with opened(path, AdapterRefused, MAX_WEIGHTS) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # wants readinto
        # The name is hashed too, so that two files that swap their contents do not hash alike.
        whole.update(f"{name}\0{found}\0".encode())
    return whole.hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def snapshot(adapter: AdapterFiles, into: Path) -> Path:
    """Copy the judged files into the folder `into`, and check that the copy has the same digest.

    Engines load this copy, so swapping the adapter's folder after the check has no effect.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        if _digest(into) == adapter.digest:  # left by an earlier run
            return into
        for name in JUDGED:
            judged = opened(adapter.folder / name, AdapterRefused, MAX_WEIGHTS)
            with judged as file, (into / name).open("wb") as copy:
                shutil.copyfileobj(file, copy, _BLOCK)
    except OSError as problem:
        raise WorldFailed(
            f"{adapter.name}: its private copy in {into} cannot be written ({reason(problem)})"
        ) from problem
    if _digest(into) != adapter.digest:
        raise AdapterRefused(f"{adapter.name}: its files changed while they were read, try again")
    return into


def read_training(folder: Path) -> dict[str, Any] | None:
    """Return the contents of `training.json`, or None for an adapter trained elsewhere."""
    path = folder / TRAINING
    if not path.exists():
        return None
    found = read_json(path, RequestError, limit=4 * 1024 * 1024)
    if not isinstance(found, dict):
        raise AdapterRefused(f"{path}:1: is not an object, `lora-harness train` writes one")
    return found
