"""Score files, `judge scores.csv`: every score is a number from 0 to 1, every case is complete."""
# ruff: noqa: E501 - the lines are quoted exactly

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
    row(
        "a score of nan",
        score("nan"),
        line="scores.csv:10: `candidate` is 'nan', a score is a number from 0 to 1",
    ),
    row(
        "a score of NaN in capitals",
        score("NAN"),
        line="scores.csv:10: `candidate` is 'NAN', a score is a number from 0 to 1",
    ),
    row(
        "a score of inf",
        score("inf"),
        line="scores.csv:10: `candidate` is 'inf', a score is a number from 0 to 1",
    ),
    row(
        "a score of -Infinity",
        score("-Infinity"),
        line="scores.csv:10: `candidate` is '-Infinity', a score is a number from 0 to 1",
    ),
    row(
        "a score of 1e999",
        score("1e999"),
        line="scores.csv:10: `candidate` is '1e999', a score is a number from 0 to 1",
    ),
    row(
        "a score of 1.0000001",
        score("1.0000001"),
        line="scores.csv:10: `candidate` is '1.0000001', a score is a number from 0 to 1",
    ),
    row(
        "a score of 90",
        score("90"),
        line="scores.csv:10: `candidate` is '90', a score is a number from 0 to 1",
    ),
    row(
        "a negative score",
        score("-0.1"),
        line="scores.csv:10: `candidate` is '-0.1', a score is a number from 0 to 1",
    ),
    row(
        "a score of True",
        score("True"),
        line="scores.csv:10: `candidate` is 'True', a score is a number from 0 to 1",
    ),
    row(
        'a score of "0.9" in quotes of its own',
        score('"""0.9"""'),
        line="scores.csv:10: `candidate` is '\"0.9\"', a score is a number from 0 to 1",
    ),
    row(
        "a score with a comma",
        score('"0,9"'),
        line="scores.csv:10: `candidate` is '0,9', a score is a number from 0 to 1",
    ),
    row(
        "a score with a unit",
        score("90%"),
        line="scores.csv:10: `candidate` is '90%', a score is a number from 0 to 1",
    ),
    row(
        "a score with underscores",
        score("0_1"),
        line="scores.csv:10: `candidate` is '0_1', a score is a number from 0 to 1",
    ),
    row(
        "a score in Arabic digits",
        score("٠.٥"),
        line="scores.csv:10: `candidate` is '٠.٥', a score is a number from 0 to 1",
    ),
    row(
        "a score in hexadecimal",
        score("0x1"),
        line="scores.csv:10: `candidate` is '0x1', a score is a number from 0 to 1",
    ),
    row(
        "a score of 5,000 digits",
        score("0." + "9" * 5000),
        line="scores.csv:10: `candidate` is '0.99999999999999999999999999999999999999', a score is a number from 0 to 1",
    ),
    row(
        "a field over 128 KB",
        file(HEAD + BODY + "x" * 140_000 + ",edit_similarity,0.5,0.5\n"),
        line="scores.csv:10: a field of more than 131,072 characters, is a quote left open?",
    ),
    row(
        "a NUL",
        file(HEAD + BODY + "x\0,edit_similarity,0.5,0.5\n"),
        line="scores.csv:10: `case` holds a NUL character, texts have none",
    ),
    row(
        "UTF-16",
        file((HEAD + BODY).encode("utf-16")),
        line="scores.csv:1: is UTF-16, save it as UTF-8",
    ),
    row(
        "Latin-1",
        file((HEAD + BODY + "é,edit_similarity,0.5,0.5\n").encode("latin-1")),
        line="scores.csv:10: is not UTF-8, save it as UTF-8",
    ),
    row(
        "a stray quote",
        file(HEAD + BODY + '"x"y,edit_similarity,0.5,0.5\n'),
        line="scores.csv:10: is not CSV (',' expected after '\"'), correct the quotes",
    ),
    row(
        "a quote that never ends",
        file(HEAD + BODY + '"x,edit_similarity,0.5,0.5\n'),
        line="scores.csv:10: is not CSV (unexpected end of data), correct the quotes",
    ),
    row(
        "a row that is too short",
        file(HEAD + BODY + "x,edit_similarity,0.5\n"),
        line="scores.csv:10: has 3 fields, the head has 4",
    ),
    row(
        "a row that is too long",
        file(HEAD + BODY + "x,edit_similarity,0.5,0.5,1\n"),
        line="scores.csv:10: has 5 fields, the head has 4",
    ),
    row("nothing", file(""), line="scores.csv:1: has no head, the first line names the columns"),
    row(
        "only a head",
        file(HEAD),
        line="scores.csv: there are no rows; give one row per case and metric",
    ),
    row(
        "no head",
        file(BODY),
        line="scores.csv:1: column `case` is missing, needed are case, metric, candidate, promoted",
    ),
    row(
        "a column is missing",
        file("case,metric,candidate\n"),
        line="scores.csv:1: column `promoted` is missing, needed are case, metric, candidate, promoted",
    ),
    row(
        "a column that nobody knows",
        file("case,metric,candidate,promoted,weight\n"),
        line="scores.csv:1: unknown column `weight`, known are candidate, case, critical, group, metric, pinned, promoted, slice",
    ),
    row(
        "a column that stands twice",
        file("case,metric,candidate,promoted,candidate\n"),
        line="scores.csv:1: column `candidate` stands twice, rename or remove one",
    ),
    row(
        "a case without a name",
        file(HEAD + BODY + ",edit_similarity,0.5,0.5\n"),
        line="scores.csv:10: `case` is empty, every row needs one",
    ),
    row(
        "a case twice on one metric",
        file(HEAD + BODY + "c1,edit_similarity,0.5,0.5\n"),
        line="scores.csv:10: case 'c1' has metric 'edit_similarity' twice; keep one of them",
    ),
    row(
        "cases equal after NFC",
        file(HEAD + BODY + "caf\u00e9,m,0.5,0.5\ncafe\u0301,m,0.5,0.5\n"),
        line="scores.csv: cases 'café' and 'café' only look different; rename one",
    ),
    row(
        "cases equal after case folding",
        file(HEAD + BODY + "C1,edit_similarity,0.5,0.5\n"),
        line="scores.csv: cases 'C1' and 'c1' only look different; rename one",
    ),
    row(
        "critical as a word that is none",
        file("case,metric,candidate,promoted,critical\nx,m,0.5,0.5,perhaps\n"),
        line="scores.csv:2: `critical` is 'perhaps', allowed are true and false",
    ),
    row(
        "a case in two groups",
        file("case,metric,candidate,promoted,group\nx,m,0.5,0.5,a\nx,n,0.5,0.5,b\n"),
        line="scores.csv: case 'x' is in group 'b' and in 'a'; keep one of them",
    ),
    row(
        "lines ended by a carriage return alone",
        file((HEAD + BODY).replace("\n", "\r")),
        line="scores.csv:1: a carriage return without a line feed, save it with the usual line ends",
    ),
    row(
        "a vertical tab does not end a row",
        file(HEAD + "a,m,0.5,0.5\vb,m,0.5,0.5\n"),
        line="scores.csv:2: has 7 fields, the head has 4",
    ),
    row(
        "a pipe where a file should be",
        pipe,
        line="scores.csv: is not a regular file (a pipe or device), a file is needed",
    ),
    row(
        "a folder where a file should be",
        lambda p: (p.folder / FILE).mkdir(),
        line="scores.csv: is a folder, a file is needed",
    ),
    row(
        "a device where a file should be",
        nothing,
        words=("judge", "/dev/zero"),
        line="/dev/zero: is not a regular file (a pipe or device), a file is needed",
    ),
    row(
        "10 GB in one line",
        endless,
        line="scores.csv:1: a line of more than 4,194,304 bytes, shorter ones are read",
    ),
    row("not there", nothing, line="scores.csv: no such file, a file is needed"),
    row(
        "a path of 5,000 letters",
        nothing,
        words=("judge", "x" * 5000),
        line="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: cannot be read (OSError)",
    ),
    row(
        "a path with a line feed",
        nothing,
        words=("judge", "a\nb::error::x"),
        line="a\\nb:\\:error:\\:x: no such file, a file is needed",
    ),
    row(
        "a margin of 0",
        file(HEAD + BODY),
        words=(*ASK, "--gate", "edit_similarity=0"),
        line="edit_similarity=0: must look like METRIC=MARGIN with a margin between 0 and 1, such as clean_rate=0.05",
    ),
    row(
        "a margin above 1",
        file(HEAD + BODY),
        words=(*ASK, "--gate", "edit_similarity=1.5"),
        line="edit_similarity=1.5: must look like METRIC=MARGIN with a margin between 0 and 1, such as clean_rate=0.05",
    ),
    row(
        "a negative margin",
        file(HEAD + BODY),
        words=(*ASK, "--gate", "edit_similarity=-0.05"),
        line="edit_similarity=-0.05: must look like METRIC=MARGIN with a margin between 0 and 1, such as clean_rate=0.05",
    ),
    row(
        "a margin of nan",
        file(HEAD + BODY),
        words=(*ASK, "--gate", "edit_similarity=nan"),
        line="edit_similarity=nan: must look like METRIC=MARGIN with a margin between 0 and 1, such as clean_rate=0.05",
    ),
    row(
        "a margin of inf",
        file(HEAD + BODY),
        words=(*ASK, "--guard", "edit_similarity=inf"),
        line="edit_similarity=inf: must look like METRIC=MARGIN with a margin between 0 and 1, such as clean_rate=0.05",
    ),
    row(
        "a margin for nothing",
        file(HEAD + BODY),
        words=(*ASK, "--gate", "=0.05"),
        line="=0.05: must look like METRIC=MARGIN with a margin between 0 and 1, such as clean_rate=0.05",
    ),
    row(
        "an alpha of nan",
        file(HEAD + BODY),
        words=(*ASK, "--alpha", "nan"),
        line="scores.csv: policy alpha is nan; a number between 0 and 0.5 is allowed (the default is 0.05)",
    ),
    row(
        "an alpha of 0.9",
        file(HEAD + BODY),
        words=(*ASK, "--alpha", "0.9"),
        line="Invalid value for '--alpha': 0.9 is not in the range 0.0001<=x<=0.49. (see --help)",
    ),
]
