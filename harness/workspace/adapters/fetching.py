"""Copy the files of an adapter from where a reference leads to a folder beside the adapters.

Only names that are listed here are copied, each up to a limit, and the copy is inspected before it
gets its name in a single rename. A Hub, MLflow and a folder are sources; this module knows none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from harness.errors import AdapterRefused, HarnessError, WorldFailed, reason
from harness.workspace.adapters.files import (
    CONFIG,
    JUDGED,
    MAX_TOKENIZER,
    MAX_WEIGHTS,
    TOKENIZER,
    TRAINING,
    WEIGHTS,
    AdapterFiles,
    read_adapter,
    read_training,
)
from harness.workspace.adapters.inspection import inspect
from harness.workspace.adapters.model_card import CARD
from harness.workspace.adapters.origin import AdapterOrigin, write_origin
from harness.workspace.adapters.signing import SIGNATURE
from harness.workspace.adapters.staging import NEW, OLD

BESIDE = (TRAINING, CARD, SIGNATURE)
"""Files that no engine loads; each is left out where it cannot be used."""
TAKEN = tuple(dict.fromkeys((*JUDGED, *TOKENIZER, *BESIDE)))
"""All names that are ever fetched; whatever else lies there stays there."""

_KB, _MB = 1024, 1024 * 1024
_LIMITS = {CONFIG: _MB, WEIGHTS: MAX_WEIGHTS, CARD: _MB, TRAINING: 4 * _MB, SIGNATURE: 4 * _MB}
_TEMPLATE_LIMIT = _MB
_PICKLE = "adapter_model.bin"
_MODELS = ("model.safetensors", "pytorch_model.bin", "consolidated.")
_MAX_NAMED = 5

OnBytes = Callable[[int], None]
"""Called with the number of bytes that came since the last call."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that lie where a reference leads."""

    resolved: str
    """The reference with a commit or version in place of a branch or alias."""
    revision: str | None
    where: str
    """Address of the server, without user and query; empty for a folder."""
    files: Mapping[str, int | None]
    """Names, with `/` below the place that was named, and sizes as far as they are known."""
    notes: tuple[str, ...] = ()
    """Sentences for the person who fetches."""


class Source(Protocol):
    """A place that adapters are fetched from."""

    def listing(self) -> Listing:
        """Resolve the reference and return what lies there."""

    def bring(self, name: str, to: Path, limit: int, on_bytes: OnBytes) -> None:
        """Write the bytes of a listed file to the path `to`; stop beyond `limit` bytes."""


