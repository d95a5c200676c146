"""Every bad input gets its one exact line and exit code, and leaves no file behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.project import TinyProject
from tests.threats.row import HERE, Row, answer, said
from tests.threats.rows import ROWS, copied, sound_project

QUICK = [row for row in ROWS if not row.heavy]
SHARED = [
    pytest.param(row, id=row.name, marks=[pytest.mark.medium] if number % 8 else [])
    for number, row in enumerate(QUICK)
]
"""`make fast` takes one row of eight, `make test` each."""
IN_A_PROCESS = (
    "cases: 100,000 levels of lists",
    "settings: no TOML",
    "adapter: a slow pattern of targets",
    "history: a pipe",
)
WHOLE = (
    "no such|not a regular|is a folder|bytes, at most|is a link|holds no|no output for|is not there"
    "|damaged|examples, |several|is there|cannot be|is no directory|there are no rows|only look"
    "|policy|keep one|ideal_nll|a file must be|not what was promoted|store does not know"
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> TinyProject:
    return sound_project(tmp_path_factory.mktemp("sound") / "project")


@pytest.fixture
def place(sound: TinyProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    made = copied(sound, tmp_path / "project")
    monkeypatch.chdir(made.folder)
    return made


@pytest.mark.parametrize("row", SHARED)
def test_it_gets_its_line_and_nothing_is_left_by_halves(row: Row, place: TinyProject) -> None:
    row.make(place)
    before = files(place.folder)
    found = answer(row.words)
    assert said(found.err, place.folder) == row.line
    assert found.code == row.code
    assert {name for name in files(place.folder) - before if "/.locks/" not in name} == set()


def files(folder: Path) -> set[str]:
    """Return the files of a project, without those of the store."""
    found = (file.relative_to(folder).as_posix() for file in folder.rglob("*"))
    return {f"/{name}" for name in found if not name.startswith("reports")}


def test_every_line_of_the_table_keeps_the_contract() -> None:
    for row in ROWS:
        assert row.code in (4, 11), row
        assert row.line.isprintable(), row
        assert 20 < len(row.line) <= 1000, row
        assert "Traceback" not in row.line, row
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_what_stands_in_a_text_file_is_named_with_its_line() -> None:
    """But for what is wrong with all of it: its size, its kind, that it is not there or empty."""
    for row in ROWS:
        named = re.match(r"(\S+\.(?:jsonl?|toml|csv))(:\d+)?[: ]", row.line)
        if named and not named[2]:
            assert re.search(WHOLE, row.line), row.line


@pytest.mark.parametrize("name", IN_A_PROCESS)
@pytest.mark.slow
def test_no_traceback_in_a_process_of_its_own(name: str, place: TinyProject) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    row.make(place)
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", *row.words],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == row.code
    assert done.stderr == f"lora-harness: {row.line.replace(HERE, str(place.folder))}\n"
