"""`lora-harness data version`, `log` and `at`: what is typed, what is said, and how it ends."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

SET = "adapters/datasets/voice.jsonl"
BY = ("--by", "Ana", "--why", "the first")


@pytest.fixture
def voice(project: TinyProject) -> TinyProject:
    project.write_lines(SET, [{"input": f"person {n}", "output": f"Hi {n}."} for n in range(3)])
    return project


@pytest.mark.usefixtures("voice")
def test_a_version_is_a_line_with_who_and_why(typed: Type) -> None:
    made = typed("data", "version", "voice", *BY)
    assert made.code == 0
    assert made.out.startswith("voice@1  ")
    assert "3 examples (3 added)" in made.out
    assert made.out.endswith("  Ana: the first\n")
    assert typed("data", "log").out == made.out


@pytest.mark.usefixtures("voice")
def test_nothing_new_is_no_version(typed: Type) -> None:
    typed("data", "version", "voice", *BY)
    again = typed("data", "version", "voice.jsonl", *BY)
    assert again.code == 4
    assert again.err == ("lora-harness: nothing changed since voice@1: its examples are the same\n")


@pytest.mark.usefixtures("voice")
def test_a_dry_run_says_what_it_would_record(typed: Type) -> None:
    assert typed("data", "version", SET, *BY, "--dry-run").out.startswith("would record: voice@1")
    assert typed("data", "log").out.startswith("no versions yet: ")
    assert typed("data", "log", "--json").json == {"versions": []}


def test_an_older_version_comes_back_line_by_line(typed: Type, voice: TinyProject) -> None:
    typed("data", "version", "voice", *BY)
    before = (voice.folder / SET).read_text()
    voice.write_lines(SET, [{"input": "person 9", "output": "Hi 9."}])
    said = typed("data", "version", "voice", *BY, "--json").json
    assert (said["added"], said["removed"], said["dry_run"]) == (1, 3, False)
    lines = typed("data", "at", "voice@1").out.splitlines()
    assert [json.loads(line) for line in lines] == list(map(json.loads, before.splitlines()))
    assert len(typed("data", "at", "voice@1", "--json").json["examples"]) == 3
    assert typed("data", "diff", "voice@1", "voice@1").code == 0
    assert typed("data", "diff", "voice@1", "voice@2").code == 1
    assert "3 examples" in typed("data", "fingerprint", "voice@1").out


@pytest.mark.usefixtures("voice")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("at", "voice@1"), "voice@1: no such version, voice has no versions yet"),
        (("at", "voice"), "voice: name a version, such as voice@1"),
        (("log", "voise"), "voise: no such training set"),
        (("version", "voise", *BY), "voise: no such file"),
        (("version", "voice", "--by", "Ana", "--why", " "), "--why must say something"),
    ],
)
def test_a_wrong_request_is_one_line(typed: Type, words: tuple[str, ...], says: str) -> None:
    found = typed("data", *words)
    assert found.code == 4
    assert found.err.startswith(f"lora-harness: {says}")
    assert found.err.count("\n") == 1
