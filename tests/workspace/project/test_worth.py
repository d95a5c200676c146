"""`[tool.harness.worth]`: each key by itself; what is missing is not declared, and not zero."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SettingsError
from harness.records import WorthSettings
from harness.workspace.project.settings import read_settings
from tests.fakes.refusals import refused

SECTION = '[tool.harness]\nbase = "b"\n[tool.harness.worth]\n'


def read(folder: Path, text: str) -> WorthSettings:
    (folder / "pyproject.toml").write_text(SECTION + text, encoding="utf-8")
    return read_settings(folder).worth


def test_nothing_is_declared_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == WorthSettings(None, None, None, None, None, "")


def test_zero_is_declared(tmp_path: Path) -> None:
    assert read(tmp_path, "minutes_per_edit = 0\n").minutes_per_edit == 0.0


WRONG = {
    "a text": ('minutes_per_edit = "3"', "`minutes_per_edit` is a text, a number is needed"),
    "negative": ("cost_per_hour = -1", "`cost_per_hour` is -1"),
    "nan": ("training_hours = nan", "`training_hours` is nan"),
    "no outputs": ("outputs_per_month = 0", "`outputs_per_month` is 0, allowed are 1"),
    "a typo": ("minutes_per_edits = 3", "unknown key `minutes_per_edits`, did you mean"),
    "a currency": ('currency = "a very long currency"', "`currency` is 'a very long currenc"),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, line: str) -> None:
    with refused(line, SettingsError):
        read(tmp_path, text + "\n")
