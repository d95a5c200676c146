"""`reject`, `rollback`, `pin`, `log`, `path`, `verify` and `history prune` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.command import cli
from tests.cli.conftest import Type
from tests.fakes.served import ServedProject

WHO = ("--by", "Ana", "--why", "as agreed")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServedProject:
    """`v1`, then `v2` were promoted; `v3` was judged and is worse."""
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    made = ServedProject(tmp_path / "project")
    made.line("v1", "v2")
    made.judge("v3", "bad")
    monkeypatch.chdir(made.folder)
    return made


@pytest.mark.long
def test_every_decision_is_one_line_and_stands_in_the_log(
    project: ServedProject, typed: Type
) -> None:
    assert typed("reject", "v3", *WHO).out == "reject v3 for openers, by Ana: as agreed\n"
    assert typed("pin", "v2", *WHO).out == "pin v2 for openers, by Ana: as agreed\n"
    assert typed("rollback", *WHO).out == "rollback v1 for openers, by Ana: as agreed\n"
    lines = typed("log").out.splitlines()
    assert [line.split()[2:4] for line in lines] == [
        ["promote", "v1"],
        ["promote", "v2"],
        ["reject", "v3"],
        ["pin", "v2"],
        ["rollback", "v1"],
    ]
    found = typed("log", "--json").json["decisions"]
    assert [decision["seq"] for decision in found] == [1, 2, 3, 4, 5]
    assert all(decision["hash"] for decision in found)
    assert typed("log", "--task", "poems").line.endswith("poems: no such task, known are openers")


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("reject", "v3"), "reject v3"),
        (("pin", "v3"), "pin v3"),
        (("rollback",), "rollback v1"),
        (("rollback", "v1"), "rollback v1"),
        (("promote", "v3", "--override"), "OVERRIDE promote v3"),
    ],
)
def test_a_dry_run_says_what_would_be_recorded(
    project: ServedProject, typed: Type, words: tuple[str, ...], said: str
) -> None:
    found = typed(*words, *WHO, "--dry-run")
    assert found.code == 0
    assert found.out == f"would record: {said} for openers, by Ana: as agreed\n"
    assert typed(*words, *WHO, "--dry-run", "--json").json["dry_run"] is True
    assert project.kinds() == ["promote v1", "promote v2"]


@pytest.mark.long
def test_an_override_is_red_wherever_it_counts(project: ServedProject, typed: Type) -> None:
    assert typed("promote", "v3", *WHO, "--override").out.startswith("OVERRIDE promote v3")
    (task,) = typed("status", "--json").json["tasks"]
    assert (task["promoted"], task["override"], task["verdict"]) == ("v3", True, None)
    for words in (["status"], ["log"]):
        shown = CliRunner().invoke(cli, words, color=True).output
        assert "\x1b[31m\x1b[1mOVERRIDE" in shown
        assert "\x1b" not in typed(*words).out
    assert "OVERRIDE" in typed("log").out.splitlines()[-1]


@pytest.mark.long
def test_status_is_a_table_of_tasks(project: ServedProject, typed: Type) -> None:
    project.second_task()
    project.judge("acme/r1", task="replies")
    project.put("acme/r1", task="replies")
    head, *rows = typed("status").out.splitlines()
    assert head.split() == ["task", "promoted", "since", "by", "pinned"]
    shown = [row.split() for row in rows if row.split()[0] in ("openers", "replies")]
    assert [row[:2] for row in shown] == [["openers", "v2"], ["replies", "acme/r1"]]
    assert [row[-1] for row in shown] == ["v1", "acme/r1"]


@pytest.mark.long
def test_path_is_the_verified_folder(project: ServedProject, typed: Type) -> None:
    folder = project.folder / "adapters/v2"
    assert typed("path").out == f"{folder}\n"
    assert typed("path", "--task", "openers", "--json").json == {
        "task": "openers",
        "path": str(folder),
    }
    file = project.flip("v2")
    found = typed("path")
    assert found.code == 4
    assert f"{file}: is not what was promoted" in found.line
    typed("status")
    assert f"{file}: is not what was promoted" in typed("path").line


@pytest.mark.long
def test_verify_ends_with_4_where_something_does_not_match(
    project: ServedProject, typed: Type
) -> None:
    assert typed("verify").code == 0
    assert typed("verify", "--json").json["ok"] is True
    file = project.flip("v2")
    found = typed("verify", "--json")
    assert (found.code, found.json["ok"]) == (4, False)
    assert any(str(file) in check["message"] for check in found.json["checks"])
    project.by_hand("UPDATE decisions SET why = 'x' WHERE seq = 2")
    found = typed("verify")
    assert found.code == 4
    said = " ".join(found.out.split())
    assert "decision 2, promote v2: its content is not what was recorded" in said


@pytest.mark.long
def test_a_ledger_changed_by_hand_stops_everything_in_one_line(
    project: ServedProject, typed: Type
) -> None:
    project.by_hand("UPDATE decisions SET why = 'x' WHERE seq = 1")
    for words in (("status",), ("log",), ("rollback", *WHO), ("promote", "v3", *WHO)):
        found = typed(*words)
        assert found.code == 11
        assert "the ledger was changed by hand" in found.line
        assert "lora-harness verify" in found.line


@pytest.mark.long
def test_prune_says_how_many_and_a_dry_run_removes_none(
    project: ServedProject, typed: Type
) -> None:
    assert typed("history", "prune", "--keep", "1", "--dry-run").out.startswith("0 runs would go, ")
    found = typed("history", "prune", "--keep", "1", "--json").json
    assert found["removed"] == []
    assert found["kept"] == len(typed("history", "list", "--json").json["runs"])
    assert typed("history", "prune", "--keep", "0").code == 4


@pytest.mark.long
def test_a_team_store_is_named_on_the_command_line(
    project: ServedProject, typed: Type, postgresql: str
) -> None:
    typed("history", "export", "h.jsonl")
    there = ("--store", postgresql)
    counts = typed("history", "import", "h.jsonl", *there, "--json").json
    assert counts["decisions"] == 2
    assert typed("rollback", *WHO, *there).code == 0
    assert typed("status", *there, "--json").json["tasks"][0]["promoted"] == "v1"
    assert json.loads((project.folder / "adapters/promoted.json").read_text())["tasks"]
    assert typed("verify", *there).code == 0
    typed("history", "export", "there.jsonl", *there)
    first = (project.folder / "h.jsonl").read_text().splitlines()
    assert (project.folder / "there.jsonl").read_text().splitlines()[:-1] == first


@pytest.mark.long
def test_a_team_store_that_is_not_there_is_one_line_without_its_password(
    project: ServedProject, typed: Type
) -> None:
    pytest.importorskip("psycopg")
    for words in (("status",), ("promote", "v3", *WHO), ("history", "list"), ("verify",)):
        found = typed(*words, "--store", "postgresql+psycopg://me:hunter2@127.0.0.1:1/team")
        assert found.code == 11
        assert "me:***@127.0.0.1:1/team failed" in found.line
        assert "hunter2" not in found.line
