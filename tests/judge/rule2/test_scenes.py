"""Every cause of a verdict has a sentence that a team lead understands, and a next step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.judge.rule2.judged import judge_scores
from harness.judge.tested import AdapterNames
from harness.records import Policy, Verdict
from tests.judge.rule2.make import noise, sent, trial

BLANK = Verdict("inconclusive", "outreach", "outreach", "ab", "v4", "v2", None, 0, ())
STEADY = noise(25, 0.02)


def judged(d: object, *args: object, **how: object) -> Verdict:
    """The verdict on differences of v4 from v2."""
    names = AdapterNames("v4", {"promoted": "v2", "pinned": "v0"})
    return judge_scores(BLANK, trial(d, *args, **how), names)  # type: ignore[arg-type]


def fallen(*at: int) -> np.ndarray:
    """Steady differences with some cases that collapsed."""
    d = STEADY.copy()
    d[list(at)] = -0.5
    return d


CAUSES = {
    "too few": (
        judged([0.0, -0.01, 0.01]),
        "3 cases are too few to judge; at least 5 are needed",
        "add at least 2 cases",
    ),
    "dropped": (
        judged(STEADY - 0.1),
        "ideal likelihood dropped against v2 (−0.1): chance alone gives such a drop in less than",
        "see what changed: lora-harness compare v4 v2",
    ),
    "open": (
        judged(noise(25, 0.1)),
        "ideal likelihood is not shown to be as good as with v2: 0, a drop of 0.03",
        "needed for this margin (ideal likelihood); as reserve they are used only while",
    ),
    "collapsed": (
        judged(fallen(3, 7)),
        "2 of 25 cases collapsed (case-003 and case-007); from 2 on, chance does not explain it",
        "look at the collapsed cases (case-003 and case-007): lora-harness compare v4 v2",
    ),
    "critical": (
        judged(fallen(3), critical=[3]),
        "a critical case collapsed: case-003",
        "look at the collapsed cases (case-003)",
    ),
    "one collapsed": (
        judged(fallen(3)),
        "1 of 25 cases fell as far as a collapse (case-003), and no person has accepted it",
        "look at case case-003 and accept it if it is fine",
    ),
    "finals": (
        judged(STEADY, finals=sent([0.001] * 191 + [-0.5] * 9)),
        "9 of 200 texts that people sent would no longer be written; from 5 on, chance does not",
        "look at the texts that would be lost: lora-harness compare v4 v2",
    ),
    "voice": (
        judged(STEADY, finals=sent([-0.5] * 9 + [0.001] * 191)),
        "9 of 200 texts that people sent would no longer be written, all of them in the older half",
        "look at the texts that would be lost: are they still what the team wants?",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_has_its_sentence_and_its_next_step(name: str) -> None:
    verdict, reason, advice = CAUSES[name]
    assert any(said.startswith(reason) for said in verdict.reasons), verdict.reasons
    assert any(advice in said for said in verdict.advice), verdict.advice


def test_a_promotion_begins_with_the_sentence_then_each_gate_with_its_margin() -> None:
    verdict = judged(STEADY, base=0.04)
    assert verdict.reasons[0].startswith("not worse on 25 cases (at most 0.007 lower); none of 25")
    assert verdict.reasons[1] == (
        "ideal likelihood is not worse than with v2: 0, at worst a drop of 0.007 (margin 0.02)"
    )
    assert verdict.advice == ()


def test_a_collapsed_case_that_a_person_accepted_is_named_with_that() -> None:
    verdict = judged(fallen(3) + 0.05, more={"accepted": frozenset({"case-003"})})
    assert verdict.outcome == "promote"
    assert "1 of 25 cases collapsed (case-003), accepted" in verdict.reasons


def test_identical_outputs_are_called_so_and_suspected() -> None:
    verdict = judged([0.0] * 25)
    assert verdict.reasons == ("identical: no score differs from that of v2",)
    assert "lora-harness doctor v4" in verdict.advice[0]


def test_the_record_has_what_the_verdict_rests_on() -> None:
    verdict = judged(STEADY, base=0.04, finals=sent([0.001] * 200))
    assert (verdict.rule, verdict.margin_used, verdict.can_break) == (2, pytest.approx(0.02), 25)
    assert [one.source for one in verdict.margins] == ["gain"]
    assert verdict.own_cases is not None and verdict.finals is not None
    assert (verdict.own_cases.n, verdict.finals.n, verdict.reserve) == (25, 200, None)
    assert verdict.luck == pytest.approx(0.05)
    assert verdict.break_bound == pytest.approx(0.113, abs=0.001)


def test_notes_say_only_what_has_no_field_and_name_constants_of_the_first_rule() -> None:
    told = judged(STEADY, policy=replace(Policy(), break_rate=0.1)).notes
    assert told == (
        "there is no edit similarity, so ideal likelihood alone tells what collapsed",
        "[policy] break_rate: no effect on rule 2",
    )
