"""Proposals and the state of a reserve, as editors and programs read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from harness.flows.benchmarks.adding import AddedCases
from harness.render.reserve import (
    added_json,
    added_text,
    proposal_text,
    proposed_text,
    reserve_word,
)
from tests.text.hostile import COMMAND, acts, hostile

LEFT_OUT = {"taught": 3, "held": 0, "declined": 1, "alike": 0, "leaning": 2}
ABOUT: dict[str, Any] = {
    "benchmark": "openers", "task": "openers", "proposed": 1, "finals": 12, "left_out": LEFT_OUT,
    "synthetic": 0, "reserve": {"cases": 12, "looks": (10, 30)}, "notes": (),
}  # fmt: skip
LINE = {"id": "sent-1", "input": "Ana, Delta", "ideal": "Hi Ana", "slices": {"kind": "opener"}}


@pytest.mark.parametrize(
    ("cases", "looks", "said"),
    [
        (0, (10, 30), "0 of 30 cases: 10 more let an open verdict be looked at again, 30 more"),
        (12, (10, 30), "12 of 30 cases: an open verdict is looked at again with 10; 18 more allow"),
        (30, (10, 30), "30 cases: an open verdict is looked at again with 10 and with 30"),
        (41, (10, 30), "41 cases: an open verdict is looked at again with 10 and with 30"),
        (3, (5,), "3 of 5 cases: 2 more let an open verdict be looked at again"),
        (1, (), "1 case, and no look uses them"),
    ],
)
def test_a_reserve_says_how_many_would_do(cases: int, looks: tuple[int, ...], said: str) -> None:
    assert reserve_word(cases, looks).startswith(said)


def test_proposals_show_their_texts_and_why_there_are_no_more() -> None:
    shown = " ".join(proposed_text([LINE], ABOUT).split())
    assert shown.startswith("sent-1 kind=opener input Ana, Delta ideal Hi Ana proposed 1 of 12")
    assert "left out: 3 in a training set; 1 declined by a person; 2 so that accepted" in shown
    assert "case already" not in shown and "SYNTHETIC" not in shown


def test_made_up_texts_and_notes_are_told() -> None:
    shown = proposed_text([], {**ABOUT, "synthetic": 4, "notes": ("none is there",)})
    assert "SYNTHETIC: 4 of these nobody sent" in shown and "none is there" in shown


def test_a_conversation_is_shown_turn_by_turn() -> None:
    turns = [{"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "With milk?"}]
    line = {"id": "a", "messages": turns, "system": "", "context": ["page"], "ideal": ["x", "y"]}
    names = [text.split()[0] for text in proposal_text(line)[1:]]
    assert names == ["system", "context", "user", "assistant", "ideal", "ideal"]


def test_what_was_added_is_said_for_people_and_programs() -> None:
    found = AddedCases("cases.reserve.jsonl", (10, 30), 12, ["a", "b"], ["c"], [], ["a:1: odd"])
    told = added_json(found, dry_run=False, benchmark="openers", declined=1, waiting=4)
    assert told["added"] == ["a", "b"] and told["reserve"] == {"cases": 12, "looks": [10, 30]}
    shown = " ".join(added_text(told).split())
    assert shown.startswith("added 2 cases, 1 there already, 1 declined for ever, 4 not confirmed")
    assert "wrote cases.reserve.jsonl look at a:1: odd reserve 12 of 30 cases" in shown
    dry = added_json(found, dry_run=True)
    assert dry["file"] is None and added_text(dry).startswith("would add ")


@pytest.mark.medium
@given(hostile)
def test_no_text_of_a_stranger_acts_on_the_reader(text: str) -> None:
    line = {"id": text, "input": text, "ideal": [text], "slices": {text: text}}
    shown = proposed_text([line], {**ABOUT, "benchmark": text, "notes": (text,)})
    found = AddedCases(text, (10,), 1, [text], [text], [text], [text])
    shown += "\n" + added_text(added_json(found, dry_run=False))
    for row in shown.split("\n"):
        assert not COMMAND.search(row) and not acts(row)
