"""A repositioning as people read it: counts that agree, and nothing that acts on a terminal."""

from __future__ import annotations

from dataclasses import replace

from harness.flows.training.repositioning import Repositioned
from harness.records import VoiceDay
from harness.render.reposition import ideals_text, next_text, repositioned_text, run_means

MARK = VoiceDay(
    "reposition", "openers", 1, "2026-06-01", "Ana", "founders\x1b[2J", "2026-06-01T09:00:00Z",
    "openers", "f", "voice@2", 1, 1, 0,
)  # fmt: skip
DONE = Repositioned(MARK, "voice.jsonl", 0, 0, False, False)


def test_one_is_one_and_controls_do_not_act() -> None:
    said = repositioned_text(DONE)
    assert "1 new example, each taught 1 time; 0 examples retired" in said
    assert "\x1b" not in said


def test_a_dry_run_and_a_second_time_say_so() -> None:
    assert "would be repositioned on 2026-06-01" in repositioned_text(replace(DONE, dry_run=True))
    assert "nothing was written" in repositioned_text(replace(DONE, again=True))


def test_two_voices_at_once_are_named() -> None:
    both = "both voices are taught"
    assert both in repositioned_text(replace(DONE, old=3))
    assert both not in repositioned_text(replace(DONE, old=3, mark=replace(MARK, retired=2)))
    assert both not in repositioned_text(DONE)


def test_the_next_commands_name_version_and_task() -> None:
    assert "--data voice@2 --task openers" in next_text(MARK)


def test_proposals_are_a_table_of_the_first_ten() -> None:
    line = {"id": "a", "ideal": ["Dear Ana", "x"], "likelihood": {"promoted": 0.8, "new": 0.5}}
    about = {"cases": 30, "adapter": "v5", "fall": 0.03}
    said = ideals_text([line] * 12, about).splitlines()
    assert said[0] == (
        "ideals  30 cases weighed under v5: 12 speak the old voice, a person rewrites them"
    )
    assert said[2].split() == ["a", "0.800", "0.500", "Dear", "Ana"]
    assert said[-1] == "… and 2 more"
    assert ideals_text([], about).endswith("none fell by more than 0.03")


def test_without_runs_there_is_no_mean() -> None:
    assert run_means([]) == []
