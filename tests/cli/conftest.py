"""The command as somebody types it, in a small project with recorded outputs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from tests.fakes.project import TinyProject


@dataclass(frozen=True)
class Typed:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is exactly one line of JSON."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def line(self) -> str:
        """Standard error, which is exactly one line; nothing stands on standard output."""
        assert self.out == ""
        (line,) = self.err.splitlines()
        return line


Type = Callable[..., Typed]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    """`good` is promoted; `same`, `bad` and `broken` wait for their trial; one starts fresh."""
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    made = TinyProject(tmp_path / "project")
    made.record("good", quality="good")
    made.record("same", quality="same")
    made.record("bad", quality="bad")
    made.record("broken", texts={"health-1": "Dear Sir"}, nlls={"health-1": 0.43})
    made.promote("good")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """`typed("status", "--json")`."""

    def run(*words: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["lora-harness", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Typed(code or 0, *capsys.readouterr())

    return run
