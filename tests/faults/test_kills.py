"""Killed, without room or on a broken disk: nothing is half, nothing finished is lost, and the same
command once more completes. `make faults` does it at a thousand steps.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from harness.flows.benchmarks import importing
from harness.store.outputs import Outputs
from tests.faults.injector import How
from tests.faults.scenes import SCENES
from tests.faults.sqlite_files import can_arm
from tests.faults.trials import Found, Trials

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9"),
]


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", "set by every trial")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "scene"


def unharmed(found: Found) -> bool:
    assert found.wrong == [], found
    assert found.lost == frozenset(), found
    return found.ended.hit


@pytest.mark.long
@pytest.mark.parametrize("name", ["benchmark import", "benchmark import --replace"])
def test_an_import_of_cases_killed_at_every_step_is_there_or_not(name: str, place: Path) -> None:
    tried = [unharmed(found) for found in Trials(SCENES[name], place).each("kill")]
    assert len(tried) >= 10


SOME: dict[tuple[str, How], int] = {
    ("evaluate", "kill"): 3,
    ("evaluate in a new store", "kill"): 2,
    ("promote", "kill"): 3,
    ("rollback", "kill"): 2,
    ("train", "kill"): 4,
    ("reviews import", "kill"): 2,
    ("history import", "kill"): 2,
    ("history prune", "kill"): 2,
    ("evaluate", "full"): 2,
    ("promote", "broken"): 2,
    ("train", "full"): 2,
    ("train", "broken"): 3,
}
"""How many steps, evenly chosen, of those that have many."""


@pytest.mark.long
@pytest.mark.parametrize(("name", "how"), SOME, ids=lambda one: one)
def test_a_command_broken_anywhere_leaves_nothing_half_and_loses_nothing(
    name: str, how: How, place: Path
) -> None:
    trials = Trials(SCENES[name], place)
    steps, count = trials.steps(how), SOME[name, how]
    assert steps > count
    for number in range(count):
        assert unharmed(trials.broken(how, 1 + (2 * number + 1) * steps // (2 * count)))


def test_an_evaluation_killed_twice_makes_nothing_twice(place: Path) -> None:
    trials = Trials(SCENES["evaluate"], place)
    steps = trials.steps("kill")
    found = trials.broken("kill", steps // 2, steps // 4)
    assert unharmed(found)
    assert found.ended.finished


# --- what is looked for would be found --------------------------------------------------------


@pytest.mark.long
def test_a_file_that_is_written_by_halves_would_be_seen(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    monkeypatch.setattr(importing, "write_atomically", written)
    trials = Trials(SCENES["benchmark import --replace"], place)
    said = [one for found in trials.each("kill") for one in found.wrong]
    assert any("benchmarks/replies/cases.jsonl" in one for one in said), said


def test_an_output_that_is_made_twice_would_be_seen(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(*_: Any) -> dict[str, Any]:
        return {}

    trials = Trials(SCENES["evaluate"], place)
    steps = trials.steps("kill")
    monkeypatch.setattr(Outputs, "likelihoods", forgetful)
    assert any(trials.broken("kill", steps * part // 10).lost for part in range(3, 10))


@pytest.mark.skipif(not can_arm(), reason="this Python has SQLite inside, out of reach")
def test_sqlite_s_own_writes_are_among_the_steps(place: Path) -> None:
    found = Trials(SCENES["evaluate"], place).broken("full", 10)
    assert (found.ended.was, found.ended.code) == ("sqlite write", 11)
    assert "disk is full" in found.ended.said
