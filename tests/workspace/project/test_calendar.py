"""`[tool.harness.calendar]`: a project whose days were replayed says so, in its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SettingsError
from harness.records import Calendar
from harness.workspace.project.settings import read_settings
from tests.fakes.refusals import refused

SECTION = '[tool.harness]\nbase = "b"\n[tool.harness.calendar]\n'


def read(folder: Path, text: str) -> Calendar:
    (folder / "pyproject.toml").write_text(SECTION + text, encoding="utf-8")
    return read_settings(folder).calendar


def test_without_the_section_the_days_are_real_and_nothing_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, "")
    assert found == Calendar()
    assert found.label == ""


def test_a_declared_today_is_kept_in_utc_and_said_with_its_reason(tmp_path: Path) -> None:
    found = read(tmp_path, 'now = "2026-06-01T11:00:00+02:00"\nwhy = "a year in one sitting"\n')
    assert found.now == "2026-06-01T09:00:00.000Z"
    assert found.label == ("Replayed calendar, its today is 2026-06-01: a year in one sitting")


WRONG = {
    "no reason": ('now = "2026-06-01T09:00:00Z"', "`why` is missing"),
    "no time": ('why = "x"', "`now` is missing"),
    "a day": ('now = "2026-06-01"\nwhy = "x"', "`now` is '2026-06-01', a time such as"),
    "no offset": ('now = "2026-06-01T09:00:00"\nwhy = "x"', "a time such as 2026-11-30T17:00:00Z"),
    "two lines": ('now = "2026-06-01T09:00:00Z"\nwhy = "a\\nb"', "not a single line"),
    "a typo": ('now = "2026-06-01T09:00:00Z"\nwhy = "x"\nwhi = 1', "unknown key `whi`"),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_half_a_declaration_is_refused(tmp_path: Path, text: str, line: str) -> None:
    with refused(line, SettingsError):
        read(tmp_path, f"{text}\n")
