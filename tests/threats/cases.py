"""Cases, `benchmarks/openers/cases.jsonl`: what JSON readers take for granted, and what is no case."""

from __future__ import annotations

import json
import os
from typing import Any

from tests.fakes.project import CASES, TinyProject
from tests.threats.row import Row, text

FILE = "benchmarks/openers/cases.jsonl"
ASK = ("evaluate", "good", "--benchmark", "openers")
GOOD = json.dumps({"id": "a", "input": "Ana", "ideal": "Hi Ana"})


def lines(*some: str | bytes, sep: bytes = b"\n") -> Any:
    return text(FILE, sep.join(s if isinstance(s, bytes) else s.encode() for s in some) + b"\n")


def case(**more: Any) -> str:
    return json.dumps({"id": "b", "input": "Ben", "ideal": "Hi Ben"} | more)


def pipe(project: TinyProject) -> None:
    file = project.folder / FILE
    file.unlink()
    os.mkfifo(file)


def folder(project: TinyProject) -> None:
    (project.folder / FILE).unlink()
    (project.folder / FILE).mkdir()


def device(project: TinyProject) -> None:
    (project.folder / FILE).unlink()
    (project.folder / FILE).symlink_to("/dev/zero")


def endless(project: TinyProject) -> None:
    """10 GB in one line, of which the disk holds nothing."""
    os.truncate(project.folder / FILE, 10_000_000_000)


def long_line(project: TinyProject) -> None:
    text(FILE, b'{"id": "' + b"x" * 5_000_000 + b'"}\n')(project)


def link_out(project: TinyProject) -> None:
    away = project.folder.parent / "away.jsonl"
    away.write_text(GOOD, encoding="utf-8")
    (project.folder / FILE).unlink()
    (project.folder / FILE).symlink_to(away)


def link_to_itself(project: TinyProject) -> None:
    (project.folder / FILE).unlink()
    (project.folder / FILE).symlink_to(project.folder / FILE)


def row(name: str, make: Any, line: str = "", **more: Any) -> Row:
    return Row(f"cases: {name}", make, ASK, line, **more)


