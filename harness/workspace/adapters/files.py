"""Find, hash and copy the files of an adapter's folder.

Only the judged files are ever opened: what a trainer left beside them is passed over by name. No
tensor is loaded here; `inspection` judges the contents.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, HarnessError, RequestError, WorldFailed, reason
from harness.records import RESERVED
from harness.workspace.adapters.served import SERVED, is_served, served_names
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.names import check_name, folder_of, inside
from harness.workspace.formats.reading import opened, read_json

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
TRAINING = "training.json"
JUDGED = (CONFIG, WEIGHTS)
"""The files that PEFT loads; every adapter has them, and their bytes are judged."""
TOKENIZER = (
    "added_tokens.json", "chat_template.jinja", "chat_template.json", "merges.txt",
    "sentencepiece.bpe.model", "special_tokens_map.json", "spiece.model", "tokenizer.json",
    "tokenizer.model", "tokenizer_config.json", "vocab.json", "vocab.txt",
)  # fmt: skip
"""The files of a tokenizer with its template; those that an adapter ships are judged too."""
MAX_WEIGHTS = 8 * 1024**3
MAX_TOKENIZER = 256 * 1024 * 1024
"""Bytes of a tokenizer's file; the largest known have 35 MB."""
MAX_FILES = 10_000
"""Files and folders in an adapter's folder: trainers leave hundreds."""
MAX_DEPTH = 32
"""Folders within folders; a path has no more than some thousand letters on any system."""
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """A named adapter folder that has the two files PEFT needs."""

    name: str
    folder: Path
    digest: str
    """sha256 over the judged files' names and bytes; README and training.json may change."""
    weights_digest: str = ""
    """The digest without the tokenizer's files: all that was judged up to version 1.0.0."""

    def has_judged_bytes(self, digest: str) -> bool:
        """Return whether these are the bytes of an earlier digest, also of one of 1.0.0."""
        return digest in (self.digest, self.weights_digest)

    def unjudged(self, digest: str) -> str:
        """Return the sentence on a tokenizer that an earlier digest does not cover, or nothing."""
        if digest == self.digest or digest != self.weights_digest:
            return ""
        return (
            "its tokenizer was not part of what was judged (1.0.0 judged config and weights),"
            f" `pytest --model {self.name}` judges it"
        )


def judged_names(folder: Path) -> tuple[str, ...]:
    """Return the judged files of a folder: config, weights, and the tokenizer that it ships."""
    return (*JUDGED, *(name for name in TOKENIZER if os.path.lexists(folder / name)))


def digest_of(files: Mapping[str, str]) -> str:
    """Return an adapter's digest from the sha256 of each judged file, by name."""
    whole = hashlib.sha256()
    for name in (*JUDGED, *TOKENIZER):
        if name in files:
            # The name is hashed too: two files that swap their contents do not hash alike.
            whole.update(f"{name}\0{files[name]}\0".encode())
    return whole.hexdigest()


def adapter_names(root: Path) -> list[str]:
    """Return every adapter's name in the folder, and those of models on servers, sorted."""
    found = [*root.glob(f"*/{CONFIG}"), *root.glob(f"*/*/{CONFIG}")]
    folders = (file.parent.relative_to(root).as_posix() for file in found)
    return sorted({*folders, *served_names(root)})


def find_adapter(root: Path, name: str) -> Path:
    """Return the folder of an adapter; where there is none, suggest a similar name."""
    if name in RESERVED:
        raise AdapterRefused(f"{name} is the base model itself, an adapter's name is needed here")
    check_name(name)
    if not (root / name).is_dir():
        raise AdapterRefused(
            f"{name}: no such adapter under {root}{suggestion(name, adapter_names(root))}"
        )
    folder = folder_of(root, name)
    if is_served(root, name) and not (folder / CONFIG).exists():
        raise AdapterRefused(
            f"{name}: is a name, not bytes ({folder / SERVED}), so there is no file to load, sign,"
            " push or attest"
        )
    return folder


def read_adapter(root: Path, name: str) -> AdapterFiles:
    """Return the adapter with the digest of its files; refuse a link out of `root`."""
    folder = find_adapter(root, name)
    for path in contents(folder):
        # Folders are checked too: a link to one would bring files in that lie elsewhere.
        inside(root, path, AdapterRefused)
    files = _hashed(folder)
    plain = {name: files[name] for name in JUDGED if name in files}
    return AdapterFiles(name, folder, digest_of(files), digest_of(plain))


def contents(folder: Path, error: type[HarnessError] = AdapterRefused) -> Iterator[Path]:
    """Yield all files and folders below a folder by name; none is opened, no link is followed."""
    waiting, count = [(folder, 0)], 0
    while waiting:
        place, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise error(
                f"{folder}: holds folders nested deeper than {MAX_DEPTH} levels, keep only the"
                " model's own files there"
            )
        try:
            with os.scandir(place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as problem:
            raise error(f"{folder}: cannot be read ({reason(problem)})") from problem
        for entry in found:
            count += 1
            if count > MAX_FILES:
                raise error(
                    f"{folder}: holds more than {MAX_FILES:,} files, keep only the adapter's there"
                )
            yield Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                waiting.append((Path(entry.path), depth + 1))


def _hashed(folder: Path) -> dict[str, str]:
    found = {}
    for name in judged_names(folder):
        path = folder / name
        if not path.exists():
            continue  # `inspection` names the missing file, and a pickle that lies there instead
        with opened(path, AdapterRefused, _limit(name)) as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # wants readinto
    return found


def _limit(name: str) -> int:
    return MAX_WEIGHTS if name in JUDGED else MAX_TOKENIZER


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
        if digest_of(_hashed(into)) == adapter.digest:  # left by an earlier run
            return into
        for name in judged_names(adapter.folder):
            judged = opened(adapter.folder / name, AdapterRefused, _limit(name))
            with judged as file, (into / name).open("wb") as copy:
                shutil.copyfileobj(file, copy, _BLOCK)
    except OSError as problem:
        raise WorldFailed(
            f"{adapter.name}: its private copy in {into} cannot be written ({reason(problem)})"
        ) from problem
    if digest_of(_hashed(into)) != adapter.digest:
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
