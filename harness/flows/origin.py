"""Where numbers come from: time, commit, machine; asked without importing a library."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def now() -> str:
    """This moment in UTC, to the millisecond, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def commit(root: Path) -> dict[str, str | bool]:
    """The git commit of the project and whether files were changed; empty outside git."""
    try:
        head = _git(root, "rev-parse", "HEAD")
        dirty = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"commit": head, "dirty": dirty}


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=root, capture_output=True, text=True, timeout=5, check=True
    )
    return done.stdout.strip()


def machine() -> dict[str, str]:
    """What ran it, in words."""
    return {"python": platform.python_version(), "system": platform.platform(terse=True)}
