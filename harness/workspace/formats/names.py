"""Turn names that people type into paths that stay inside their folder."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import AdapterRefused, HarnessError

_PART = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
# Windows opens a device for these, with any suffix and in every folder.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.ASCII)
RULE = "a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them"
CLIENT = "with one `/` at most for a client"


def check_name(name: str, error: type[HarnessError] = AdapterRefused) -> str:
    """Return an adapter's name if it is valid; refuse it in a line with the rule."""
    parts = name.split("/")
    if len(parts) > 2 or not all(_good(part) for part in parts):
        raise error(f"{_shown(name)} is not an adapter name: {RULE}, {CLIENT}")
    return name


def check_plain_name(name: str, where: str, error: type[HarnessError]) -> str:
    """Return the name of a benchmark or a task, in which no client's `/` is allowed.

    `where` is put in front of the refusal.
    """
    if not _good(name):
        raise error(f"{where}{_shown(name)} is not a name: {RULE}")
    return name


def _good(part: str) -> bool:
    if not _PART.fullmatch(part) or part.endswith("."):
        return False
    return ".." not in part and not _DEVICES.fullmatch(part)


def _shown(name: str) -> str:
    text = ascii(name)
    return text if len(text) <= 80 else text[:77] + "...'"


def folder_of(root: Path, name: str, error: type[HarnessError] = AdapterRefused) -> Path:
    """Return the folder `root/name`; refuse a missing folder, and a link out of the root."""
    folder = root / check_name(name, error)
    inside(root, folder, error)
    if not folder.is_dir():
        raise error(f"{name}: no such folder under {root}")
    return folder


def inside(root: Path, path: Path, error: type[HarnessError]) -> None:
    """Refuse a path that resolves out of its root (a link, or a link above it)."""
    # Both are resolved: a root that is itself a link (as `/tmp` on macOS) is no reason to refuse.
    try:
        real_root, real = root.resolve(), path.resolve()
        if real.is_symlink():
            raise RuntimeError  # as Python before 3.13 does; later ones leave the link unresolved
    except (OSError, RuntimeError) as problem:  # a link that leads to itself
        raise error(
            f"{path}: is a link that leads nowhere, put the files themselves there"
        ) from problem
    if real != real_root and real_root not in real.parents:
        raise error(f"{path}: is a link that leads out of {root}, put the files themselves there")
