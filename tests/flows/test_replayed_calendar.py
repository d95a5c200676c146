"""A history of replayed days says so wherever it goes, and never passes for lived days."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import chdir, closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import harness
from dashboard.downloads import as_csv
from harness.cli.command import cli
from harness.errors import DataError
from harness.flows.committed_history import export_to
from harness.flows.decisions.promote import promote
from harness.flows.history import import_history
from harness.flows.project import utc_now
from harness.records import Calendar
from harness.store import Store
from harness.workspace.adapters.model_card import card_text
from tests.fakes.project import TinyProject

NOW = "2025-12-01T09:00:00.000Z"
DECLARED = f'\n[tool.harness.calendar]\nnow = "{NOW}"\nwhy = "played in one sitting"\n'


@pytest.fixture
def replayed(project: TinyProject) -> TinyProject:
    """A project with a promotion, both on a declared day."""
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + DECLARED, encoding="utf-8")
    project.record("good", quality="good")
    harness.evaluate("good", project=project.folder)
    promote(project.project, "good", task=None, by="Ana", why="the first")
    return project


@pytest.fixture
def file(replayed: TinyProject, tmp_path: Path) -> Iterator[Path]:
    with closing(replayed.store()) as store:
        made, _ = export_to(replayed.project, store, tmp_path / "year.jsonl", True)
    yield made


@pytest.mark.long
def test_every_time_is_the_declared_one(replayed: TinyProject) -> None:
    with closing(replayed.store()) as store:
        for run in map(store.runs.by_id, store.runs.ids()):
            assert run is not None
            assert (run.started, run.origin["calendar"]) == (NOW, "replayed")
        assert [decision.at for decision in store.decisions.all()] == [NOW]
        assert {kept.made for kept in store.verdicts.all()} == {NOW}
    assert utc_now(replayed.project.settings.calendar) == NOW


def test_without_a_declaration_the_clock_tells_the_time() -> None:
    assert utc_now(Calendar()) > "2026"
    assert utc_now() > "2026"


@pytest.mark.long
def test_an_exported_history_says_it_in_its_first_line(file: Path) -> None:
    first = json.loads(file.read_text(encoding="utf-8").partition("\n")[0])
    assert first["kind"] == "calendar"
    assert first["record"] == {"now": NOW, "why": "played in one sitting"}


@pytest.mark.long
@pytest.mark.parametrize("lines", ["whole", "without the first"])
def test_a_project_that_does_not_declare_it_refuses_such_a_history(
    file: Path, tmp_path: Path, lines: str
) -> None:
    """Also without the first line: each run says it beneath its seal."""
    if lines != "whole":
        file.write_text(file.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    with closing(Store("sqlite:///new.db", tmp_path)) as new:
        with pytest.raises(DataError, match="replayed, not lived"):
            import_history(new, file)
        assert new.is_empty
        assert import_history(new, file, Calendar(NOW, "as there")).decisions == 1


def test_a_table_of_a_page_says_it_in_every_row() -> None:
    told = as_csv(["week"], [["2026-W01"]], "Replayed calendar").decode("utf-8-sig")
    assert told == "week,calendar\r\n2026-W01,Replayed calendar\r\n"


LOOKS = {
    "status": ("status",),
    "log": ("log",),
    "monitor": ("monitor", "--no-inputs"),
    "worth": ("worth",),
    "rates": ("reviews", "rates"),
    "reviewers": ("reviews", "reviewers"),
    "export": ("reviews", "export", "reviews.jsonl"),
}
"""Commands that print days, or write them."""


def said_by(folder: Path, *words: str) -> dict[str, Any]:
    with chdir(folder):
        done = CliRunner().invoke(cli, [*words, "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.medium
@pytest.mark.parametrize("words", LOOKS.values(), ids=LOOKS)
def test_what_programs_read_says_it(replayed: TinyProject, words: tuple[str, ...]) -> None:
    label = "Replayed calendar, its today is 2025-12-01: played in one sitting"
    assert said_by(replayed.folder, *words)["calendar"] == label
    settings = replayed.folder / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace(DECLARED, ""), encoding="utf-8")
    assert "calendar" not in said_by(replayed.folder, *words)


@pytest.mark.medium
def test_an_exported_review_says_it_and_can_be_imported_again(replayed: TinyProject) -> None:
    row = {"at": "2025-11-03", "task": "openers", "adapter": "good", "input": "Ana", "output": "Hi"}
    replayed.write_lines("sent.jsonl", [{"id": "mail-1", **row, "final": "Hi Ana"}])
    said_by(replayed.folder, "reviews", "import", "sent.jsonl")
    said_by(replayed.folder, "reviews", "export", "reviews.jsonl")
    file = replayed.folder / "reviews.jsonl"
    (line,) = file.read_text("utf-8").splitlines()
    assert json.loads(line)["calendar"].startswith("Replayed calendar")
    again = said_by(replayed.folder, "reviews", "import", "reviews.jsonl")
    assert (again["new"], again["known"]) == (0, 1)


def test_a_model_card_says_it() -> None:
    text = card_text(None, "good", [], None, calendar="Replayed calendar")
    assert "\ncalendar: Replayed calendar\n" in text
    assert card_text(text, "good", [], None, calendar="Replayed calendar") == text
    assert "calendar" not in card_text(None, "good", [], None)
