"""Ask for a person's name and reason: refuse a decision without them, know the name from git.

Tested in tests/flows/decisions/test_decide.py and tests/flows/training/test_data_versions.py.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.errors import RequestError
from harness.text.blanks import is_blank

_MAX_WORDS = 2000
_MAX_NAME = 200


def refuse_unsaid(by: str, why: str) -> None:
    """Refuse a name or a reason that is blank, of several lines, or too long."""
    for option, text in (("--by", by), ("--why", why)):
        if is_blank(text) or set("\n\0") & set(text) or len(text) > _MAX_WORDS:
            raise RequestError(f"{option} must say something, in one line")
    if len(by) > _MAX_NAME:
        raise RequestError(f"--by must be a name, of {_MAX_NAME} letters at most")


def own_name(root: Path) -> str:
    """Return the name that git knows this person by; refuse where it knows none."""
    try:
        said = subprocess.run(
            ["git", "config", "user.name"],
            cwd=root, capture_output=True, encoding="utf-8", errors="replace", timeout=5,
            check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as problem:
        raise RequestError("who does this? git knows no name here, so say --by WHO") from problem
    return said.stdout.strip()
