"""`lora-harness data origin`: the table, the card, and what is stated by options."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

SET = "adapters/datasets/voice.jsonl"
ALL = (
    *("--source", "calls", "--owner", "Ana", "--licence", "own work", "--consent", "asked"),
    *("--lawful-basis", "contract", "--retention", "to 2028"),
    *("--no-third-party-copy", "--no-contains-personal-data"),
)


@pytest.fixture
def voice(project: TinyProject) -> TinyProject:
    project.write_lines(SET, [{"input": f"person {n}", "output": f"Hi {n}."} for n in range(3)])
    return project


@pytest.mark.usefixtures("voice")
def test_what_is_missing_is_a_table_and_an_exit_code(typed: Type) -> None:
    found = typed("data", "origin")
    assert found.code == 1
    assert found.out.splitlines()[1].startswith("voice  0 of 8  source, owner, licence")
    stated = typed("data", "origin", "voice", *ALL)
    assert stated.code == 0
    assert "contains personal data  no" in stated.out
    assert typed("data", "origin").out.splitlines()[1] == "voice  8 of 8  nothing"
    assert typed("data", "origin", "--json").json["sets"][0]["missing"] == []


def test_without_sets_nothing_is_missing(project: TinyProject, typed: Type) -> None:
    found = typed("data", "origin")
    assert (found.code, found.out.startswith("no training sets")) == (0, True)
    assert typed("data", "origin", "--json").json == {"sets": []}


@pytest.mark.usefixtures("voice")
def test_a_statement_needs_a_set(typed: Type) -> None:
    found = typed("data", "origin", "--owner", "Ana")
    assert (found.code, found.line) == (
        4,
        "lora-harness: name the SET that this is the origin of",
    )


def test_what_the_settings_mask_is_masked_in_the_table(voice: TinyProject, typed: Type) -> None:
    with (voice.folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.harness.privacy]\nredact = ["email"]\n')
    typed("data", "origin", "voice", "--owner", "ana@example.com")
    said = typed("data", "origin", "voice", "--json").json["sets"][0]["origin"]["owner"]
    assert said == "[email]"


def test_data_check_warns_of_texts_of_others_and_stays_fit(
    project: TinyProject, typed: Type
) -> None:
    project.write_lines(
        SET, [{"input": f"person {n} of ward {n}", "output": f"Hello {n}."} for n in range(60)]
    )
    assert typed("data", "check", SET).code == 0
    typed("data", "origin", "voice", "--third-party-copy")
    found = typed("data", "check", SET, "--json")
    assert (found.code, found.json["counts"]) == (0, {"origin": 1})
