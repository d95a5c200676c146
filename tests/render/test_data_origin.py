"""Origins as people read them: a row per set, a line per field."""

from __future__ import annotations

from harness.flows.training.origins import SetOrigin
from harness.records import DataOrigin
from harness.render.data_origin import missing_words, origin_text, origins_json, origins_text

OPEN = SetOrigin("voice", "voice.origin.toml", DataOrigin(owner="Ana", third_party_copy=False))


def test_a_row_says_what_is_missing() -> None:
    head, row, after = origins_text([OPEN]).splitlines()
    assert head.split() == ["set", "stated", "missing"]
    assert "2 of 8  source, licence, consent, lawful basis, contains personal data" in row
    assert after.startswith("next  lora-harness data origin SET")


def test_an_empty_project_says_so() -> None:
    assert origins_text([]) == "no training sets in the project's `datasets` folder"


def test_a_card_is_shown_field_by_field() -> None:
    lines = origin_text(OPEN).splitlines()
    assert lines[0] == "voice.origin.toml"
    assert [line.split("  ")[0] for line in lines[1:3]] == ["source", "owner"]
    assert lines[1].endswith("not stated")
    assert "third party copy        no" in lines


def test_controls_in_a_card_do_not_reach_the_terminal() -> None:
    shown = origin_text(SetOrigin("a", "a.origin.toml", DataOrigin(owner="x\x1b[2Jy")))
    assert "\x1b" not in shown


def test_programs_get_every_field_and_what_is_missing() -> None:
    (one,) = origins_json([OPEN])["sets"]
    assert (one["set"], one["origin"]["owner"]) == ("voice", "Ana")
    assert (one["origin"]["third_party_copy"], one["origin"]["source"]) == (False, "not stated")
    assert one["missing"][0] == "source"


def test_a_sentence_names_what_is_left_open() -> None:
    assert missing_words("voice.jsonl", DataOrigin()).startswith("its origin is not stated: ")
    some = DataOrigin("calls", "Ana", "own work", "asked", "contract", False, False)
    assert missing_words("voice", some).startswith("of its origin retention is not stated: ")
