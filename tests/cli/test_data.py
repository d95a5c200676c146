"""`lora-harness data`: what is typed, what is said, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import CASES, TinyProject

GOOD = [{"input": f"person {n} of ward {n}", "output": f"Hello {n}."} for n in range(60)]


@pytest.fixture
def clean(project: TinyProject) -> Path:
    return project.write_lines("clean.jsonl", GOOD)


@pytest.fixture
def dirty(project: TinyProject) -> Path:
    seen = {"input": CASES[0]["input"], "output": "Fine."}
    mail = {"input": "person 99 of ward 99", "output": "Hi ana@example.com."}
    return project.write_lines("dirty.jsonl", [*GOOD, GOOD[1], seen, mail])


def test_a_clean_set_is_fit(typed: Type, clean: Path) -> None:
    found = typed("data", "check", "clean.jsonl")
    assert found.code == 0
    assert found.out.startswith("fit: 60 examples in clean.jsonl, nothing found\nfingerprint ")
    assert found.err == ""


def test_findings_have_lines_and_are_counted(typed: Type, dirty: Path) -> None:
    found = typed("data", "check", "dirty.jsonl")
    assert found.code == 1
    assert found.out.split("\n")[:3] == [
        "61  duplicate      says the same as line 2",
        "62  overlap        the input is benchmark case openers/logistics-1",
        "63  personal_data  e-mail address in the output: a…@example.com",
    ]
    assert (
        "unfit: 63 examples in dirty.jsonl, 1 duplicate · 1 overlap · 1 personal_data" in found.out
    )


def test_programs_get_the_promised_keys(typed: Type, dirty: Path) -> None:
    found = typed("data", "check", "dirty.jsonl", "--json")
    assert found.code == 1
    assert found.json["findings"][0] == {
        "kind": "duplicate",
        "line": 61,
        "message": "says the same as line 2",
    }
    assert found.json["counts"] == {"duplicate": 1, "overlap": 1, "personal_data": 1}
    assert (found.json["fit"], found.json["examples"]) == (False, 63)


def test_fix_writes_a_clean_copy_and_still_says_unfit(typed: Type, dirty: Path) -> None:
    found = typed("data", "check", "dirty.jsonl", "--fix", "out.jsonl")
    assert found.code == 1
    assert "out.jsonl: 60 examples kept, 3 lines dropped (1 duplicate" in found.out
    assert typed("data", "check", "out.jsonl").code == 0
    again = typed("data", "check", "dirty.jsonl", "--fix", "out.jsonl", "--json").json["fixed"]
    assert (again["kept"], len(again["dropped"]), again["left"]) == (60, 3, [])


def test_two_sets_are_compared(typed: Type, clean: Path, dirty: Path) -> None:
    assert typed("data", "diff", "clean.jsonl", "clean.jsonl").out.startswith("equal: 60 examples")
    found = typed("data", "diff", "clean.jsonl", "dirty.jsonl")
    assert found.code == 1
    assert found.out.startswith("60 examples in both, 3 added, 0 removed, 0 changed\nadded\n  + ")
    said = typed("data", "diff", "clean.jsonl", "dirty.jsonl", "--json").json
    assert (said["equal"], len(said["added"]), said["same"]) == (False, 3, 60)


def test_the_fingerprint_is_one_word_to_compare(typed: Type, clean: Path) -> None:
    said = typed("data", "fingerprint", "clean.jsonl", "--json").json
    assert (
        typed("data", "fingerprint", "clean.jsonl").out == f"{said['fingerprint']}  60 examples\n"
    )


def test_outside_of_a_project_a_file_is_checked_without_benchmarks(
    typed: Type, clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = typed("data", "check", str(clean))
    assert found.code == 0
    assert found.out.startswith("note  no project here")
    asked = typed("data", "check", str(clean), "--benchmark", "openers")
    assert asked.code == 4 and "pyproject.toml" in asked.line


def test_a_project_with_wrong_settings_is_not_taken_for_none(
    typed: Type, project: TinyProject, clean: Path
) -> None:
    project.write("pyproject.toml", "[tool.harness]\nbasis = 1\n")
    assert typed("data", "check", "clean.jsonl").code == 4


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("check", "nosuch.jsonl"), "nosuch.jsonl: no such file"),
        (("check", "."), "is a folder"),
        (("fingerprint", "nosuch.jsonl"), "no such file"),
        (("diff", "clean.jsonl", "nosuch.jsonl"), "no such file"),
        (("check", "clean.jsonl", "--fix", "clean.jsonl"), "is the file itself"),
        (("check", "clean.jsonl", "--fix", "no/such/pyproject.toml/x"), ""),
        (("chek",), "did you mean `check`?"),
    ],
)
def test_a_wrong_request_is_one_line(
    typed: Type, clean: Path, words: tuple[str, ...], line: str
) -> None:
    if not line:
        (clean.parent / "no/such").mkdir(parents=True)
        (clean.parent / "no/such/pyproject.toml").write_text("")
        line = "cannot be written"
    found = typed("data", *words, "--json")
    assert found.code == 4
    assert line in found.json["error"]
