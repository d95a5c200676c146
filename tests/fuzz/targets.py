# ruff: noqa: E501 - the words of a format stand side by side
"""Every reader of a format as a function of bytes; only a `HarnessError` of one line may come out.

A target writes the bytes where the reader finds them, and reads. `seeds` are sound examples.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from tests.fakes.adapters import PEFT_DEFAULTS

Read = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Target:
    """One format."""

    read: Read
    seeds: tuple[bytes, ...]
    words: tuple[str, ...] = field(default=())
    """Pieces of the format, from which nonsense is put together."""


def ask(target: Target, data: bytes, folder: Path) -> str:
    """Read, and say what the user would; anything but a sound refusal is raised."""
    try:
        target.read(data, folder)
    except HarnessError as problem:
        line = str(problem)
        assert line and len(line) <= 1000, f"a line of {len(line)} characters"
        assert line.isprintable(), f"not one printable line: {line!r}"
        assert problem.exit_code in (4, 11)
        return line
    return ""


# --- JSON, JSONL, TOML --------------------------------------------------------------------------


def _file(folder: Path, name: str, data: bytes) -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def _json(data: bytes, folder: Path) -> object:
    from harness.workspace.formats.reading import parse_json, read_json

    found = read_json(_file(folder, "f.json", data))
    return parse_json(json.dumps(found), "again")  # what was taken can be written and taken again


def _jsonl(data: bytes, folder: Path) -> object:
    from harness.workspace.formats.reading import read_jsonl

    return list(read_jsonl(_file(folder, "f.jsonl", data)))


def _settings(data: bytes, folder: Path) -> object:
    from harness.workspace.project.settings import read_settings

    _file(folder, "pyproject.toml", data)
    return read_settings(folder)


def _benchmark(data: bytes, folder: Path) -> object:
    from harness.flows.project import rules
    from harness.records import Generation
    from harness.workspace.project.benchmarks import read_folder

    (folder / "cases.jsonl").write_text(
        '{"id": "a", "input": "x", "ideal": "y"}\n', encoding="utf-8"
    )
    _file(folder, "benchmark.toml", data)
    return read_folder(folder, Generation(), rules())


def _cases(data: bytes, folder: Path) -> object:
    from harness.flows.project import rules
    from harness.measure import run_checks
    from harness.workspace.project.cases import read_cases

    cases = read_cases(_file(folder, "cases.jsonl", data), (), rules())
    return [run_checks(case, case.input[:200]) for case in cases[:3]]


def _recipe(data: bytes, folder: Path) -> object:
    from harness.workspace.project.recipes import read_recipe

    return read_recipe(_file(folder, "r.toml", data))


# --- tables -------------------------------------------------------------------------------------


def _scores(data: bytes, folder: Path) -> object:
    from harness.judge import verdict_from_rows
    from harness.render import verdict_json, verdict_text
    from harness.workspace.project.scores import read_scores

    found = verdict_from_rows(read_scores(_file(folder, "scores.csv", data))[:40])
    return verdict_text(found), json.dumps(verdict_json(found), allow_nan=False)


def _table(suffix: str) -> Read:
    def read(data: bytes, folder: Path) -> object:
        from harness.errors import DataError
        from harness.workspace.formats.tables import read_rows

        return list(read_rows(_file(folder, f"t{suffix}", data), DataError).each)

    return read


def _reviews(data: bytes, folder: Path) -> object:
    from datetime import UTC, datetime

    from harness.errors import DataError
    from harness.flows.reviews.columns import fits
    from harness.flows.reviews.rows import FIELDS, read_time
    from harness.flows.reviews.treatments import treated
    from harness.workspace.formats.exports import read_export
    from harness.workspace.importers.columns import understand
    from harness.workspace.importers.dates import ORDERS, DateOrder

    rows = read_export(_file(folder, "r.csv", data), DataError, fits({}, {})).rows
    columns = understand(rows.columns, FIELDS, {}, {}, {}, DataError)
    for row in rows.each:
        try:
            columns.slices(row.values)
            treated(columns.text(row.values, "decision"), "a", columns.text(row.values, "final"))
            for order in ORDERS:
                at, told = columns.text(row.values, "at"), DateOrder(order, told=True)
                read_time(at, datetime(2026, 11, 20, tzinfo=UTC), told)
        except ValueError:
            continue
    return columns


def _imported(data: bytes, folder: Path) -> object:
    from harness.errors import DataError
    from harness.flows.benchmarks.rows import FIELDS, case_object
    from harness.flows.project import rules
    from harness.workspace.formats.tables import read_rows
    from harness.workspace.importers.columns import understand
    from harness.workspace.project.cases import read_case

    rows = read_rows(_file(folder, "c.csv", data), DataError)
    columns = understand(rows.columns, FIELDS, {}, {}, {}, DataError)
    seen: dict[str, str] = {}
    for row in rows.each:
        try:
            raw = case_object(row.values, row.line, columns, None)
            read_case(raw, f"c.csv:{row.line}", (), rules(), seen)
        except (ValueError, HarnessError):
            continue
    return seen


def _training(data: bytes, folder: Path) -> object:
    from harness.workspace.project.training_data import read_training_set, scan_training_set

    file = _file(folder, "more.jsonl", data)
    scan_training_set(file)
    return read_training_set(file)


def _recorded(data: bytes, folder: Path) -> object:
    from harness.engines.recorded import Recorded
    from harness.errors import DataError
    from harness.workspace.formats.reading import read_jsonl

    file = _file(folder, "o.jsonl", data)
    return Recorded(list(read_jsonl(file, DataError)), file)


def _history(data: bytes, folder: Path) -> object:
    from harness.flows.history import import_history

    return import_history(_store(), _file(folder, "history.jsonl", data))


@cache
def _store() -> Any:
    """One for all: what is refused is taken back as a whole."""
    from harness.store import Store

    return Store("sqlite://", Path())


def _columns(data: bytes, folder: Path) -> object:
    from harness.workspace.importers.columns import remembered_columns

    _file(folder, "columns.json", data)
    return remembered_columns(folder, "reviews")


# --- adapters -----------------------------------------------------------------------------------


def _config(data: bytes, folder: Path) -> object:
    from harness.workspace.adapters.config import read_config

    return read_config(_file(folder, "adapter_config.json", data))


def _safetensors(data: bytes, folder: Path) -> object:
    from harness.errors import AdapterRefused
    from harness.workspace.formats.safetensors_header import read_header, read_values

    file = _file(folder, "w.safetensors", data)
    found = read_header(file, AdapterRefused, 10**9)
    floats = {n: t for n, t in found.items() if t.dtype in ("F64", "F32", "F16", "BF16")}
    return [values.shape for _, values in read_values(file, floats)]


def _provenance(data: bytes, folder: Path) -> object:
    from harness.workspace.adapters.files import read_training

    _file(folder, "training.json", data)
    return read_training(folder)


def _signature(data: bytes, folder: Path) -> object:
    from harness.workspace.adapters.signing import signature_of

    _file(folder, "model.sig", data)
    return signature_of(folder)


def _card(data: bytes, folder: Path) -> object:
    from harness.workspace.adapters.model_card import card_text

    old = data.decode("utf-8", "replace")
    new = card_text(old, "v1", (), "org/base", "README.md")
    assert card_text(new, "v1", (), "org/base", "README.md") == new
    return new


def _name(data: bytes, folder: Path) -> object:
    from harness.errors import AdapterRefused
    from harness.workspace.formats.names import folder_of

    name = data.decode("utf-8", "surrogateescape")
    found = folder_of(folder, name, AdapterRefused)
    assert folder.resolve() in found.resolve().parents
    return found


# --- what a server and a model write ------------------------------------------------------------


def _reply(data: bytes, folder: Path) -> object:
    from harness.engines.openai import replies
    from harness.records import Prompt

    text = data.decode("utf-8", "replace")
    replies.said(text)
    answer = replies.read_json(text, "http://x")
    for read in (
        lambda: replies.model_names(answer, "http://x"),
        lambda: replies.chat_output(answer, Prompt("a", ()), "http://x", lambda text: None),
        lambda: replies.prompt_tokens(answer),
        lambda: replies.tail_logprobs(answer, (1, 2), 1, "http://x"),
    ):
        try:
            read()
        except HarnessError as problem:
            assert str(problem).isprintable()
    return answer


def _template(data: bytes, folder: Path) -> object:
    from harness.engines.local.chat_templates import is_plain

    return is_plain(data.decode("utf-8", "replace"))


def _outlets(data: bytes, folder: Path) -> object:
    import csv
    from xml.etree import ElementTree

    from harness.text import safe
    from tests.text.hostile import COMMAND, acts

    text = data.decode("utf-8", "surrogatepass") if _is_utf8(data) else data.decode("latin-1")
    for shown in (safe.terminal(text), safe.ci_log(text), safe.markdown_cell(text)):
        assert not acts(shown) and "\n" not in shown
    assert not any(COMMAND.search(line) for line in safe.ci_log(text, lines=True).split("\n"))
    assert not any(sign in safe.html(text) for sign in "<>\"'")
    ElementTree.fromstring(f"<a>{safe.html(safe.xml_text(text))}</a>")
    cell = safe.csv_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert next(csv.reader(io.StringIO(f'"{cell.replace(chr(34), chr(34) * 2)}"'))) == [cell]
    return json.dumps(safe.json_text(text)).encode()


def _address(data: bytes, folder: Path) -> object:
    from harness.store.connect import locate, open_engine

    place = locate(data.decode("utf-8", "replace"), folder)
    return open_engine(place)


def _looks(data: bytes, folder: Path) -> object:
    from harness.text.blanks import is_blank, same_look

    text = data.decode("utf-8", "replace")
    seen = same_look(text)
    assert same_look(seen) == seen, "made anew it is another"
    assert is_blank(seen) == (not seen) == is_blank(text)
    assert same_look(f" \u200b{text}\u2060 ") == seen
    return seen


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _grounding(data: bytes, folder: Path) -> object:
    """All checks that look at what a model wrote."""
    from harness.measure import parse_checks, run_checks
    from harness.records import Case

    text = data.decode("utf-8", "replace")
    checks = parse_checks(
        {"json": True, "grounded": True, "terms": {"Acme": ["acme inc"]}, "matches": "(a+)+$"}, "x"
    )
    case = Case("a", text[:50], (text[50:90] or "y",), checks=checks)
    return run_checks(case, text)


# --- the registry -------------------------------------------------------------------------------

BENCHMARK = b"""name = "b"
task = "t"
template = "Write: {input}"
[[examples]]
input = "x"
output = "y"
[metrics.edit_similarity]
role = "gate"
margin = 0.05
[checks]
matches = "a+"
[policy]
alpha = 0.05
"""
CASE = (
    b'{"id": "a", "input": "x", "ideal": ["y", "z"], "slices": {"s": "t"}, "critical": false,'
    b' "checks": {"max_words": 9, "terms": {"a": ["b"]}}, "group": "g"}\n'
)
SCORES = b"case,metric,candidate,promoted,pinned,slice,group,critical\n" + b"".join(
    b"c%d,edit_similarity,0.%d,0.7,0.6,a=b;c=d,g%d,no\n" % (n, n, n % 3) for n in range(9)
)
REVIEWS = (
    b"id,at,task,adapter,input,output,final,slices\n"
    b'r1,2026-01-05T10:00:00Z,t,v1,in,out,"fi""nal","{""a"": ""b""}"\n'
)
HEADER = json.dumps({
    "__metadata__": {"format": "pt"},
    "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
    "b": {"dtype": "BF16", "shape": [1], "data_offsets": [8, 10]},
}).encode()  # fmt: skip
CHAT = json.dumps({
    "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop",
                 "prompt_logprobs": [None, {"2": {"logprob": -0.5}}]}],
    "usage": {"completion_tokens": 3, "prompt_tokens": 4},
    "data": [{"id": "m", "parent": None}],
    "error": {"message": "no"},
}).encode()  # fmt: skip
JSON_WORDS = (
    '{', '}', '[', ']', ':', ',', '"', '"a"', '"b":', "1", "-", "e9", "1e999", "NaN", "-Infinity",
    "true", "null", "\\ud800", "\\u0000", "0.5", "\n", "\r", "\v", "\u2028", "\x85", "\ufeff", "\0",
    '{"a": 1}', "9" * 41, "[" * 65, " ", "\\", '"id": "a"', '"input": "x"', '"ideal": "y"',
    '"output": "y"', '"case": "a"', '"kind": "run"', '"record": {}',
)  # fmt: skip
TOML_WORDS = (
    "[tool.harness]\n", 'base = "x"\n', "[[examples]]\n", "[", "]", "{", "}", "=", '"', "'''", '"""',
    "a", ".", "\n", "#", "1", "1e9", "nan", "inf", "0x", "9" * 41, "2026-01-01", "true", "\0",
    "[policy]\n", "[generation]\n", "[metrics.x]\n", 'name = "b"\n', 'task = "t"\n', "margin = 0.1\n",
    "alpha = ", "rank = 8\n", "a.b.c = ", "\u2028", "{input}", "template = ", "[checks]\n",
    'matches = "(a+)+$"\n', "max_seconds = ",
)  # fmt: skip
CSV_WORDS = (
    ",", ";", "\t", "\n", "\r\n", "\r", '"', '""', "case,metric,candidate,promoted\n", "a,m,0.5,0.5\n",
    "nan", "1e999", "0.5", "\0", "\ufeff", "\u2028", "x", "=1+1", "input,ideal\n", "é", " ", "[", "{",
    "id,at,task,adapter,input,output\n", "critical", "pinned", "slice", "yes",
)  # fmt: skip
CONFIG = json.dumps(PEFT_DEFAULTS).encode()

