"""Folders that cannot be written, also for root: bind mounts, or permissions where those are none.

with read_only(folder):
    ...                 # the folder at its own path, readable and no more
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder and all that is in it read-only inside the block."""
    mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False)
    if mounted.returncode:
        with _without_permission(folder):
            yield
        return
    try:
        options = ["-o", "remount,ro,bind"]
        subprocess.run(["mount", *options, folder], capture_output=True, check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], capture_output=True, check=True)


@contextmanager
def _without_permission(folder: Path) -> Iterator[None]:
    every = [folder, *folder.rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in every}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user writes without permission, and may not mount a folder")
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
