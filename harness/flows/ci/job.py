"""Hand values on to the later steps of a job, where its CI has a file for that.

Tested in tests/github/test_action.py.
"""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import WorldFailed, reason

OUTPUT = "GITHUB_OUTPUT"
"""The variable with the file that GitHub reads a step's outputs from."""
_END = "END-OF-VALUE"


def hand_on(name: str, *lines: str) -> None:
    """Append an output of this step, unless this is no job of GitHub's.

    The lines are names and figures that were checked: none of them can be the end mark.
    """
    file = os.environ.get(OUTPUT)
    if not file:
        return
    said = "".join(f"{line}\n" for line in lines)
    try:
        with Path(file).open("a", encoding="utf-8", newline="\n") as opened:
            opened.write(f"{name}<<{_END}\n{said}{_END}\n")
    except OSError as problem:
        raise WorldFailed(f"${OUTPUT} cannot be written ({reason(problem)})") from problem
