"""Without the history that promoted.json belongs to, no command says that all is well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

WHO = ("--by", "Ana", "--why", "as agreed")
LINE = (
    "lora-harness: promoted.json names good, the store does not know it:"
    " commit reports/history.jsonl or name the store"
)
COMMANDS = [
    ("evaluate", "bad"),
    ("sweep", "bad", "same"),
    ("status",),
    ("path",),
    ("promote", "bad", *WHO),
    ("promote", "bad", "--override", *WHO),
    ("reject", "bad", *WHO),
    ("rollback", *WHO),
    ("pin", "bad", *WHO),
    ("accept", "health-1", "--run", "some-run", *WHO),
    ("monitor",),
    ("log",),
    ("compare", "good", "bad"),
    (),
]


@pytest.fixture
def lost(project: TinyProject, typed: Type) -> TinyProject:
    """`good` is promoted, and the store that knows it is gone."""
    assert typed("status").code == 0
    forget(project)
    return project


def forget(project: TinyProject) -> None:
    for file in (project.folder / "reports").glob("harness.db*"):
        file.unlink()


def pointer(project: TinyProject) -> Path:
    return project.folder / "adapters/promoted.json"


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:1]) or "alone")
def test_every_command_refuses_in_the_same_line(
    lost: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    before = pointer(lost).read_bytes()
    found = typed(*words)
    assert (found.code, found.line) == (11, LINE)
    assert pointer(lost).read_bytes() == before


def test_under_json_it_is_the_same_line_and_code(lost: TinyProject, typed: Type) -> None:
    found = typed("evaluate", "bad", "--json")
    assert (found.code, found.json) == (11, {"error": LINE.removeprefix("lora-harness: ")})


@pytest.mark.long
def test_a_history_that_is_older_than_the_file_is_missed_too(
    project: TinyProject, typed: Type
) -> None:
    assert typed("history", "export", "reports/history.jsonl").code == 0
    assert typed("evaluate", "same").code == 0
    assert typed("promote", "same", *WHO).code == 0
    forget(project)
    assert typed("evaluate", "bad").line == LINE.replace("good", "same")


@pytest.mark.long
def test_a_history_that_has_the_promotion_is_to_be_imported(
    project: TinyProject, typed: Type
) -> None:
    older = ("--store", "sqlite:///older.db")
    typed("history", "export", "old.jsonl")
    assert typed("history", "import", "old.jsonl", *older).code == 0
    typed("evaluate", "same")
    typed("promote", "same", *WHO)
    typed("history", "export", "reports/history.jsonl")
    found = typed("evaluate", "bad", *older)
    assert found.code == 11
    assert "`lora-harness history import reports/history.jsonl` or name the store" in found.line


@pytest.mark.long
def test_what_brings_the_history_back_is_not_refused(lost: TinyProject, typed: Type) -> None:
    there = ("--store", "sqlite:///reports/there.db")
    store = lost.promote("good")
    assert store.adapter == "good"
    assert typed("status").code == 0
    assert typed("history", "export", "kept.jsonl").code == 0
    forget(lost)
    assert typed("history", "import", "kept.jsonl", *there).code == 0
    assert typed("evaluate", "bad", *there).code == 1, "judged against good, as before"


@pytest.mark.long
@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("{", 4, "promoted.json:1: is not JSON"),
        ("[]", 11, "promoted.json was damaged, and the store knows no promotion"),
        ('{"tasks": {"openers": 1}}', 11, "was damaged, and the store knows no promotion"),
    ],
)
def test_a_damaged_file_is_no_missing_file(
    lost: TinyProject, typed: Type, content: str, code: int, said: str
) -> None:
    pointer(lost).write_text(content)
    for words in (("evaluate", "bad"), ("status",), ("promote", "bad", "--override", *WHO)):
        found = typed(*words)
        assert (found.code, said in found.line) == (code, True)
    assert pointer(lost).read_text() == content


@pytest.mark.long
def test_a_damaged_file_is_written_anew_from_a_store_that_knows(
    project: TinyProject, typed: Type
) -> None:
    for content in ("{", "[]"):
        pointer(project).write_text(content)
        assert "promoted.json was damaged: `lora-harness status`" in typed("evaluate", "bad").line
        assert typed("status").code == 0
        assert json.loads(pointer(project).read_text())["tasks"]["openers"]["adapter"] == "good"


@pytest.mark.long
def test_without_the_file_the_first_adapter_is_judged_as_the_first(
    lost: TinyProject, typed: Type
) -> None:
    pointer(lost).unlink()
    found = typed("evaluate", "same", "--json")
    assert json.loads(found.out.splitlines()[0])["promoted"] is None


@pytest.mark.long
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"adapter": "bad"}, "names bad for openers, its decision in the ledger does not"),
        ({"digest": "0" * 64}, "names good for openers, its decision in the ledger does not"),
    ],
)
def test_a_file_that_was_edited_is_refused_and_written_anew_by_status(
    project: TinyProject, typed: Type, changes: dict[str, str], said: str
) -> None:
    assert typed("status").code == 0
    found = json.loads(pointer(project).read_text(encoding="utf-8"))
    found["tasks"]["openers"] |= changes
    pointer(project).write_text(json.dumps(found), encoding="utf-8")
    for words in (("evaluate", "same"), ("path",)):
        refused = typed(*words)
        assert refused.code == 11
        assert said in refused.line
    assert typed("status").code == 0
    assert typed("evaluate", "same").code == 0


@pytest.mark.long
def test_path_refuses_a_file_that_is_older_than_the_ledger(
    project: TinyProject, typed: Type
) -> None:
    assert typed("status").code == 0
    before = pointer(project).read_bytes()
    typed("evaluate", "same")
    typed("promote", "same", *WHO)
    pointer(project).write_bytes(before)
    found = typed("path")
    assert (found.code, "names good for openers, the ledger same" in found.line) == (11, True)
