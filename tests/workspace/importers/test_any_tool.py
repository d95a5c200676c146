"""Cases from promptfoo and lm-evaluation-harness: what fits comes in, what does not is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import BenchmarkError
from harness.measure import parse_checks, run_checks
from harness.records import Case
from harness.workspace.importers.any_tool import read_case_table
from harness.workspace.importers.case_table import CaseTable
from tests.fakes.refusals import refused

PROMPTFOO = """\
description: openers
providers: [openai:gpt-5]
prompts: ["Write to {{name}} of {{ company }}."]
defaultTest:
  vars: {company: Delta}
  assert:
    - {type: not-icontains, value: I hope this finds you well}
  options: {provider: openai:gpt-5}
tests:
  - description: Ana
    vars: {name: Ana}
    metadata: {industry: logistics, difficulty: 3, tags: [a]}
    assert:
      - {type: equals, value: "Hi {{name}}, how is {{company}}?"}
      - {type: contains, value: "{{name}}"}
      - {type: word-count, value: {min: 2, max: 20}}
      - {type: llm-rubric, value: is friendly}
  - vars: {name: Ben, company: Orca}
    assert:
      - {type: similar, value: [Hi Ben, Hello Ben], threshold: 0.8}
      - {type: regex, value: "^H", weight: 0}
      - {type: llm-rubric, value: is friendly}
      - {type: latency, threshold: 500}
