"""Fetch an adapter from a folder on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import AdapterRefused
from harness.workspace.adapters.fetching import Listing, OnBytes, copied
from harness.workspace.adapters.files import CONFIG
from harness.workspace.formats.names import inside
from harness.workspace.formats.reading import opened, regular_file

_BLOCK = 1024 * 1024
_MAX_DEPTH = 3
_MAX_ENTRIES = 10_000


class FolderSource:
    """An adapter's folder, as PEFT or a trainer wrote it; a snapshot in the Hub's cache is one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def listing(self) -> Listing:
        """Return the files of the folder, and the configs of adapters below it."""
        files: dict[str, int | None] = {}
        seen = 0
        for here, folders, names in os.walk(self._folder):
            place = Path(here).relative_to(self._folder)
            for name in names:
                if place == Path() or name == CONFIG:
                    files[(place / name).as_posix()] = self._size(place / name)
            seen += len(names) + len(folders)
            # Adapters below are only named to the user: a home folder need not be walked for that.
            if len(place.parts) >= _MAX_DEPTH or seen > _MAX_ENTRIES:
                folders.clear()
        return Listing(str(self._folder), None, "", files)

    def _size(self, name: Path) -> int | None:
        try:
            return (self._folder / name).stat().st_size
        except OSError:  # a link that leads nowhere; refused when it is opened
            return None

    def bring(self, name: str, to: Path, limit: int, on_bytes: OnBytes) -> None:
        """Copy a file's bytes; refuse pipes, devices, and links out of the folder."""
        path = self._folder / name
        self._refuse_way_out(path)
        regular_file(path, AdapterRefused, limit)
        with opened(path, AdapterRefused, limit) as file:
            copied(iter(lambda: file.read(_BLOCK), b""), to, limit, on_bytes)

    def _refuse_way_out(self, path: Path) -> None:
        """Refuse a link that would bring in a file of another place, such as a private key."""
        snapshot = self._snapshot_in_cache()
        try:
            inside(self._folder, path, AdapterRefused)
        except AdapterRefused:
            if snapshot is None:
                raise
            inside(snapshot, path, AdapterRefused)

    def _snapshot_in_cache(self) -> Path | None:
        """Return the repository's blobs if the folder lies in the cache of huggingface_hub.

        Every file of a snapshot is a link to `blobs`, two folders above it.
        """
        for parent in self._folder.parents:
            if parent.name == "snapshots" and (parent.parent / "blobs").is_dir():
                return parent.parent / "blobs"
        return None