def limit_of(name: str) -> int:
    """Return the number of bytes above which a file is not fetched."""
    template = name.endswith(".jinja") or name == "chat_template.json"
    return _LIMITS.get(name, _TEMPLATE_LIMIT if template else MAX_TOKENIZER)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A fetched adapter that was inspected and has no place yet."""

    files: AdapterFiles
    names: tuple[str, ...]
    listing: Listing
    notes: tuple[str, ...]

    def put(self, target: Path, origin: AdapterOrigin, instead_of: Path | None) -> None:
        """Move the folder to `target`, with its origin; an adapter that is replaced goes.

        Readers see the old folder or the new folder. A process killed between the two renames
        leaves the old folder beside, and the next fetch puts it back.
        """
        try:
            write_origin(self.files.folder, origin)
            _settle(self.files.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            if instead_of is not None:
                instead_of.rename(self.files.folder.with_name(OLD))
            elif target.is_dir():
                target.rmdir()  # an empty folder; one that is not is never removed
            self.files.folder.rename(target)
        except OSError as problem:
            raise WorldFailed(
                f"{target}: cannot take its place there ({reason(problem)}), try again"
            ) from problem


def _settle(folder: Path) -> None:
    """Make the files readable for all, and write them to the disk."""
    for file in folder.iterdir():
        file.chmod(0o644)
        # After a power cut, the name must not lead to files whose bytes never reached the disk.
        with file.open("rb") as written:
            os.fsync(written.fileno())
    folder.chmod(0o755)


# --- choose ---------------------------------------------------------------------------------


def chosen(ref: str, files: Mapping[str, int | None]) -> tuple[list[str], list[str]]:
    """Return the names to fetch, and notes on what is left out; refuse what is no adapter."""
    for needed in (CONFIG, WEIGHTS):
        if needed not in files:
            raise AdapterRefused(f"{ref}: {_what_is_there(ref, needed, files)}")
    names, notes = [], []
    for name in TAKEN:
        size = files.get(name)
        if name not in files:
            continue
        if size is not None and size > limit_of(name):
            what = f"{name} has {size:,} bytes, at most {limit_of(name):,} are fetched"
            if name not in BESIDE:
                raise AdapterRefused(f"{ref}: {what}")
            notes.append(f"{what}, so it is left out")
        else:
            names.append(name)
    return names, notes


def _what_is_there(ref: str, missing: str, files: Mapping[str, int | None]) -> str:
    """Return a line that says why there is no adapter, and what to do instead."""
    top = sorted(name for name in files if "/" not in name)
    if not files:
        return "nothing lies there, an adapter's folder is needed"
    if CONFIG in files and _PICKLE in files:
        return (
            f"its weights are {_PICKLE} alone, a pickle, which runs code when loaded; where it is"
            " trusted, `PeftModel.from_pretrained(BASE, FOLDER).save_pretrained(NEW)` makes"
            f" {WEIGHTS}"
        )
    if CONFIG in files:
        return f"{missing} is missing beside {CONFIG}, `save_pretrained` of PEFT writes it"
    below = sorted(name.removesuffix(f"/{CONFIG}") for name in files if name.endswith(f"/{CONFIG}"))
    if below:
        places = _named([f"{ref}/{one}" for one in below])
        return f"no adapter lies at the top, but below it: {places}"
    if "config.json" in files and any(name.startswith(_MODELS) for name in top):
        return (
            "is a whole model, no adapter: only LoRA adapters are fetched; an adapter that was"
            " merged into it is wanted unmerged"
        )
    return f"holds no adapter ({missing} is missing); what lies there: {_named(top) or 'folders'}"


def _named(names: list[str]) -> str:
    found = [name if name.isprintable() else ascii(name) for name in names]
    more = f" and {len(found) - _MAX_NAMED} more" if len(found) > _MAX_NAMED else ""
    return ", ".join(name[:100] for name in found[:_MAX_NAMED]) + more


# --- bring ----------------------------------------------------------------------------------


def bring(
    source: Source,
    ref: str,
    name: str,
    aside: Path,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Arrived:
    """Bring an adapter into the folder `aside` and inspect it there as `doctor` does."""
    listing = source.listing()
    names, notes = chosen(ref, listing.files)
    folder = aside / NEW
    folder.mkdir()
    total = sum(listing.files[file] or 0 for file in names)
    done = 0

    def on_bytes(came: int) -> None:
        nonlocal done
        done += came
        on_progress(f"fetching {name}", min(done, total), total)

    for file in names:
        to = folder / file
        source.bring(file, to, limit_of(file), on_bytes)
        if to.is_symlink() or not to.is_file():
            raise AdapterRefused(f"{ref}: {file} is no plain file")
    notes += _leave_out_damaged(folder)
    files = replace(read_adapter(aside, NEW), name=name)
    for found in inspect(files, None):
        if not found.ok:
            raise AdapterRefused(f"{ref}: {found.message.removeprefix(f'{name}: ')}")
    kept = tuple(file for file in names if (folder / file).exists())
    return Arrived(files, kept, listing, (*listing.notes, *notes))


def _leave_out_damaged(folder: Path) -> Iterator[str]:
    """Remove a `training.json` that no flow could read; other tools may use the name too."""
    try:
        read_training(folder)
    except HarnessError as problem:
        said = str(problem).partition(f"{TRAINING}:")[2]
        (folder / TRAINING).unlink()
        yield f"{TRAINING}:{said}; it is left out"


def copied(file: Iterator[bytes], to: Path, limit: int, on_bytes: OnBytes) -> None:
    """Write chunks of bytes to a new file; refuse more than `limit` bytes."""
    size = 0
    try:
        with to.open("xb") as copy:
            for chunk in file:
                size += len(chunk)
                if size > limit:
                    raise AdapterRefused(f"{to.name}: has more than {limit:,} bytes")
                copy.write(chunk)
                on_bytes(len(chunk))
    except OSError as problem:
        raise WorldFailed(f"{to}: cannot be written ({reason(problem)})") from problem
