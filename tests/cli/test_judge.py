"""`lora-harness judge`: verdicts from score files alone, quick and without a project."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

HEAD = "case,metric,candidate,promoted\n"


def scores(folder: Path, name: str, change: float, wave: float = 0.01) -> str:
    """25 cases that all move by `change`, give or take a little."""
    rows = [
        f"case-{n},edit_similarity,{0.7 + change + wave * (n % 5 - 2):.4f},0.7" for n in range(25)
    ]
    (folder / name).write_text(HEAD + "\n".join(rows) + "\n")
    return name


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("change", "wave", "outcome", "code"),
    [
        (0.0, 0.01, "promote", 0),
        (0.05, 0.01, "promote", 0),
        (-0.1, 0.01, "reject", 1),
        (-0.01, 0.12, "inconclusive", 10),
    ],
)
def test_the_verdict_is_the_exit_code(
    typed: Type, tmp_path: Path, change: float, wave: float, outcome: str, code: int
) -> None:
    file = scores(tmp_path, "scores.csv", change, wave)
    found = typed("judge", file, "--json")
    assert (found.code, found.json["outcome"]) == (code, outcome)
    told = typed("judge", file)
    assert told.code == code
    assert outcome.upper() in told.out


def test_several_files_give_a_line_each_and_the_gravest_code(typed: Type, tmp_path: Path) -> None:
    files = [
        scores(tmp_path, "fine.csv", 0.0),
        scores(tmp_path, "worse.csv", -0.1),
        scores(tmp_path, "open.csv", -0.01, 0.12),
    ]
    found = typed("judge", *files, "--json")
    assert found.code == 1
    lines = [json.loads(line) for line in found.out.splitlines()]
    assert [(v["benchmark"], v["outcome"]) for v in lines] == [
        ("fine", "promote"),
        ("worse", "reject"),
        ("open", "inconclusive"),
    ]
    assert typed("judge", files[0], files[2]).code == 10


def test_what_counts_can_be_said(typed: Type, tmp_path: Path) -> None:
    file = scores(tmp_path, "scores.csv", -0.08)
    assert typed("judge", file).code == 1
    assert typed("judge", file, "--gate", "edit_similarity=0.15").code == 0
    verdict = typed(
        "judge", file, "--gate", "edit_similarity=0.15", "--alpha", "0.2", "--json"
    ).json
    assert (verdict["metrics"][0]["margin"], verdict["alpha"]) == (0.15, 0.2)


def test_metrics_and_policy_of_a_benchmark_can_be_taken(typed: Type, project: TinyProject) -> None:
    file = project.folder / scores(project.folder, "scores.csv", -0.08)
    likely = file.read_text().removeprefix(HEAD).replace("edit_similarity", "ideal_likelihood")
    file.write_text(file.read_text() + likely)
    found = typed("judge", str(file), "--benchmark", "openers", "--json")
    counted = {(m["name"], m["role"], m["margin"]) for m in found.json["metrics"]}
    assert counted == {("ideal_likelihood", "gate", 0.08), ("edit_similarity", "guard", 0.1)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no head, the first line names the columns"),
        ("case,metric,candidate\n", "column `promoted` is missing"),
        (HEAD + "a,m,0.5\n", "scores.csv:2"),
        (HEAD + "a,m,nan,0.5\n", "a score is a number from 0 to 1"),
        (HEAD + "a,m,90,0.5\n", "a score is a number from 0 to 1"),
        (HEAD + "a,m,0.5,0.5\na,m,0.5,0.5\n", "scores.csv"),
        (HEAD + "a,m,0.5,\0\n", "NUL"),
        (HEAD, "scores.csv"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(
    typed: Type, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "scores.csv").write_text(text)
    found = typed("judge", "scores.csv")
    assert found.code == 4
    assert "scores.csv" in found.line
    assert words in found.line


@pytest.mark.parametrize(
    "rule", ["edit_similarity", "=0.1", "edit_similarity=x", "a=2", "a=0", "a=nan"]
)
def test_a_rule_that_makes_no_sense(typed: Type, tmp_path: Path, rule: str) -> None:
    found = typed("judge", scores(tmp_path, "scores.csv", 0), "--gate", rule)
    assert found.code == 4
    assert found.line


def test_hostile_names_come_through_safe(typed: Type, tmp_path: Path) -> None:
    rows = [f'"::error::{n}\x1b[31m ##[x]",edit_similarity,0.1,0.9' for n in range(10)]
    (tmp_path / "scores.csv").write_text(HEAD + "\n".join(rows) + "\n")
    found = typed("judge", "scores.csv")
    assert found.code == 1
    assert "\x1b" not in found.out
    assert "##[" not in found.out
    assert not any(line.lstrip(" |").startswith("::") for line in found.out.splitlines())


@pytest.mark.long
def test_it_imports_neither_torch_nor_the_store(tmp_path: Path) -> None:
    file = scores(tmp_path, "scores.csv", 0.0)
    script = (
        "import sys; from harness.cli import main\n"
        "sys.argv[1:] = ['judge', sys.argv[1], '--json']\n"
        "try: main()\n"
        "finally: print(sorted({'torch', 'transformers', 'pandas', 'sqlalchemy', 'alembic',"
        " 'sacrebleu'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, file], capture_output=True, text=True, check=True
    )
    verdict, loaded = done.stdout.splitlines()
    assert json.loads(verdict)["outcome"] == "promote"
    assert loaded == "[]"