"""
TASK = """\
task: openers
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: generate_until
description: "Write an opener.\\n"
doc_to_text: "To {{name}} ({{company}})"
doc_to_target: ideal
num_fewshot: 2
metric_list: [{metric: exact_match}]
generation_kwargs: {until: ["\\n"]}
metadata: {version: 1.0}
"""
ROWS = """\
{"name": "Ana", "company": "Delta", "ideal": "Hi Ana", "extra": {"a": 1}}
{"name": "Ben", "company": "Orca", "ideal": ["Hi Ben", "Hello Ben"]}
{"name": "Cleo", "ideal": "Hi Cleo"}
"""


def read(folder: Path, text: str, data: Path | None = None) -> tuple[list[Any], CaseTable]:
    file = folder / "cases.yaml"
    file.write_text(text)
    table = read_case_table(file, data, BenchmarkError)
    return list(table.rows.each), table


def assertion(folder: Path, line: str) -> dict[str, Any]:
    """The checks that one assertion becomes."""
    text = f"tests:\n  - vars: {{input: x, ideal: y}}\n    assert:\n      - {line}\n"
    rows, _ = read(folder, text)
    assert not rows[0].problem, rows[0].problem
    checks: dict[str, Any] = rows[0].values["checks"]
    return checks


# --- promptfoo ----------------------------------------------------------------------------------


def test_tests_of_promptfoo_become_cases(tmp_path: Path) -> None:
    (first, second), table = read(tmp_path, PROMPTFOO)
    assert (first.line, second.line) == (10, 18)
    assert first.values["id"] == "Ana"
    assert first.values["input"] == "Write to Ana of Delta."
    assert first.values["ideal"] == ["Hi Ana, how is Delta?"]
    assert first.values["slices"] == {"industry": "logistics", "difficulty": "3"}
    assert first.values["checks"] == {
        "contains": ["Ana"],
        "excludes": ["I hope this finds you well"],
        "min_words": 2,
        "max_words": 20,
    }
    assert (second.values["id"], second.values["input"]) == ("test-2", "Write to Ben of Orca.")
    assert second.values["ideal"] == ["Hi Ben", "Hello Ben"]
    assert second.values["checks"]["matches"] == {"value": ["^H"], "level": "report"}
    left = {"assert llm-rubric": 2, "assert latency": 1, "defaultTest.options": 1}
    assert dict(table.left) == left


@pytest.mark.parametrize(
    ("line", "good", "bad"),
    [
        ("{type: contains, value: Ana}", "Hi Ana", "Hi ana"),
        ("{type: contains, value: 900}", "900 trucks", "90 trucks"),
        ("{type: contains-all, value: [Ana, Delta]}", "Delta, Ana", "Ana"),
        ("{type: contains-any, value: [Ana, 'a.b']}", "a.b", "aXb"),
        ("{type: icontains, value: ANA}", "Hi ana", "Hi Ben"),
        ("{type: icontains-all, value: [ANA, ben]}", "Ben and ana", "ana"),
        ("{type: icontains-any, value: [ANA, ben]}", "hi BEN", "hi Cleo"),
        ("{type: starts-with, value: 'Hi ('}", "Hi (Ana)", "Oh Hi (Ana)"),
        ("{type: regex, value: '\\d{4}'}", "in 2026", "in 26"),
        ("{type: not-contains, value: Ana}", "Hi ana", "Hi\nAna"),
        ("{type: not-contains-any, value: [Ana, Ben]}", "Hi Cleo", "Hi\n\nBen"),
        ("{type: not-icontains, value: Ana}", "Hi Ben", "Hi aNA"),
        ("{type: not-icontains-any, value: [Ana, Ben]}", "Hi Cleo", "hi ben"),
        ("{type: not-starts-with, value: Dear}", "Hi Dear", "Dear Sir"),
        ("{type: not-regex, value: '^Dear|!$'}", "Hi Dear", "Dear Sir"),
        ("{type: is-json}", '{"a": 1}', "a: 1"),
        ("{type: word-count, value: 2}", "Hi Ana", "Hi Ana there"),
        ("{type: word-count, value: {max: 2}}", "Hi", "Hi Ana there"),
    ],
)
def test_an_assertion_asks_the_same_as_a_check(
    tmp_path: Path, line: str, good: str, bad: str
) -> None:
    case = Case("one", "x", ("y",), checks=parse_checks(assertion(tmp_path, line), "here"))
    assert case.checks
    assert all(check.passed for check in run_checks(case, good))
    assert not all(check.passed for check in run_checks(case, bad))


@pytest.mark.parametrize(
    "kind",
    ["llm-rubric", "javascript", "python", "cost", "contains-json", "assert-set", "not-equals"],
)
def test_what_no_check_can_ask_is_counted(tmp_path: Path, kind: str) -> None:
    text = f"tests:\n  - vars: {{input: x}}\n    assert:\n      - {{type: {kind}, value: x}}\n"
    _, table = read(tmp_path, text)
    assert dict(table.left) == {f"assert {kind}": 1}


def test_a_json_schema_is_counted_not_dropped(tmp_path: Path) -> None:
    text = "tests:\n  - vars: {input: x}\n    assert: [{type: is-json, value: {type: object}}]\n"
    _, table = read(tmp_path, text)
    assert dict(table.left) == {"assert is-json with a schema": 1}


def test_tests_alone_have_their_variables_as_columns(tmp_path: Path) -> None:
    rows, table = read(tmp_path, "- vars: {question: 2+2?, expected: 4}\n- vars: {question: 3?}\n")
    assert {"question", "expected", "id"} <= set(table.rows.columns)
    assert rows[0].values["expected"] == "4"


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        ("vars: {input: [a, b]}", "`vars` input is a list, write one test for each of it"),
        ("vars: {input: file://x.txt}", "`vars` input is a file"),
        ("vars: [a]", "`vars` is a list, a table"),
        ("{vars: {a: b}, assert: {type: equals}}", "`assert` is a table, a list is needed"),
        ("{vars: {a: b}, assert: [equals]}", "an assertion is a text without `type`"),
        ("{vars: {a: b}, assert: [{type: equals, value: '{{c}}'}]}", "known are a"),
        ("{vars: {a: b}, assert: [{type: equals, value: '{{a | upper}}'}]}", "only plain {{name}}"),
        ("{vars: {a: b}, assert: [{type: equals, value: {a: 1}}]}", "equals has a table"),
        ("{vars: {a: b}, assert: [{type: equals}]}", "equals has missing, a text is needed"),
        ("{vars: {a: b}, assert: [{type: equals, value: file://x}]}", "equals is in a file"),
        ("{vars: {a: b}, assert: [{type: word-count, value: many}]}", "needs a whole number"),
        ("{vars: {a: b}, assert: [{type: contains, value: [a, b]}]}", "has 2 texts, one is needed"),
    ],
)
def test_a_test_that_is_no_case_says_why(tmp_path: Path, test: str, problem: str) -> None:
    (row,), _ = read(tmp_path, f"tests:\n  - {test}\n")
    assert row.line == 2
    assert problem in row.problem


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("tests: file://tests.csv\n", "`tests` is a text, only tests written out here are read"),
        ("tests: [file://a.yaml]\n", "`tests` is a list, only tests written out here"),
        ("prompts: [a, b]\ntests: []\n", "has 2 prompts, a benchmark has one"),
        ("prompts: file://p.txt\ntests: []\n", "the prompt is no text"),
        ("tests: []\ndefaultTest: file://x\n", "`defaultTest` is a text"),
        ("a: 1\n", "is neither a promptfoo configuration"),
        ("just text\n", "is neither a promptfoo configuration"),
        ("", "is neither a promptfoo configuration"),
    ],
)
def test_a_file_that_holds_no_tests(tmp_path: Path, text: str, line: str) -> None:
    with refused(f"cases.yaml: {line}", BenchmarkError):
        read(tmp_path, text)


# --- lm-evaluation-harness ----------------------------------------------------------------------


def test_a_task_becomes_cases(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    rows, table = read(tmp_path, TASK)
    assert rows[0].values["input"] == "Write an opener.\nTo Ana (Delta)"
    assert [row.values.get("ideal") for row in rows[:2]] == ["Hi Ana", ["Hi Ben", "Hello Ben"]]
    assert rows[2].problem == "`doc_to_text` names {{company}}, known are name, ideal"
    assert dict(table.left) == {"metric_list": 1, "generation_kwargs": 1, "num_fewshot: 2": 1}


def test_rows_from_elsewhere(tmp_path: Path) -> None:
    data = tmp_path / "elsewhere.jsonl"
    data.write_text(ROWS)
    rows, _ = read(tmp_path, TASK.replace("dataset_path: json", "dataset_path: org/set"), data)
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("dataset_path: json", "dataset_path: org/set", "give its rows with --data FILE.jsonl"),
        ("test: rows.jsonl", "train: rows.jsonl", "its dataset is no single local file"),
        ("test: rows.jsonl", "test: ../rows.jsonl", "leads out of"),
        ("generate_until", "multiple_choice", "only generate_until writes text"),
        ("doc_to_target: ideal", "doc_to_target: 3", "`doc_to_target` is a number"),
        ("doc_to_target: ideal", "doc_to_target: !function u.t", "runs code of that project"),
        ("num_fewshot: 2", "process_docs: x", "`process_docs` needs code"),
        ("num_fewshot: 2", "include: x.yaml", "`include` is not followed"),
        ("Write an opener", "Write about {{name}}", "`description` is no plain text"),
    ],
)
def test_a_task_that_cannot_be_read(tmp_path: Path, old: str, new: str, line: str) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    assert old in TASK
    with refused(line, BenchmarkError):
        read(tmp_path, TASK.replace(old, new))


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("idael", "has no field 'idael', which `doc_to_target` names"),
        ("'{% if a %}b{% endif %}'", "`doc_to_target` has '{% if a %}b{% endif %}', only plain"),
        ("extra", "`extra` is a table, a text is needed"),
    ],
)
def test_a_row_that_is_no_case(tmp_path: Path, target: str, problem: str) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    rows, _ = read(tmp_path, TASK.replace("doc_to_target: ideal", f"doc_to_target: {target}"))
    assert problem in rows[0].problem


def test_data_is_for_tasks_alone(tmp_path: Path) -> None:
    with refused("--data rows.jsonl: is for lm-evaluation-harness tasks", BenchmarkError):
        read(tmp_path, PROMPTFOO, Path("rows.jsonl"))
    with refused("--data rows.jsonl: is for lm-evaluation-harness tasks", BenchmarkError):
        read_case_table(tmp_path / "cases.csv", Path("rows.jsonl"), BenchmarkError)
