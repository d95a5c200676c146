"""The same examples in every format: one fingerprint, the same lessons, the same cases."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.engines.trainer import Lesson, Recipe
from harness.flows.benchmarks.case_table import CaseImportRequest
from harness.flows.benchmarks.importing import import_benchmark
from harness.flows.training import train as flow
from harness.flows.training.check_data import DataCheckRequest, check_data, fingerprint_data
from harness.flows.training.compare_data import diff_data
from harness.flows.training.train import train
from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import TinyProject

PAIRS = [
    (f'Write to person {n}\n\nof "Ward {n}", bed {n * 7}', f"Hello {n},\nhow is bed {n * 7}?")
    for n in range(60)
]
BY_HAND = hashlib.sha256(
    "\n".join(sorted(json.dumps([asked, answer]) for asked, answer in PAIRS)).encode()
).hexdigest()
"""The fingerprint as adapters have carried it since the first version."""
Rows = list[dict[str, Any]]


def chat(asked: str, answer: str) -> dict[str, Any]:
    user = {"role": "user", "content": [{"type": "text", "text": asked}]}
    return {"messages": [user, {"role": "assistant", "content": answer, "weight": 1}]}


def sharegpt(asked: str, answer: str) -> dict[str, Any]:
    turns = [{"from": "human", "value": asked}, {"from": "gpt", "value": answer}]
    return {"id": "chat-" + asked.split()[3], "conversations": turns}


def trl_turns(asked: str, answer: str) -> dict[str, Any]:
    return {
        "prompt": [{"role": "user", "content": asked}],
        "completion": [{"role": "assistant", "content": answer}],
    }


def alpaca(asked: str, answer: str) -> dict[str, Any]:
    instruction, _, given = asked.partition("\n\n")
    return {"instruction": instruction, "input": given, "output": answer}


def own(asked: str, answer: str) -> dict[str, Any]:
    return {"input": asked, "output": answer}


def pair(asked: str, answer: str) -> dict[str, Any]:
    return {"prompt": asked, "completion": answer}


def jsonl(file: Path, rows: Rows) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def json_list(file: Path, rows: Rows) -> None:
    file.write_text(json.dumps(rows, indent=2), encoding="utf-8")


def separated(sign: str) -> Callable[[Path, Rows], None]:
    def write(file: Path, rows: Rows) -> None:
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=sign)
            writer.writerow(rows[0])
            for row in rows:
                writer.writerow(v if isinstance(v, str) else json.dumps(v) for v in row.values())

    return write


def xlsx(file: Path, rows: Rows) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    book.save(file)


def parquet(file: Path, rows: Rows) -> None:
    import pyarrow
    from pyarrow import parquet as files

    files.write_table(pyarrow.Table.from_pylist(rows), file)


FORMATS: dict[str, tuple[str, Callable[[str, str], dict[str, Any]], Any, str]] = {
    "our own": ("set.jsonl", own, jsonl, "input and output"),
    "OpenAI chat": ("set.jsonl", chat, jsonl, "OpenAI chat"),
    "ShareGPT": ("set.json", sharegpt, json_list, "ShareGPT"),
    "ShareGPT in JSON that is JSONL": ("set.json", sharegpt, jsonl, "ShareGPT"),
    "TRL texts": ("set.jsonl", pair, jsonl, "TRL prompt and completion"),
    "TRL turns": ("set.jsonl", trl_turns, jsonl, "TRL prompt and completion"),
    "Alpaca": ("set.json", alpaca, json_list, "Alpaca"),
    "CSV": ("set.csv", own, separated(","), "input and output"),
    "CSV with semicolons": ("set.csv", own, separated(";"), "input and output"),
    "CSV of chats": ("set.csv", chat, separated(","), "OpenAI chat"),
    "TSV": ("set.tsv", pair, separated("\t"), "TRL prompt and completion"),
    "XLSX": ("set.xlsx", alpaca, xlsx, "Alpaca"),
    "Parquet": ("set.parquet", own, parquet, "input and output"),
    "Parquet of chats": ("set.parquet", trl_turns, parquet, "TRL prompt and completion"),
}


@pytest.fixture(params=FORMATS.values(), ids=FORMATS)
def written(request: pytest.FixtureRequest, project: TinyProject) -> tuple[Path, str]:
    """The same examples in one format, and what the format is called."""
    name, row, write, called = request.param
    file = project.folder / name
    write(file, [row(*one) for one in PAIRS])
    return file, called


def test_the_fingerprint_is_the_one_by_hand(written: tuple[Path, str]) -> None:
    file, called = written
    found = fingerprint_data(file)
    assert (found.fingerprint, found.examples, found.format) == (BY_HAND, 60, called)


def test_the_check_says_the_format_and_finds_nothing(
    project: TinyProject, written: tuple[Path, str]
) -> None:
    file, called = written
    found = check_data(project.project, file, DataCheckRequest())
    assert (found.findings, found.fingerprint, found.format) == ((), BY_HAND, called)


def test_two_formats_of_one_content_do_not_differ(
    project: TinyProject, written: tuple[Path, str]
) -> None:
    plain = project.write_lines("plain.jsonl", [own(*one) for one in PAIRS])
    found = diff_data(plain, written[0])
    assert found.equal and (found.same, found.added, found.removed) == (60, (), ())


def test_training_sees_the_same_lessons(
    project: TinyProject, written: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Lesson] = []

    def trainer(
        base: Path, lessons: Sequence[Lesson], recipe: Recipe, work: Path, *_: object
    ) -> list[float]:
        seen.extend(lessons)
        TinyAdapter(work, "adapter", project.base).write()
        return []

    monkeypatch.setattr(flow, "train_lora", trainer)
    made = train(project.project, "v2", written[0], Recipe())
    about = json.loads((made.folder / "training.json").read_text())["dataset"]
    assert about == {"name": written[0].name, "fingerprint": BY_HAND, "examples": 60}
    prompts = [(one.messages[-1].content, one.completion) for one in seen]
    assert prompts == [(f"Write: {asked}", answer) for asked, answer in PAIRS]


@pytest.mark.slow
def test_import_makes_the_same_cases(project: TinyProject, written: tuple[Path, str]) -> None:
    found = import_benchmark(project.project, written[0], CaseImportRequest("new"))
    assert found.bad == []
    assert [(case["input"], case["ideal"]) for case in found.cases] == PAIRS