ROWS = [
    row("a key that stands twice", lines(GOOD, '{"id": "b", "id": "c", "input": "x", "ideal": "y"}')),
    row("NaN", lines(GOOD, '{"id": "b", "input": "x", "ideal": "y", "critical": NaN}')),
    row("Infinity", lines(GOOD, '{"id": "b", "input": "x", "ideal": "y", "critical": -Infinity}')),
    row("1e999", lines(GOOD, '{"id": "b", "input": "x", "ideal": "y", "critical": 1e999}')),
    row("100,000 levels of lists", lines(GOOD, "[" * 100_000 + "]" * 100_000)),
    row("100,000 levels of objects", lines(GOOD, '{"a":' * 100_000 + "1" + "}" * 100_000)),
    row("100,000 levels that never end", lines(GOOD, '{"a":' * 100_000)),
    row("an integer of 5,000 digits", lines(GOOD, '{"id": ' + "9" * 5000 + "}")),
    row("a negative integer of 5,000 digits", lines(GOOD, '{"id": -' + "9" * 5000 + "}")),
    row("a fraction of 5,000 digits before the point", lines(GOOD, '{"id": ' + "9" * 5000 + ".0}")),
    row("half of a surrogate pair", lines(GOOD, r'{"id": "\ud800", "input": "x", "ideal": "y"}')),
    row("half of a surrogate pair in a key", lines(GOOD, r'{"\udfff": "b", "input": "x", "ideal": "y"}')),
    row("half of a surrogate pair as bytes", lines(GOOD, b'{"id": "\xed\xa0\x80"}')),
    row("UTF-16", text(FILE, GOOD.encode("utf-16"))),
    row("UTF-16 without a mark", text(FILE, GOOD.encode("utf-16-le"))),
    row("Latin-1", lines(GOOD, '{"id": "é"}'.encode("latin-1"))),
    row("a second byte order mark", text(FILE, b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD.encode())),
    row("a NUL", lines(GOOD, b'{"id": "b\0"}')),
    row("a NUL as an escape", lines(GOOD, case(id="b\0"))),
    row("a NUL in an input", lines(GOOD, case(input="x\0y"))),
    row("U+2028 does not end a line", lines(GOOD, "\u2028" + case())),
    row("a vertical tab does not end a line", lines(GOOD + "\v" + case())),
    row("a form feed does not end a line", lines(GOOD + "\f" + case())),
    row("NEL does not end a line", lines(GOOD + "\x85" + case())),
    row("half a line", lines(GOOD, '{"id": "b", "input"')),
    row("two objects in a line", lines(GOOD + case())),
    row("no object", lines(GOOD, "[1, 2]")),
    row("a number for a line", lines("7")),
    row("no case", text(FILE, "")),
    row("only blank lines", text(FILE, "\n \n\t\r\n")),
    row("the same id twice", lines(case(), GOOD, case())),
    row("ids equal after NFC", lines(case(id="caf\u00e9"), case(id="cafe\u0301"))),
    row("ids equal after case folding", lines(case(id="Stra\u00dfe"), case(id="STRASSE"))),
    row("an empty id", lines(case(id=""))),
    row("an id that is a number", lines(case(id=7))),
    row("an id of 201 letters", lines(case(id="x" * 201))),
    row("an id with a line feed", lines(case(id="a\nb"))),
    row("an id with a delete sign", lines(case(id="a\x7fb"))),
    row("no id", lines(json.dumps({"input": "x", "ideal": "y"}))),
    row("an empty input", lines(case(input=""))),
    row("a blank input", lines(case(input=" \u2003\n"))),
    row("an input that is a list", lines(case(input=["x"]))),
    row("an empty ideal", lines(case(ideal=""))),
    row("a blank ideal among others", lines(case(ideal=["x", " "]))),
    row("a list of no ideals", lines(case(ideal=[]))),
    row("no ideal", lines(json.dumps({"id": "b", "input": "x"}))),
    row("an ideal that is null", lines(case(ideal=None))),
    row("an ideal that is true", lines(case(ideal=True))),
    row("slices that are a list", lines(case(slices=["x"]))),
    row("a slice that is a number", lines(case(slices={"x": 1}))),
    row("a blank slice", lines(case(slices={"x": " "}))),
    row("critical as a word", lines(case(critical="yes"))),
    row("critical as a number", lines(case(critical=1))),
    row("a group that is empty", lines(case(group=""))),
    row("an unknown key", lines(case(inptu="x"))),
    row("checks that are a list", lines(case(checks=["json"]))),
    row("an unknown check", lines(case(checks={"contain": "x"}))),
    row("a check of 0 words", lines(case(checks={"max_words": 0}))),
    row("a check of 1e400 words", lines('{"id": "b", "input": "x", "ideal": "y", "checks": {"max_words": 1e400}}')),
    row("a check of true words", lines(case(checks={"max_words": True}))),
    row("a pattern that does not close", lines(case(checks={"matches": "("}))),
    row("a pattern of 1,001 letters", lines(case(checks={"matches": "a" * 1001}))),
    row("a pattern unrolled a million times", lines(case(checks={"matches": "(a{1000}){1000}"}))),
    row("a pattern unrolled by its upper count", lines(case(checks={"matches": "((a{0,1000}){0,1000}){0,1000}"}))),
    row("a pattern of 500 open groups", lines(case(checks={"matches": "(" * 499 + "a" + ")" * 499}))),
    row("a level that is none", lines(case(checks={"json": {"value": True, "level": "can"}}))),
    row("a term that bans itself", lines(case(checks={"terms": {"Acme": ["Acme"]}}))),
    row("terms that are a list", lines(case(checks={"terms": ["Acme"]}))),
    row("a line of 5 MB", long_line),
    row("a pipe where a file should be", pipe),
    row("a device where a file should be", device),
    row("a folder where a file should be", folder),
    row("10 GB in one line", endless),
    row("a link out of the benchmarks", link_out),
    row("a link to itself", link_to_itself),
    row("not there", lambda project: (project.folder / FILE).unlink()),
    row("one is missing on the candidate's side", lines(*map(json.dumps, CASES), case())),
]
