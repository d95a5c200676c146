"""What an adapter learnt from, with its parents' sets, is known from its training.json on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.flows.evaluation.data_origin import taught_data
from harness.records import DataOrigin, TaughtData

STATED = DataOrigin(source="calls", owner="Ana", third_party_copy=False)


def trained(adapters: Path, name: str, about: dict[str, Any]) -> None:
    (adapters / name).mkdir(parents=True, exist_ok=True)
    (adapters / name / "training.json").write_text(json.dumps(about))


def dataset(name: str, **more: str) -> dict[str, Any]:
    return {"dataset": {"name": name, "fingerprint": "f" * 64} | more}


def test_what_was_recorded_at_the_training_counts(tmp_path: Path) -> None:
    trained(tmp_path, "v1", dataset("voice.jsonl") | {"origin": STATED.stated()})
    assert taught_data(tmp_path, "v1") == (TaughtData("v1", "voice.jsonl", "f" * 64, STATED),)


def test_the_card_states_later_what_the_training_left_open(tmp_path: Path) -> None:
    trained(tmp_path, "v1", dataset("voice.jsonl") | {"origin": STATED.stated()})
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/voice.origin.toml").write_text('owner = "Ben"\nlicence = "own work"\n')
    (found,) = taught_data(tmp_path, "v1")
    assert (found.origin.owner, found.origin.licence) == ("Ana", "own work")


def test_the_sets_of_parents_follow(tmp_path: Path) -> None:
    trained(tmp_path, "v1", dataset("first.jsonl"))
    parent = {"parent": {"name": "v1", "digest": "d"}}
    trained(tmp_path, "v2", dataset("more.jsonl", version="more@3") | parent)
    found = [(one.adapter, one.set) for one in taught_data(tmp_path, "v2")]
    assert found == [("v2", "more@3"), ("v1", "first.jsonl")]


def test_an_adapter_of_others_says_that_nothing_is_stated(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    (found,) = taught_data(tmp_path, "foreign")
    assert set(found.stated().values()) == {"foreign", "not stated"}
    assert taught_data(tmp_path, "base") == ()


def test_a_name_in_a_training_json_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret.origin.toml").write_text('owner = "Eve"\n')
    (tmp_path / "adapters/datasets").mkdir(parents=True)
    trained(tmp_path / "adapters", "v1", dataset("../../secret.jsonl"))
    (found,) = taught_data(tmp_path / "adapters", "v1")
    assert found.origin == DataOrigin()
