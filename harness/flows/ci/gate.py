"""Judge adapters with pytest in a process that runs no code of the change.

Tested in tests/github/test_action.py.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import RequestError, WorldFailed, reason
from harness.workspace.formats.scratch import scratch_folder
from harness.workspace.project.settings import read_settings

STDERR = 2
"""Its file descriptor."""
STOPPED = 11
"""The code of a gate that was ended from outside."""


def gate(
    adapters: Sequence[str],
    base_ref: str = "",
    arguments: Sequence[str] = (),
    to_stderr: bool = False,
) -> int:
    """Run `pytest --model` on the adapters and return its exit code.

    With `base_ref` that commit sets the bar, and `conftest.py` and pytest's settings take no part.
    """
    if not adapters:
        raise RequestError("no adapter is named: lora-harness ci gate NAME, see `ci changed`")
    root = read_settings().root
    with scratch_folder() as folder:
        # -P: without it a module of the project's folder could stand in for one of Python's own.
        words = [sys.executable, "-P", "-m", "pytest", *(f"--model={name}" for name in adapters)]
        if base_ref:
            plain = folder / "adapter-gate.ini"
            plain.write_text("[pytest]\n", encoding="utf-8")
            words += [*("-c", str(plain), "--rootdir", str(root), "--noconftest")]
            words += [f"--harness-base-ref={base_ref}"]
        return _run([*words, *arguments], root, STDERR if to_stderr else None)


def _run(words: Sequence[str], root: Path, out: int | None) -> int:
    try:
        code = subprocess.run(words, cwd=root, stdout=out, check=False).returncode
    except OSError as problem:
        raise WorldFailed(f"pytest did not start ({reason(problem)})") from problem
    return code if code >= 0 else STOPPED
