"""Classes that the first tables did not name: absurd sizes, foreign bytes, what does not show.

Each row stands for a class; its neighbours are in the tests of the room that refuses it.
"""
# ruff: noqa: E501 - the lines are quoted exactly

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.fakes.project import TinyProject
from tests.threats.data import REVIEW
from tests.threats.row import Row, nothing, text
from tests.threats.scores import BODY, HEAD

BYTES = os.fsdecode(b"caf\xe9")
CASES = "benchmarks/openers/cases.jsonl"
SCORED = text("scores.csv", HEAD + BODY)
IMPORT = ("benchmark", "import", "t.xlsx", "--name", "new")
SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(pieces: Callable[[], Iterable[str]]) -> Callable[[TinyProject], object]:
    """Return a maker of a spreadsheet with these pieces of XML below its head."""

    def make(project: TinyProject) -> None:
        from openpyxl import Workbook

        book = Workbook()
        book.active.append(["id", "input", "ideal"])
        book.save(project.folder / "plain.xlsx")
        with (
            zipfile.ZipFile(project.folder / "plain.xlsx") as plain,
            zipfile.ZipFile(project.folder / "t.xlsx", "w", zipfile.ZIP_DEFLATED, True, 1) as made,
        ):
            for name in plain.namelist():
                if name != SHEET:
                    made.writestr(name, plain.read(name))
            with made.open(SHEET, "w", force_zip64=True) as part:
                part.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
                part.write(b'<row r="1">')
                for place, name in (("A1", "id"), ("B1", "input"), ("C1", "ideal")):
                    text_cell = f'<c r="{place}" t="inlineStr"><is><t>{name}</t></is></c>'
                    part.write(text_cell.encode())
                part.write(b"</row>")
                for piece in pieces():
                    part.write(piece.encode())
                part.write(b"</sheetData></worksheet>")

    return make


def huge_cell() -> Iterator[str]:
    """Yield a cell of 1.5 GB, of which no more than a piece is held here."""
    yield '<row r="2"><c r="A2" t="inlineStr"><is><t>'
    for _ in range(1_500):
        yield "y" * 1_000_000


def base(name: str, **changed: Any) -> Callable[[TinyProject], object]:
    """Return a maker that changes a JSON file of the base, beside a sound adapter."""

    def make(project: TinyProject) -> None:
        project.adapter("v1").write()
        file = project.folder / "base" / name
        file.write_text(json.dumps(json.loads(file.read_text()) | changed), encoding="utf-8")

    return make


def doubling(project: TinyProject) -> None:
    project.adapter("v1").write()
    words = {"type": "BPE", "vocab": {"a": 0}, "merges": []}
    steps = {"type": "Sequence", "normalizers": DOUBLED}
    table = {"version": "1.0", "added_tokens": [], "normalizer": steps, "model": words}
    project.write("base/tokenizer.json", json.dumps(table))


def alpha(project: TinyProject) -> None:
    adapter = project.adapter("v1")
    adapter.config["lora_alpha"] = -1
    adapter.write()


def nested(project: TinyProject) -> None:
    project.adapter("v1").write()
    place = os.open(project.folder / "adapters/v1", os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=place)
        below = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)


def cache_of_pipes(project: TinyProject) -> None:
    """Put pipes in the place of the small tables of the cache, beside a base that is refused."""
    cache = project.folder.parent / "cache"
    cache.mkdir(exist_ok=True)
    for name in ("digests.json", "templates.json", "adapters.json"):
        os.mkfifo(cache / name)
    base("config.json", num_hidden_layers=10**9)(project)


def folder_as_key(project: TinyProject) -> None:
    (project.folder / "team.pub").mkdir()


def damaged(project: TinyProject) -> None:
    file = project.folder / "reports/harness.db"
    content = file.read_bytes()
    at = content.index(b"CREATE TABLE")
    file.write_bytes(content[:at] + b"\xff\xfe\xff" + content[at + 3 :])


def second(identity: str) -> Callable[[TinyProject], object]:
    """Return a maker of two cases, the second with this id."""
    cases = ({"id": one, "input": "Ana", "ideal": "Hi Ana"} for one in ("a", identity))
    return text(CASES, "".join(json.dumps(case) + "\n" for case in cases))


def case(**changed: Any) -> Callable[[TinyProject], object]:
    return text(CASES, json.dumps({"id": "a", "input": "Ana", "ideal": "Hi"} | changed) + "\n")


def review(**changed: Any) -> Callable[[TinyProject], object]:
    return text("reviews.jsonl", json.dumps(REVIEW | changed) + "\n")


EVALUATE = ("evaluate", "good", "--benchmark", "openers")
REVIEWS = ("reviews", "import", "reviews.jsonl")
DOUBLED = [{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}] * 40

