"""Score files, `judge scores.csv`: every score is a number from 0 to 1, every case is whole."""

from __future__ import annotations

import os
from typing import Any

from tests.fakes.project import TinyProject
from tests.threats.row import Row, nothing, text

FILE = "scores.csv"
ASK = ("judge", FILE)
HEAD = "case,metric,candidate,promoted\n"
BODY = "".join(f"c{n},edit_similarity,0.8,0.7\n" for n in range(8))


def row(name: str, make: Any, line: str = "", words: tuple[str, ...] = ASK, **more: Any) -> Row:
    return Row(f"scores: {name}", make, words, line, **more)


def file(content: str | bytes) -> Any:
    return text(FILE, content)


def score(cell: str) -> Any:
    return file(HEAD + BODY + f"x,edit_similarity,{cell},0.5\n")


def pipe(project: TinyProject) -> None:
    os.mkfifo(project.folder / FILE)


def endless(project: TinyProject) -> None:
    with (project.folder / FILE).open("wb") as made:
        made.truncate(10_000_000_000)


ROWS = [
    row("a score of nan", score("nan")),
    row("a score of NaN in capitals", score("NAN")),
    row("a score of inf", score("inf")),
    row("a score of -Infinity", score("-Infinity")),
    row("a score of 1e999", score("1e999")),
    row("a score of 1.0000001", score("1.0000001")),
    row("a score of 90", score("90")),
    row("a negative score", score("-0.1")),
    row("a score of True", score("True")),
    row('a score of "0.9" in quotes of its own', score('"""0.9"""')),
    row("a score with a comma", score('"0,9"')),
    row("a score with a unit", score("90%")),
    row("a score with underscores", score("0_1")),
    row("a score in Arabic digits", score("٠.٥")),
    row("a score in hexadecimal", score("0x1")),
    row("a score of 5,000 digits", score("0." + "9" * 5000)),
    row("a field over 128 KB", file(HEAD + BODY + "x" * 140_000 + ",edit_similarity,0.5,0.5\n")),
    row("a NUL", file(HEAD + BODY + "x\0,edit_similarity,0.5,0.5\n")),
    row("UTF-16", file((HEAD + BODY).encode("utf-16"))),
    row("Latin-1", file((HEAD + BODY + "é,edit_similarity,0.5,0.5\n").encode("latin-1"))),
    row("a stray quote", file(HEAD + BODY + '"x"y,edit_similarity,0.5,0.5\n')),
    row("a quote that never ends", file(HEAD + BODY + '"x,edit_similarity,0.5,0.5\n')),
    row("a row that is too short", file(HEAD + BODY + "x,edit_similarity,0.5\n")),
    row("a row that is too long", file(HEAD + BODY + "x,edit_similarity,0.5,0.5,1\n")),
    row("nothing", file("")),
    row("only a head", file(HEAD)),
    row("no head", file(BODY)),
    row("a column is missing", file("case,metric,candidate\n")),
    row("a column that nobody knows", file("case,metric,candidate,promoted,weight\n")),
    row("a column that stands twice", file("case,metric,candidate,promoted,candidate\n")),
    row("a case without a name", file(HEAD + BODY + ",edit_similarity,0.5,0.5\n")),
    row("a case twice on one metric", file(HEAD + BODY + "c1,edit_similarity,0.5,0.5\n")),
    row("cases equal after NFC", file(HEAD + BODY + "caf\u00e9,m,0.5,0.5\ncafe\u0301,m,0.5,0.5\n")),
    row("cases equal after case folding", file(HEAD + BODY + "C1,edit_similarity,0.5,0.5\n")),
    row("critical as a word that is none", file("case,metric,candidate,promoted,critical\nx,m,0.5,0.5,perhaps\n")),
    row("a case in two groups", file("case,metric,candidate,promoted,group\nx,m,0.5,0.5,a\nx,n,0.5,0.5,b\n")),
    row("lines ended by a carriage return alone", file((HEAD + BODY).replace("\n", "\r"))),
    row("a vertical tab does not end a row", file(HEAD + "a,m,0.5,0.5\vb,m,0.5,0.5\n")),
    row("a pipe where a file should be", pipe),
    row("a folder where a file should be", lambda p: (p.folder / FILE).mkdir()),
    row("a device where a file should be", nothing, words=("judge", "/dev/zero")),
    row("10 GB in one line", endless),
    row("not there", nothing),
    row("a path with a NUL", nothing, words=("judge", "a\0b")),
    row("a path of 5,000 letters", nothing, words=("judge", "x" * 5000)),
    row("a path with a line feed", nothing, words=("judge", "a\nb::error::x")),
    row("a margin of 0", file(HEAD + BODY), words=(*ASK, "--gate", "edit_similarity=0")),
    row("a margin above 1", file(HEAD + BODY), words=(*ASK, "--gate", "edit_similarity=1.5")),
    row("a negative margin", file(HEAD + BODY), words=(*ASK, "--gate", "edit_similarity=-0.05")),
    row("a margin of nan", file(HEAD + BODY), words=(*ASK, "--gate", "edit_similarity=nan")),
    row("a margin of inf", file(HEAD + BODY), words=(*ASK, "--guard", "edit_similarity=inf")),
    row("a margin for nothing", file(HEAD + BODY), words=(*ASK, "--gate", "=0.05")),
    row("a gate on a metric that is not there", file(HEAD + BODY), words=(*ASK, "--gate", "taste=0.05")),
    row("an alpha of nan", file(HEAD + BODY), words=(*ASK, "--alpha", "nan")),
    row("an alpha of 0.9", file(HEAD + BODY), words=(*ASK, "--alpha", "0.9")),
]
