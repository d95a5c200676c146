"""Find the project of this folder, for commands that do without one.

Tested in tests/cli/test_data.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.flows.project import Project


def project_here(asked_for: bool) -> Project | None:
    """Return the project of this folder; without a project a file can still be checked."""
    from harness.errors import SettingsError
    from harness.flows.project import Project

    try:
        return Project.here()
    except SettingsError:
        if asked_for or _has_settings():
            raise
        return None


def _has_settings() -> bool:
    """Tell whether a project is here, since wrong settings must not pass for no project."""
    here = Path.cwd()
    return any(
        "[tool.harness" in (folder / "pyproject.toml").read_text("utf-8", "replace")
        for folder in (here, *here.parents)
        if (folder / "pyproject.toml").is_file()
    )