LINES = {
    "a spreadsheet with row 10^18": "t.xlsx:1000000000000000000: has a cell in column 1, at most 1,000 columns and 1,048,576 rows are read",
    "a spreadsheet of rows in column XFD": "t.xlsx:2: has a cell in column 16,384, at most 1,000 columns and 1,048,576 rows are read",
    "a spreadsheet with a cell of 1.5 GB": "t.xlsx: is no spreadsheet that can be read (a row or part of more than 4,194,304 bytes or 100,000 tags), save it as CSV",
    "a spreadsheet with a row of a million empty cells": "t.xlsx: is no spreadsheet that can be read (a row or part of more than 4,194,304 bytes or 100,000 tags), save it as CSV",
    "a margin of 1e-300 on the command line": "edit_similarity=1e-300: must look like METRIC=MARGIN with a margin between 0 and 1, such as clean_rate=0.05; the smallest is 1e-09",
    "a gate on a metric without scores": "scores.csv: holds no score of 'nosuch', its metrics are edit_similarity",
    "a reason in bytes that are no UTF-8": "Invalid value for '--why': holds bytes that are no UTF-8, type it in a terminal of UTF-8 (see --help)",
    "a store in bytes that are no UTF-8": "Invalid value for '--store': holds bytes that are no UTF-8, type it in a terminal of UTF-8 (see --help)",
    "an encoding of host names": "--encoding punycode: is no encoding that is known, cp1252, mac_roman and utf-16 are",
    "a timeout of a store that is no number": "the store's option 'timeout' has a value that is not allowed",
    "an option that no store has": "the store's option 'token': no such option, known are timeout, uri, mode, cache, immutable, nolock, check_same_thread",
    "an option of a store given twice": "the store's option 'timeout' has a value that is not allowed",
    "a NUL in a store's file": "the store's file has control characters in its name, name another",
    "a damaged schema page": "the store sqlite:///HERE/reports/harness.db failed (malformed database schema (reviews)); put a copy in its place",
    "a config of a billion layers": "HERE/base/config.json:1: `num_hidden_layers` is 1,000,000,000, at most 10,000 are loaded",
    "a list of a million layers": "HERE/base/config.json:1: `layer_types` is 100,000, at most 10,000 are loaded",
    "1,500 nested folders": "HERE/adapters/v1: holds folders nested deeper than 32 levels, keep only the model's own files there",
    "pipes in the cache": "HERE/base/config.json:1: `num_hidden_layers` is 1,000,000,000, at most 10,000 are loaded",
    "lora_alpha of -1": "HERE/adapters/v1/adapter_config.json:1: `lora_alpha` is -1, allowed are 0 to 1e+06",
    "a key that is a folder": "team.pub: is a folder, a file is needed",
    "an id that does not show": "HERE/benchmarks/openers/cases.jsonl:1: `id` is empty, a text is needed",
    "an input that does not show": "HERE/benchmarks/openers/cases.jsonl:1: `input` is empty, a text is needed",
    "an ideal that does not show": "HERE/benchmarks/openers/cases.jsonl:1: `ideal` is blank, a text or several texts are needed",
    "a slice that does not show": 'HERE/benchmarks/openers/cases.jsonl:1: `slices` must look like {"industry": "logistics"}',
    "ids equal but for what does not show": "HERE/benchmarks/openers/cases.jsonl:2: id 'A\\u200d' stands already at HERE/benchmarks/openers/cases.jsonl:1",
    "ids equal but for a space at the end": "HERE/benchmarks/openers/cases.jsonl:2: id 'a ' stands already at HERE/benchmarks/openers/cases.jsonl:1",
    "ids equal but for a variation selector": "HERE/benchmarks/openers/cases.jsonl:2: id 'a\ufe0f' stands already at HERE/benchmarks/openers/cases.jsonl:1",
    "an output that does not show": "reviews.jsonl:1: `output` is empty, every review needs one",
    "an edit that does not show": "reviews.jsonl:1: edited, but there is no final: what was sent is needed",
    "a review's id with what does not show": "reviews.jsonl:1: `id` has letters that do not show, write it without them",
    "a name that does not show": "--by must say something, in one line",
    "a reason that does not show": "--why must say something, in one line",
    "a case of a score file that does not show": "scores.csv:10: case is '\\u200b'; a name is needed there",
    "cases of a score file equal but for what does not show": "scores.csv: cases 'c1' and 'c\\u200b1' only look different; rename one",
    "a tokenizer that doubles its text 40 times": "HERE/base/tokenizer.json: cannot be used, it takes more than 1 s or 300 MB for some thousand letters, put the tokenizer there that the base came with",
}
"""What each row is told."""


