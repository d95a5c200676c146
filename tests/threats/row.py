"""One bad input: its maker, the command that reads it, and the exact line of the refusal.

make(place)  then  lora-harness *words  in  place.folder
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tests.fakes.project import TinyProject

HERE = "HERE"
"""Stands for the project's folder in a line."""


@dataclass(frozen=True)
class Row:
    """A bad input and its refusal."""

    name: str
    make: Callable[[TinyProject], object]
    words: tuple[str, ...]
    line: str
    """Exactly what stands on standard error after `lora-harness: `."""
    code: int = 4
    heavy: bool = False
    """Too large or too slow to make for every run of the suite."""


@dataclass(frozen=True)
class Answer:
    """The exit code and output of a command."""

    code: int
    out: str
    err: str


def answer(words: tuple[str, ...]) -> Answer:
    """Run the command in this process and working directory; exceptions pass through."""
    from harness.cli import main

    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["lora-harness", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def said(err: str, folder: Path) -> str:
    """Return standard error without the command's name and the folder's path."""
    return err.removesuffix("\n").removeprefix("lora-harness: ").replace(str(folder), HERE)


def nothing(place: TinyProject) -> None:
    """Leave the project unchanged: only the command's words are wrong."""


def text(place: str, content: str | bytes) -> Callable[[TinyProject], object]:
    """Return a maker that writes a file with this content."""

    def make(project: TinyProject) -> None:
        file = project.folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))

    return make
