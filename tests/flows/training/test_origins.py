"""Where sets come from: one table of what is missing, and a card that a person completes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError, RequestError
from harness.flows.training.data_versions import make_version
from harness.flows.training.origins import origins, state_origin
from harness.records import DataOrigin
from tests.fakes.project import TinyProject

VOICE = "adapters/datasets/voice.jsonl"


@pytest.fixture
def voice(project: TinyProject) -> TinyProject:
    project.write_lines(VOICE, [{"input": "a", "output": "b"}])
    return project


def test_every_set_of_the_project_is_listed_and_nothing_else(voice: TinyProject) -> None:
    voice.write("adapters/datasets/voice.faults.json", '[{"line": 1, "fault": "tone"}]')
    voice.write("adapters/datasets/notes.txt", "x")
    voice.write_lines("adapters/datasets/b.c.jsonl", [{"input": "a", "output": "b"}])
    assert [one.set for one in origins(voice.project)] == ["b.c", "voice"]


def test_a_set_of_which_only_versions_are_left_is_listed_once(voice: TinyProject) -> None:
    make_version(voice.project, Path("voice"), by="Ana", why="first")
    assert [one.set for one in origins(voice.project)] == ["voice"]
    (voice.folder / VOICE).unlink()
    assert [one.set for one in origins(voice.project)] == ["voice"]


def test_what_is_stated_is_added_to_what_was(voice: TinyProject) -> None:
    make_version(voice.project, Path("voice"), by="Ana", why="first")
    state_origin(voice.project, Path("voice"), {"owner": "Ana"})
    found = state_origin(voice.project, Path("voice"), {"third_party_copy": True})
    assert found.origin == DataOrigin(owner="Ana", third_party_copy=True)
    assert origins(voice.project, Path("voice@1"))[0].origin == found.origin


def test_a_text_of_several_lines_is_no_statement(voice: TinyProject) -> None:
    with pytest.raises(RequestError, match="--lawful-basis must be one line"):
        state_origin(voice.project, Path("voice"), {"lawful_basis": "a\nb"})


def test_a_set_that_is_not_there_is_named(voice: TinyProject) -> None:
    with pytest.raises(DataError, match="voise: no such training set, did you mean `voice`"):
        origins(voice.project, Path("voise"))
