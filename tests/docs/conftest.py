"""Documents are run where a reader would run them: in a copy of the shipped project."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cli import main
from tests.docs.markdown import ROOT, Block

SHELL = set("|&;$<>(){}*?~`")
"""What only a shell understands."""


@dataclass(frozen=True)
class Ended:
    """How one line of a document ended."""

    code: int
    said: str


Runs = Callable[[Block, Path], None]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runs:
    """`runs(block, folder)`: each line ends as the block says."""
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

    def run(block: Block, folder: Path) -> None:
        monkeypatch.chdir(folder)
        told = (block.said("exit") or "0").split(",")
        codes = [int(code) for code in told] * (1 if len(told) > 1 else len(block.lines))
        assert len(codes) == len(block.lines), f"{block.place}: one exit code, or one a line"
        for line, code in zip(block.lines, codes, strict=True):
            ended = typed(line, monkeypatch)
            assert ended.code == code, f"{block.place}: {line}\n{ended.said}"

    return run


def typed(line: str, patch: pytest.MonkeyPatch) -> Ended:
    """A line as a reader types it; `lora-harness` alone needs no new process."""
    words = shlex.split(line, comments=True)
    if words[0] == "lora-harness" and not SHELL & set(line.partition(" #")[0]):
        return _here(words, patch)
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, timeout=300
    )
    return Ended(done.returncode, done.stdout + done.stderr)


def _here(words: list[str], patch: pytest.MonkeyPatch) -> Ended:
    said = io.StringIO()
    patch.setattr(sys, "argv", words)
    with redirect_stdout(said), redirect_stderr(said):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
            return Ended(code, said.getvalue())
    return Ended(0, said.getvalue())
