"""Columns are understood by their usual names, by what was told, and by what was told before."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError, RequestError
from harness.flows.reviews.rows import FIELDS
from harness.workspace.importers.columns import (
    Columns,
    forget_columns,
    pairs,
    remember_columns,
    remembered_columns,
    understand,
)
from tests.fakes.refusals import refused

WANTED = {"id": (), "final": ("final_text", "sent"), "adapter": ("model",), "slices": ()}


def understood(columns, told=(), constants=(), remembered=()) -> Columns:
    return understand(columns, WANTED, dict(told), dict(constants), dict(remembered), DataError)


def test_columns_are_guessed_by_their_usual_names_in_any_spelling() -> None:
    found = understood(["ID", "Final Text", "sent", "Model", "other", "slice: industry"])
    assert found.of == {
        "id": "ID",
        "final": "Final Text",
        "adapter": "Model",
        "slices.industry": "slice: industry",
    }
    assert found.unused == ("sent", "other")


@pytest.mark.parametrize(
    ("column", "field"),
    [("created_at", "at"), ("Date", "at"), ("prompt", "input"), ("draft", "output"),
     ("mt", "output"), ("pe", "final"), ("post_edit", "final"), ("sent", "final"),
     ("edited", "final"),
     ("status", "decision"), ("action", "decision"), ("editor", "reviewer"), ("user", "reviewer"),
     ("comment", "reason"), ("model", "adapter"), ("slices.industry", "slices.industry"),
     ("slice:industry", "slices.industry")],
)  # fmt: skip
def test_what_teams_call_their_columns(column: str, field: str) -> None:
    assert understand([column], FIELDS, {}, {}, {}, DataError).of == {field: column}


def test_what_is_told_goes_before_what_is_remembered_and_that_before_guesses() -> None:
    columns = ["final", "sent", "mine"]
    assert understood(columns).of["final"] == "final"
    assert understood(columns, remembered={"final": "sent"}).of["final"] == "sent"
    both = understood(columns, told={"final": "mine"}, remembered={"final": "sent"})
    assert both.of["final"] == "mine"
    assert understood(["sent"], remembered={"final": "gone"}).of["final"] == "sent"
    assert "final" not in understood(columns, told={"final": ""}).of
    assert understood(["sent"], told={"id": "sent"}).of == {"id": "sent"}


def test_a_constant_stands_in_every_row() -> None:
    found = understood(["model", "sent"], constants={"adapter": "v2", "slices.size": "small"})
    assert found.text({"model": "v1"}, "adapter") == "v2"
    assert found.slices({}) == {"size": "small"}
    assert found.has("adapter") and not found.has("id")


def test_slices_come_from_columns_and_from_an_object() -> None:
    found = understood(["slices", "slice:size"])
    row = {"slices": '{"industry": "health", "empty": " "}', "slice:size": "big"}
    assert found.slices(row) == {"industry": "health", "size": "big"}
    assert found.slices({"slices": {"industry": 7}, "slice:size": ""}) == {"industry": "7"}
    assert found.slices({"slices": None}) == {}


@pytest.mark.parametrize("value", ["{", "[]", [1], '{"a": [1]}', '{"a": "\\ud800"}', "1"])
def test_slices_that_are_no_object_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="slices"):
        understood(["slices"]).slices({"slices": value})


def test_cells_of_json_become_texts() -> None:
    found = understood(["id"])
    assert [found.text({"id": value}, "id") for value in ("x", 7, 1.5, True, None)] == [
        "x", "7", "1.5", "true", "",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="`id` is a list"):
        found.text({"id": [1]}, "id")


def test_a_column_that_is_not_there_is_said_with_what_is_near() -> None:
    with refused("no such column, did you mean `final`?", DataError):
        understood(["final"], told={"id": "fnal"})


def test_options_are_pairs_of_a_field_and_something() -> None:
    assert pairs(["final=sent=x", "slices.size=big"], "--map", WANTED) == {
        "final": "sent=x",
        "slices.size": "big",
    }
    for bad in ("final", "fnal=x", "=x"):
        with refused(f"--map {bad}: must look like FIELD=COLUMN", RequestError):
            pairs([bad], "--map", WANTED)


def test_what_was_told_is_remembered_for_its_kind_until_forgotten(tmp_path: Path) -> None:
    assert remembered_columns(tmp_path, "reviews") == {}
    forget_columns(tmp_path, "reviews")
    remember_columns(tmp_path, "reviews", {})
    assert not (tmp_path / "columns.json").exists()
    remember_columns(tmp_path, "reviews", {"final": "sent"})
    remember_columns(tmp_path, "reviews", {"id": "key"})
    remember_columns(tmp_path, "benchmark", {"input": "text"})
    assert remembered_columns(tmp_path, "reviews") == {"final": "sent", "id": "key"}
    forget_columns(tmp_path, "reviews")
    assert remembered_columns(tmp_path, "reviews") == {}
    assert remembered_columns(tmp_path, "benchmark") == {"input": "text"}


@pytest.mark.parametrize("content", ["{", "[]", '{"reviews": 1}', '{"reviews": {"a": 1}}', "\xff"])
def test_a_damaged_memory_is_refused_and_can_be_forgotten(tmp_path: Path, content: str) -> None:
    (tmp_path / "columns.json").write_text(content, encoding="latin-1")
    with refused(r"columns\.json", RequestError):
        remembered_columns(tmp_path, "reviews")
    forget_columns(tmp_path, "reviews")
    assert remembered_columns(tmp_path, "reviews") == {}
