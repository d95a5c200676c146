"""Training on the real base: a small adapter with its provenance, fit for the gate."""

from __future__ import annotations

import json

import pytest

from .conftest import ROOT

pytestmark = [pytest.mark.real, pytest.mark.trains]


def test_a_trained_adapter_is_sound_and_says_where_it_comes_from(fresh):
    lines = (ROOT / "adapters/datasets/outreach_50.jsonl").read_text(encoding="utf-8").split("\n")
    (fresh.folder / "few.jsonl").write_text("\n".join(lines[:16]) + "\n", encoding="utf-8")
    done = fresh("harness.cli", "train", "tiny", "--data", "few.jsonl", "--epochs", "1",
                 "--rank", "2", "--learning-rate", "0.005", "--anyway", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    training = json.loads((fresh.folder / "adapters/tiny/training.json").read_text())
    assert made["examples"] == training["dataset"]["examples"] == 16
    assert training["recipe"]["rank"] == 2
    assert training["anyway"] == ["16 examples, fine-tuning needs 50 or more"]
    assert {"base", "dataset", "prompt", "seed", "versions", "parent"} <= training.keys()
    assert fresh("harness.cli", "doctor", "tiny").returncode == 0


def test_a_name_that_is_taken_is_refused_before_anything_is_trained(fresh):
    data = str(ROOT / "adapters/datasets/outreach_50.jsonl")
    done = fresh("harness.cli", "train", "adapter_v1", "--data", data)
    assert done.returncode == 4
    assert "exists already" in done.stderr