def row(name: str, make: Any, *words: str, code: int = 4, heavy: bool = False) -> Row:
    return Row(f"unforeseen: {name}", make, words, LINES[name], code, heavy)


ROWS: list[Row] = [
    row(
        "a spreadsheet with row 10^18",
        sheet(lambda: [f'<row r="{10**18}"><c r="A{10**18}"><v>1</v></c></row>']),
        *IMPORT,
    ),
    row(
        "a spreadsheet of rows in column XFD",
        sheet(
            lambda: (f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(2, 200_002))
        ),
        *IMPORT,
        heavy=True,
    ),
    row(
        "a spreadsheet with a cell of 1.5 GB",
        sheet(huge_cell),
        *IMPORT,
        heavy=True,
    ),
    row(
        "a spreadsheet with a row of a million empty cells",
        sheet(lambda: ['<row r="2">', "<c/>" * 1_000_000, "</row>"]),
        *IMPORT,
    ),
    row(
        "a margin of 1e-300 on the command line",
        SCORED,
        "judge",
        "scores.csv",
        "--gate",
        "edit_similarity=1e-300",
    ),
    row("a gate on a metric without scores", SCORED, "judge", "scores.csv", "--gate", "nosuch=0.1"),
    row(
        "a reason in bytes that are no UTF-8",
        nothing,
        "promote",
        "good",
        "--by",
        "Ana",
        "--why",
        BYTES,
    ),
    row(
        "a store in bytes that are no UTF-8",
        nothing,
        "status",
        "--store",
        f"postgresql+psycopg://{BYTES}@localhost/x",
    ),
    row(
        "an encoding of host names",
        text("r.csv", "id,at\n"),
        "reviews",
        "import",
        "r.csv",
        "--encoding",
        "punycode",
    ),
    row(
        "a timeout of a store that is no number",
        nothing,
        "status",
        "--store",
        "sqlite:///x.db?timeout=abc",
    ),
    row("an option that no store has", nothing, "status", "--store", "sqlite:///x.db?token=secret"),
    row(
        "an option of a store given twice",
        nothing,
        "status",
        "--store",
        "sqlite:///x.db?timeout=1&timeout=2",
    ),
    row("a NUL in a store's file", nothing, "status", "--store", "sqlite:///x%00.db"),
    row("a damaged schema page", damaged, "status", code=11),
    row(
        "a config of a billion layers", base("config.json", num_hidden_layers=10**9), "doctor", "v1"
    ),
    row(
        "a list of a million layers",
        base("config.json", layer_types=["x"] * 100_000),
        "doctor",
        "v1",
    ),
    row(
        "a tokenizer that doubles its text 40 times",
        doubling,
        "doctor",
        "v1",
        heavy=True,
    ),
    row("1,500 nested folders", nested, "doctor", "v1", heavy=True),
    row("pipes in the cache", cache_of_pipes, "evaluate", "v1", "--engine", "transformers"),
    row("lora_alpha of -1", alpha, "evaluate", "v1", "--engine", "transformers"),
    row("a key that is a folder", folder_as_key, "verify", "--key", "team.pub"),
    row("an id that does not show", case(id="\u200b"), *EVALUATE),
    row("an input that does not show", case(input="\u2800\u3164"), *EVALUATE),
    row("an ideal that does not show", case(ideal="\u00ad\u200e"), *EVALUATE),
    row("a slice that does not show", case(slices={"industry": "\u2060"}), *EVALUATE),
    row("ids equal but for what does not show", second("A\u200d"), *EVALUATE),
    row("ids equal but for a space at the end", second("a "), *EVALUATE),
    row("ids equal but for a variation selector", second("a\ufe0f"), *EVALUATE),
    row("an output that does not show", review(output="\u200b"), *REVIEWS),
    row("an edit that does not show", review(decision="edited", final="\u3164"), *REVIEWS),
    row("a review's id with what does not show", review(id="r\u200b1"), *REVIEWS),
    row(
        "a name that does not show", nothing, "promote", "good", "--by", "\u200b", "--why", "better"
    ),
    row(
        "a reason that does not show", nothing, "promote", "good", "--by", "Ana", "--why", "\u2800"
    ),
    row(
        "a case of a score file that does not show",
        text("scores.csv", HEAD + BODY + "\u200b,edit_similarity,0.5,0.5\n"),
        "judge",
        "scores.csv",
    ),
    row(
        "cases of a score file equal but for what does not show",
        text("scores.csv", HEAD + BODY + "c\u200b1,edit_similarity,0.5,0.5\n"),
        "judge",
        "scores.csv",
    ),
]