TARGETS: dict[str, Target] = {
    "store": Target(
        _address,
        (b"sqlite:///x.db?timeout=5", b"postgresql+psycopg://u:p@h/x?options=-c%20a%3Db"),
        ("sqlite:///", "postgresql+psycopg://", "?", "&", "=", "timeout", "options", "%00", "@", ":",
         "/", "..", "password", "secret", "uri", "mode", "1", "true", "\n", "\u200b", "%"),
    ),
    "looks": Target(
        _looks,
        ("c1 \u200b\u2800\ufe0f".encode(),),
        ("\u200b", "\u3164", "\u00ad", "\u0301", " ", "\u00a0", "a", "I", "\u0130", "\u01f0", "\ufe0f"),
    ),
    "json": Target(_json, (b'{"a": [1, 2.5e3, "x\\u00e9", null]}',), JSON_WORDS),
    "jsonl": Target(_jsonl, (b'\xef\xbb\xbf{"a": 1}\n\n{"b": "\xe2\x80\xa8"}\n',), JSON_WORDS),
    "settings": Target(_settings, (b'[tool.harness]\nbase = "x"\n',), TOML_WORDS),
    "benchmark": Target(_benchmark, (BENCHMARK,), TOML_WORDS),
    "cases": Target(_cases, (CASE,), JSON_WORDS),
    "recipe": Target(_recipe, (b"rank = 8\nlearning_rate = 1e-3\n",), TOML_WORDS),
    "scores": Target(_scores, (SCORES,), CSV_WORDS),
    "csv": Target(_table(".csv"), (REVIEWS,), CSV_WORDS),
    "tsv": Target(_table(".tsv"), (REVIEWS.replace(b",", b"\t"),), CSV_WORDS),
    "rows": Target(_table(".jsonl"), (CASE,), JSON_WORDS),
    "xlsx": Target(_table(".xlsx"), (b"PK\x05\x06" + bytes(18),), ("PK\x03\x04", "\0", "xl/")),
    "reviews": Target(_reviews, (REVIEWS,), CSV_WORDS),
    "import": Target(_imported, (b'id,input,ideal,checks\na,x,"[""y""]",{}\n',), CSV_WORDS),
    "training": Target(_training, (b'{"input": "x", "output": "y"}\n',), JSON_WORDS),
    "recorded": Target(_recorded, (b'{"case": "a", "output": "x", "ideal_nll": 1}\n',), JSON_WORDS),
    "history": Target(
        _history, (b'{"kind": "decision", "record": {"kind": "promote"}}\n',), JSON_WORDS
    ),
    "columns": Target(_columns, (b'{"reviews": {"final": "sent"}}',), JSON_WORDS),
    "adapter_config": Target(_config, (CONFIG,), (*JSON_WORDS, '"r": ', '"target_modules": ')),
    "safetensors": Target(
        _safetensors, (struct.pack("<Q", len(HEADER)) + HEADER + bytes(10),), JSON_WORDS
    ),
    "training_json": Target(_provenance, (b'{"base": {"digest": "x"}}',), JSON_WORDS),
    "signature": Target(_signature, (b'{"mediaType": "", "dsseEnvelope": {}}',), JSON_WORDS),
    "model_card": Target(
        _card,
        (b"---\ntags: [a]\nmodel-index:\n- name: x\n  results: []\n---\n# Card\n",),
        ("---\n", "model-index:", "- ", "name: ", "&a ", "*a", "\n", "  ", "[", "]", "{", "}", "!!",
         "tags: ", "x", ": ", "#", "|", ">", "\t", "<<: ", "'", '"', "results: "),
    ),
    "name": Target(_name, (b"acme/openers_v3",), ("..", "/", "\\", "%2e", "~", "a", "\0", ".", "con")),
    "reply": Target(_reply, (CHAT,), (*JSON_WORDS, '"choices": ', '"message": ', '"content": ')),
    "template": Target(
        _template,
        (b"{% for m in messages %}{{ m['content'] + '\\n' }}{% endfor %}",),
        ("{%", "%}", "{{", "}}", " for x in y ", "endfor", "set x = ", "~", "+", "|", "(", ")", "'",
         "if", "macro f() ", "range", "x", "1", ".", "[", "]", "**", "*"),
    ),
    "outlets": Target(
        _outlets,
        (b"::error::x\n##[group]y\x1b[2J=1+1</details>",),
        ("::", "##[", "\n", "\r", "\x1b[", "=", "@", "<", ">", "`", "|", "\u202e", "\u200b", "\x85"),
    ),
    "checks": Target(
        _grounding,
        (b"We saved 12 % for acme inc, see www.x.com or a@b.de: $1,200.50",),
        ("1", ",", ".", "%", "$", "www.", "a@b.c", "https://", " ", "\n", "acme inc", "-", ":", "a"),
    ),
}  # fmt: skip
