"""Forgetting on the real base: the shipped recipe is fine for its task and ruins the rest."""

from __future__ import annotations

import json

import pytest

from .conftest import ROOT, Shell

pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.fixture(scope="module")
def verdict(project: Shell) -> dict[str, object]:
    """On an adapter trained at a hundred times the usual rate, judged as a task's first one."""
    done = project("harness.cli", "train", "overfitted",
                   "--recipe", str(ROOT / "adapters/recipes/overfit.toml"),
                   "--data", str(ROOT / "adapters/datasets/outreach_50.jsonl"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = project("harness.cli", "evaluate", "overfitted", "--benchmark", "outreach",
                   "--against", "base", "--json")  # fmt: skip
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_it_is_trained_at_a_hundred_times_the_usual_rate(project, verdict):
    training = json.loads((project.folder / "adapters/overfitted/training.json").read_text())
    usual = json.loads((ROOT / "adapters/adapter_v1/training.json").read_text())
    rates = [each["recipe"]["learning_rate"] for each in (training, usual)]
    assert rates[0] == pytest.approx(100 * rates[1])


def test_a_trained_adapter_is_sound_and_says_where_it_comes_from(project, verdict):
    training = json.loads((project.folder / "adapters/overfitted/training.json").read_text())
    assert {"base", "dataset", "prompt", "seed", "versions", "parent"} <= training.keys()
    assert training["dataset"]["examples"] == 50
    assert training["anyway"] == []
    assert project("harness.cli", "doctor", "overfitted").returncode == 0


def test_its_task_scores_are_fine(verdict):
    """Which words it writes may differ between machines by a case; what decides here does not."""
    gate = next(m for m in verdict["metrics"] if m["role"] == "gate")
    assert gate["state"] == "better"
    assert "worse" not in {m["state"] for m in verdict["metrics"] if m["role"] != "report"}
    over_base = next(w for w in verdict["worth"] if w["against"] == "base")
    assert over_base["low"] > 0


def test_the_guard_rejects_it_and_so_the_verdict_does(verdict):
    (guard,) = verdict["guards"]
    assert (guard["benchmark"], guard["outcome"]) == ("general", "reject")
    assert verdict["outcome"] == "reject"
    assert any(r.startswith("guard benchmark general rejects") for r in verdict["reasons"])


def test_what_it_forgot_is_shown_beside_what_it_gained(verdict):
    (lost,) = verdict["forgetting"]
    assert (lost["benchmark"], lost["against"], lost["state"]) == ("general", "base", "worse")
    assert lost["high"] < 0
    assert (lost["n"], lost["says"]) == (20, "it was lost")
