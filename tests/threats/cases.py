"""`benchmarks/openers/cases.jsonl`: JSON that readers take for granted, lines that are no case."""
# ruff: noqa: E501 - the lines are quoted exactly

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
    """Write 10 GB in one line as a sparse file."""
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


def talk(*turns: Any) -> str:
    return json.dumps({"id": "b", "messages": list(turns), "ideal": "Hi Ben"})


LAST = {"role": "user", "content": "Ben"}
PLACE = "HERE/benchmarks/openers/cases.jsonl:2"
ROWS = [
    row(
        "a conversation beside an input",
        lines(GOOD, case(messages=[LAST])),
        line=f"{PLACE}: has `input` and `messages`, the input is the last turn of the messages",
    ),
    row(
        "a conversation that ends with an answer",
        lines(GOOD, talk(LAST, {"role": "assistant", "content": "Hi"})),
        line=f"{PLACE}: `messages` ends with the assistant's turn, the user's is last: what the assistant should answer is `ideal`",
    ),
    row(
        "a turn of a tool",
        lines(GOOD, talk({"role": "tool", "content": "3"}, LAST)),
        line=f"{PLACE}: turn 1 of `messages`: `role` is 'tool', allowed are system, user, assistant",
    ),
    row(
        "a turn made of parts",
        lines(GOOD, talk(LAST | {"content": [{"type": "text", "text": "x"}]})),
        line=f"{PLACE}: turn 1 of `messages`: `content` is a list, a text is needed",
    ),
    row(
        "context that no prompt shows",
        lines(GOOD, case(context="zorv")),
        line=f"{PLACE}: has `context`, but `template` of benchmark.toml has no {{context}}: no prompt would show it",
    ),
    row(
        "a key that stands twice",
        lines(GOOD, '{"id": "b", "id": "c", "input": "x", "ideal": "y"}'),
        line="HERE/benchmarks/openers/cases.jsonl:2: key 'id' stands twice, once is allowed",
    ),
    row(
        "NaN",
        lines(GOOD, '{"id": "b", "input": "x", "ideal": "y", "critical": NaN}'),
        line="HERE/benchmarks/openers/cases.jsonl:2: NaN is not a number that JSON knows",
    ),
    row(
        "Infinity",
        lines(GOOD, '{"id": "b", "input": "x", "ideal": "y", "critical": -Infinity}'),
        line="HERE/benchmarks/openers/cases.jsonl:2: -Infinity is not a number that JSON knows",
    ),
    row(
        "1e999",
        lines(GOOD, '{"id": "b", "input": "x", "ideal": "y", "critical": 1e999}'),
        line="HERE/benchmarks/openers/cases.jsonl:2: the number 1e999 is too large",
    ),
    row(
        "100,000 levels of lists",
        lines(GOOD, "[" * 100_000 + "]" * 100_000),
        line="HERE/benchmarks/openers/cases.jsonl:2: is nested deeper than 64 levels",
    ),
    row(
        "100,000 levels of objects",
        lines(GOOD, '{"a":' * 100_000 + "1" + "}" * 100_000),
        line="HERE/benchmarks/openers/cases.jsonl:2: is nested deeper than 64 levels",
    ),
    row(
        "100,000 levels that never end",
        lines(GOOD, '{"a":' * 100_000),
        line="HERE/benchmarks/openers/cases.jsonl:2: is nested deeper than 64 levels",
    ),
    row(
        "an integer of 5,000 digits",
        lines(GOOD, '{"id": ' + "9" * 5000 + "}"),
        line="HERE/benchmarks/openers/cases.jsonl:2: a number of 5000 digits, at most 40 are read",
    ),
    row(
        "a negative integer of 5,000 digits",
        lines(GOOD, '{"id": -' + "9" * 5000 + "}"),
        line="HERE/benchmarks/openers/cases.jsonl:2: a number of 5001 digits, at most 40 are read",
    ),
    row(
        "a fraction of 5,000 digits before the point",
        lines(GOOD, '{"id": ' + "9" * 5000 + ".0}"),
        line="HERE/benchmarks/openers/cases.jsonl:2: the number 99999999999999999999 is too large",
    ),
    row(
        "half of a surrogate pair",
        lines(GOOD, r'{"id": "\ud800", "input": "x", "ideal": "y"}'),
        line="HERE/benchmarks/openers/cases.jsonl:2: holds half of a surrogate pair, which is no text",
    ),
    row(
        "half of a surrogate pair in a key",
        lines(GOOD, r'{"\udfff": "b", "input": "x", "ideal": "y"}'),
        line="HERE/benchmarks/openers/cases.jsonl:2: holds half of a surrogate pair, which is no text",
    ),
    row(
        "half of a surrogate pair as bytes",
        lines(GOOD, b'{"id": "\xed\xa0\x80"}'),
        line="HERE/benchmarks/openers/cases.jsonl:2: is not UTF-8, save it as UTF-8",
    ),
    row(
        "UTF-16",
        text(FILE, GOOD.encode("utf-16")),
        line="HERE/benchmarks/openers/cases.jsonl:1: is UTF-16, save it as UTF-8",
    ),
    row(
        "UTF-16 without a mark",
        text(FILE, GOOD.encode("utf-16-le")),
        line="HERE/benchmarks/openers/cases.jsonl:1: is UTF-16, save it as UTF-8",
    ),
    row(
        "Latin-1",
        lines(GOOD, '{"id": "é"}'.encode("latin-1")),
        line="HERE/benchmarks/openers/cases.jsonl:2: is not UTF-8, save it as UTF-8",
    ),
    row(
        "a second byte order mark",
        text(FILE, b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD.encode()),
        line="HERE/benchmarks/openers/cases.jsonl:1: is not JSON (Unexpected UTF-8 BOM (decode using utf-8-sig) at column 1)",
    ),
    row(
        "a NUL",
        lines(GOOD, b'{"id": "b\0"}'),
        line="HERE/benchmarks/openers/cases.jsonl:2: is not JSON (Invalid control character at column 10)",
    ),
    row(
        "a NUL as an escape",
        lines(GOOD, case(id="b\0")),
        line="HERE/benchmarks/openers/cases.jsonl:2: `id` holds a NUL character, texts have none",
    ),
    row(
        "a NUL in an input",
        lines(GOOD, case(input="x\0y")),
        line="HERE/benchmarks/openers/cases.jsonl:2: `input` holds a NUL character, texts have none",
    ),
    row(
        "U+2028 does not end a line",
        lines(GOOD, "\u2028" + case()),
        line="HERE/benchmarks/openers/cases.jsonl:2: is not JSON (Expecting value at column 1)",
    ),
    row(
        "a vertical tab does not end a line",
        lines(GOOD + "\v" + case()),
        line="HERE/benchmarks/openers/cases.jsonl:1: is not JSON (Extra data at column 47)",
    ),
    row(
        "a form feed does not end a line",
        lines(GOOD + "\f" + case()),
        line="HERE/benchmarks/openers/cases.jsonl:1: is not JSON (Extra data at column 47)",
    ),
    row(
        "NEL does not end a line",
        lines(GOOD + "\x85" + case()),
        line="HERE/benchmarks/openers/cases.jsonl:1: is not JSON (Extra data at column 47)",
    ),
    row(
        "half a line",
        lines(GOOD, '{"id": "b", "input"'),
        line="HERE/benchmarks/openers/cases.jsonl:2: is not JSON (Expecting ':' delimiter at column 20)",
    ),
    row(
        "two objects in a line",
        lines(GOOD + case()),
        line="HERE/benchmarks/openers/cases.jsonl:1: is not JSON (Extra data at column 47)",
    ),
    row(
        "no object",
        lines(GOOD, "[1, 2]"),
        line="HERE/benchmarks/openers/cases.jsonl:2: is not an object, each line needs one like {...}",
    ),
    row(
        "a number for a line",
        lines("7"),
        line="HERE/benchmarks/openers/cases.jsonl:1: is not an object, each line needs one like {...}",
    ),
    row(
        "no case",
        text(FILE, ""),
        line="HERE/benchmarks/openers/cases.jsonl: holds no case, at least one is needed",
    ),
    row(
        "only blank lines",
        text(FILE, "\n \n\t\r\n"),
        line="HERE/benchmarks/openers/cases.jsonl: holds no case, at least one is needed",
    ),
    row(
        "the same id twice",
        lines(case(), GOOD, case()),
        line="HERE/benchmarks/openers/cases.jsonl:3: id 'b' stands already at HERE/benchmarks/openers/cases.jsonl:1",
    ),
    row(
        "ids equal after NFC",
        lines(case(id="caf\u00e9"), case(id="cafe\u0301")),
        line="HERE/benchmarks/openers/cases.jsonl:2: id 'café' stands already at HERE/benchmarks/openers/cases.jsonl:1",
    ),
    row(
        "ids equal after case folding",
        lines(case(id="Stra\u00dfe"), case(id="STRASSE")),
        line="HERE/benchmarks/openers/cases.jsonl:2: id 'STRASSE' stands already at HERE/benchmarks/openers/cases.jsonl:1",
    ),
    row(
        "an empty id",
        lines(case(id="")),
        line="HERE/benchmarks/openers/cases.jsonl:1: `id` is empty, a text is needed",
    ),
    row(
        "an id that is a number",
        lines(case(id=7)),
        line="HERE/benchmarks/openers/cases.jsonl:1: `id` is a number, a text is needed",
    ),
    row(
        "an id of 201 letters",
        lines(case(id="x" * 201)),
        line="HERE/benchmarks/openers/cases.jsonl:1: `id` has control characters or more than 200 characters",
    ),
    row(
        "an id with a line feed",
        lines(case(id="a\nb")),
        line="HERE/benchmarks/openers/cases.jsonl:1: `id` has control characters or more than 200 characters",
    ),
    row(
        "an id with a delete sign",
        lines(case(id="a\x7fb")),
        line="HERE/benchmarks/openers/cases.jsonl:1: `id` has control characters or more than 200 characters",
    ),
    row(
        "no id",
        lines(json.dumps({"input": "x", "ideal": "y"})),
        line="HERE/benchmarks/openers/cases.jsonl:1: `id` is missing, a text is needed",
    ),
    row(
        "an empty input",
        lines(case(input="")),
        line="HERE/benchmarks/openers/cases.jsonl:1: `input` is empty, a text is needed",
    ),
    row(
        "a blank input",
        lines(case(input=" \u2003\n")),
        line="HERE/benchmarks/openers/cases.jsonl:1: `input` is empty, a text is needed",
    ),
    row(
        "an input that is a list",
        lines(case(input=["x"])),
        line="HERE/benchmarks/openers/cases.jsonl:1: `input` is a list, a text is needed",
    ),
    row(
        "an empty ideal",
        lines(case(ideal="")),
        line="HERE/benchmarks/openers/cases.jsonl:1: `ideal` is blank, a text or several texts are needed",
    ),
    row(
        "a blank ideal among others",
        lines(case(ideal=["x", " "])),
        line="HERE/benchmarks/openers/cases.jsonl:1: `ideal` has one that is blank, a text or several texts are needed",
    ),
    row(
        "a list of no ideals",
        lines(case(ideal=[])),
        line="HERE/benchmarks/openers/cases.jsonl:1: `ideal` is an empty list, a text or several texts are needed",
    ),
    row(
        "no ideal",
        lines(json.dumps({"id": "b", "input": "x"})),
        line="HERE/benchmarks/openers/cases.jsonl:1: `ideal` is missing, a text or several texts are needed",
    ),
    row(
        "an ideal that is null",
        lines(case(ideal=None)),
        line="HERE/benchmarks/openers/cases.jsonl:1: `ideal` is missing, a text or several texts are needed",
    ),
    row(
        "an ideal that is true",
        lines(case(ideal=True)),
        line="HERE/benchmarks/openers/cases.jsonl:1: `ideal` is true/false, a text or several texts are needed",
    ),
    row(
        "slices that are a list",
        lines(case(slices=["x"])),
        line='HERE/benchmarks/openers/cases.jsonl:1: `slices` must look like {"industry": "logistics"}',
    ),
    row(
        "a slice that is a number",
        lines(case(slices={"x": 1})),
        line='HERE/benchmarks/openers/cases.jsonl:1: `slices` must look like {"industry": "logistics"}',
    ),
    row(
        "a blank slice",
        lines(case(slices={"x": " "})),
        line='HERE/benchmarks/openers/cases.jsonl:1: `slices` must look like {"industry": "logistics"}',
    ),
    row(
        "critical as a word",
        lines(case(critical="yes")),
        line="HERE/benchmarks/openers/cases.jsonl:1: `critical` is a text, true or false is needed",
    ),
    row(
        "critical as a number",
        lines(case(critical=1)),
        line="HERE/benchmarks/openers/cases.jsonl:1: `critical` is a number, true or false is needed",
    ),
    row(
        "a group that is empty",
        lines(case(group="")),
        line="HERE/benchmarks/openers/cases.jsonl:1: `group` is empty, a text is needed",
    ),
    row(
        "an unknown key",
        lines(case(inptu="x")),
        line="HERE/benchmarks/openers/cases.jsonl:1: unknown key `inptu`, did you mean `input`?",
    ),
    row(
        "checks that are a list",
        lines(case(checks=["json"])),
        line="HERE/benchmarks/openers/cases.jsonl:1 [checks]: is a list, a table of keys and values is needed",
    ),
    row(
        "an unknown check",
        lines(case(checks={"contain": "x"})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: unknown check 'contain', allowed are contains, excludes, matches, max_words, min_words, json, terms, grounded",
    ),
    row(
        "a check of 0 words",
        lines(case(checks={"max_words": 0})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check max_words: 0 given, allowed is a whole number from 1 to 1000000",
    ),
    row(
        "a check of 1e400 words",
        lines('{"id": "b", "input": "x", "ideal": "y", "checks": {"max_words": 1e400}}'),
        line="HERE/benchmarks/openers/cases.jsonl:1: the number 1e400 is too large",
    ),
    row(
        "a check of true words",
        lines(case(checks={"max_words": True})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check max_words: True given, allowed is a whole number from 1 to 1000000",
    ),
    row(
        "a pattern that does not close",
        lines(case(checks={"matches": "("})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check matches: pattern '(' cannot be used: missing ) at position 1",
    ),
    row(
        "a pattern of 1,001 letters",
        lines(case(checks={"matches": "a" * 1001})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check matches: pattern 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' cannot be used: it is 1001 characters long, allowed are 1000",
    ),
    row(
        "a pattern unrolled a million times",
        lines(case(checks={"matches": "(a{1000}){1000}"})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check matches: pattern '(a{1000}){1000}' cannot be used: its repeat counts multiply to more than 10000",
    ),
    row(
        "a pattern of 500 open groups",
        lines(case(checks={"matches": "(" * 499 + "a" + ")" * 499})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check matches: pattern '(((((((((((((((((((((((((((((((((((((((((((((((((((((((((…' cannot be used: its groups are nested too deeply",
    ),
    row(
        "a level that is none",
        lines(case(checks={"json": {"value": True, "level": "can"}})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check json: level is 'can', allowed are must and report",
    ),
    row(
        "a term that bans itself",
        lines(case(checks={"terms": {"Acme": ["Acme"]}})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check terms: 'Acme' is blank, or approved and banned at once",
    ),
    row(
        "terms that are a list",
        lines(case(checks={"terms": ["Acme"]})),
        line="HERE/benchmarks/openers/cases.jsonl:1 checks: check terms: a list given, allowed is a table: approved form = [banned forms]",
    ),
    row(
        "a line of 5 MB",
        long_line,
        line="HERE/benchmarks/openers/cases.jsonl:1: a line of more than 4,194,304 bytes, shorter ones are read",
    ),
    row(
        "a pipe where a file should be",
        pipe,
        line="HERE/benchmarks/openers/cases.jsonl: is not a regular file (a pipe or device), a file is needed",
    ),
    row(
        "a device where a file should be",
        device,
        line="HERE/benchmarks/openers/cases.jsonl: is a link that leads out of HERE/benchmarks, put the files themselves there",
    ),
    row(
        "a folder where a file should be",
        folder,
        line="HERE/benchmarks/openers/cases.jsonl: is a folder, a file is needed",
    ),
    row(
        "10 GB in one line",
        endless,
        line="HERE/benchmarks/openers/cases.jsonl: 10,000,000,000 bytes, at most 67,108,864 are read",
    ),
    row(
        "a link out of the benchmarks",
        link_out,
        line="HERE/benchmarks/openers/cases.jsonl: is a link that leads out of HERE/benchmarks, put the files themselves there",
    ),
    row(
        "a link to itself",
        link_to_itself,
        line="HERE/benchmarks/openers/cases.jsonl: is a link that leads nowhere, put the files themselves there",
    ),
    row(
        "not there",
        lambda project: (project.folder / FILE).unlink(),
        line="HERE/benchmarks/openers/cases.jsonl: no such file, a file is needed",
    ),
    row(
        "one is missing on the candidate's side",
        lines(*map(json.dumps, CASES), case()),
        line='HERE/recorded/base/openers.jsonl: no output for 1 cases ("b")',
    ),
]
