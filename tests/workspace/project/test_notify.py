"""`[tool.harness.notify]` names a variable; an address in its place is refused and not shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SettingsError
from harness.records import NOTICE_KINDS, Notify
from harness.workspace.project.settings import read_settings
from tests.fakes.refusals import refused

SECTION = '[tool.harness]\nbase = "b"\n[tool.harness.notify]\n'


def read(folder: Path, text: str) -> Notify:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return read_settings(folder).notify


def test_without_the_section_it_is_off(tmp_path: Path) -> None:
    assert read(tmp_path, '[tool.harness]\nbase = "b"\n').webhook == ""


def test_a_variable_is_enough(tmp_path: Path) -> None:
    found = read(tmp_path, SECTION + 'webhook = "TEAM_WEBHOOK"\n')
    assert found == Notify("TEAM_WEBHOOK", "slack", NOTICE_KINDS)


def test_form_and_kinds_can_be_said(tmp_path: Path) -> None:
    found = read(tmp_path, SECTION + 'webhook = "W"\nform = "teams"\non = ["served", "served"]\n')
    assert found == Notify("W", "teams", ("served",))


def test_an_address_is_refused_without_being_quoted(tmp_path: Path) -> None:
    text = SECTION + 'webhook = "https://hooks.example.com/services/T0S3CR3T"\n'
    with pytest.raises(SettingsError, match="name of an environment variable") as problem:
        read(tmp_path, text)
    assert "T0S3CR3T" not in str(problem.value)


WRONG = {
    "no webhook": ('form = "slack"', "`webhook` is missing"),
    "an unknown form": ('webhook = "W"\nform = "irc"', "`form` is 'irc', allowed are slack, teams"),
    "an unknown kind": ('webhook = "W"\non = ["promoted"]', "`on` names 'promoted', did you mean"),
    "a number": ('webhook = "W"\non = [3]', "`on` names a number"),
    "no kind": ('webhook = "W"\non = []', "`on` is a list, a list of retrain, reject"),
    "a text": ('webhook = "W"\non = "retrain"', "`on` is a text, a list of"),
    "a typo": ('webhook = "W"\nfrom = "slack"', "unknown key `from`, did you mean `form`"),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, line: str) -> None:
    with refused(line, SettingsError):
        read(tmp_path, SECTION + text + "\n")
