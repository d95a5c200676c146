"""The origin card of a training set: strict to read, kept when written, honest when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError
from harness.records import DataOrigin
from harness.workspace.project.data_origins import (
    origin_card_of,
    read_data_origin,
    recorded_origin,
    write_data_origin,
)

WHOLE = DataOrigin(
    source='calls, "cold" and warm',
    owner="Zoë",
    licence="own work",
    consent="in the contract",
    lawful_basis="contract",
    third_party_copy=False,
    contains_personal_data=True,
    retention="to 2028",
)


def test_a_card_reads_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "voice.jsonl"
    assert write_data_origin(file, WHOLE) == tmp_path / "voice.origin.toml"
    assert read_data_origin(file) == WHOLE
    assert WHOLE.missing == ()


def test_a_set_and_its_versions_have_one_card(tmp_path: Path) -> None:
    for name in ("voice.jsonl", "voice.csv", "voice@3"):
        assert origin_card_of(tmp_path / name).name == "voice.origin.toml"


def test_without_a_card_nothing_is_stated(tmp_path: Path) -> None:
    found = read_data_origin(tmp_path / "voice.jsonl")
    assert len(found.missing) == 8
    assert set(found.stated().values()) == {"not stated"}


def test_words_that_say_not_stated_state_nothing(tmp_path: Path) -> None:
    (tmp_path / "voice.origin.toml").write_text('owner = "not stated"\nsource = "calls"\n')
    assert read_data_origin(tmp_path / "voice.jsonl") == DataOrigin(source="calls")


def test_comments_outlast_a_change(tmp_path: Path) -> None:
    file, card = tmp_path / "voice.jsonl", tmp_path / "voice.origin.toml"
    card.write_text('source = "calls"\n# ask legal in May\n')
    write_data_origin(file, DataOrigin(source="calls", owner="Ana"))
    assert card.read_text() == '# ask legal in May\nsource = "calls"\nowner = "Ana"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('license = "MIT"', "unknown key `license`, did you mean `licence`?"),
        ('third_party_copy = "maybe"', "`third_party_copy` is a text, true or false is needed"),
        ("owner = 7", "`owner` is a number, a text is needed"),
        ('owner = """a\nb"""', "`owner` must be one line"),
        ('owner = ""', "`owner` is empty"),
    ],
)
def test_a_wrong_card_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "voice.origin.toml").write_text(f"{text}\n")
    with pytest.raises(DataError) as refused:
        read_data_origin(tmp_path / "voice.jsonl")
    assert str(refused.value).startswith(f"{tmp_path / 'voice.origin.toml'}:1: ")
    assert says in str(refused.value)


@pytest.mark.parametrize("table", [None, [], "x", {"owner": 7, "third_party_copy": "no"}])
def test_a_damaged_record_states_nothing(table: object) -> None:
    assert recorded_origin(table) == DataOrigin()


def test_what_training_json_carries_is_read_back() -> None:
    assert recorded_origin(WHOLE.stated()) == WHOLE
    assert recorded_origin(DataOrigin().stated()) == DataOrigin()
