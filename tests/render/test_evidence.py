"""A team lead reads one sentence, then cases, reserve and finals as three rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.judge.rule2.judged import UNMEASURED
from harness.records import FinalsUse, Policy, ReserveUse
from harness.render import verdict_text
from harness.render.evidence import evidence, further_reasons, in_one_sentence, lost_finals
from harness.render.facts import other_notes
from tests.render.second import LOST, SECOND, second_full_of
from tests.render.test_verdict import VERDICT
from tests.text.hostile import COMMAND, acts, hostile

ALONE = replace(SECOND, reserve=None, finals=None)


def row(place: int, **fields: object) -> tuple[str, str, str]:
    """The row at a place of the verdict with these fields."""
    found = evidence(replace(SECOND, **fields))[place]
    return found.what, found.says, found.seen


def test_the_sentence_is_the_outcome_with_its_first_reason() -> None:
    assert in_one_sentence(SECOND).startswith("Reject: 9 of 200 texts that people sent would no")
    assert further_reasons(SECOND) == SECOND.reasons[1:]


def test_a_verdict_of_the_first_rule_is_told_as_before() -> None:
    assert in_one_sentence(VERDICT) == ""
    assert evidence(VERDICT) == ()
    assert further_reasons(VERDICT) == VERDICT.reasons
    assert other_notes(VERDICT) == VERDICT.notes
    assert "  this benchmark can certify a margin of 0.021" in verdict_text(VERDICT)


def test_each_row_says_what_it_is_what_was_seen_and_what_it_says() -> None:
    assert row(0) == (
        "25 cases",
        "not worse is not shown",
        "+0.004 on average, at most 0.021 lower; 0 of 11 that can break collapsed",
    )
    assert row(1) == (
        "reserve, 10 of 30 looked at",
        "a critical case collapsed",
        "with them −0.003 on average, at most 0.018 lower; 1 of 35 collapsed",
    )
    assert row(2) == (
        "200 finals since Oct 2026",
        "too many are lost",
        "−0.021 on average, at most 0.035 lower; 9 would be lost, so at most 7.7 % can be",
    )


def test_a_reserve_that_was_not_used_and_one_that_is_not_there_are_told_apart() -> None:
    unused = ReserveUse(1, 0, 30, says="not needed")
    assert row(1, reserve=unused) == ("reserve of 30 cases", "not needed", "")
    assert row(1, reserve=None) == (
        "no reserve",
        "lora-harness benchmark propose fills it",
        "",
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"notes": ("finals: 57 of the 100 that are needed",)}, "57 of the 100 that are needed"),
        (
            {"notes": ("finals: not available here, no review is in the store",)},
            "not available here, no review is in the store",
        ),
        ({}, "not available here"),
        ({"promoted": None}, "nothing is promoted yet"),
        ({"policy": Policy(finals=0)}, "[policy] finals = 0"),
        ({"runs": {}}, "--finals gives them"),
    ],
)
def test_finals_that_were_not_weighed_say_why(fields: dict[str, object], says: str) -> None:
    assert row(2, finals=None, **fields) == ("no finals", says, "")


def test_what_a_row_says_is_not_said_again_among_the_notes() -> None:
    told = replace(ALONE, notes=(UNMEASURED, "finals: not available here", "3 of 35 are new"))
    assert other_notes(told) == ("3 of 35 are new",)


def test_a_guard_benchmark_rests_on_its_cases_alone() -> None:
    (only,) = evidence(replace(ALONE, task=None))
    assert only.what == "25 cases"


def test_few_finals_and_missing_scores_claim_nothing() -> None:
    one = FinalsUse(1, 0, 0.01, -1.0, 0.95, False, says="1 of the 100 that may decide")
    assert row(2, finals=one)[2].startswith("+0.010 on average; none would be lost")
    assert SECOND.own_cases is not None
    none = replace(SECOND.own_cases, mean=None, low=None, can_break=0)
    assert row(0, own_cases=none)[2] == "no scores; no case can break"


def test_samples_are_named_with_the_cases() -> None:
    assert row(0, samples=3)[0] == "25 cases × 3 samples"


def test_lost_texts_are_named_also_where_their_likelihoods_are_not_kept() -> None:
    assert lost_finals(SECOND) == LOST
    assert SECOND.finals is not None
    bare = replace(SECOND, finals=replace(SECOND.finals, weighed=()))
    assert [one.id for one in lost_finals(bare)] == [one.id for one in LOST]
    assert lost_finals(ALONE) == ()


def test_the_terminal_shows_the_sentence_then_the_rows_then_the_bar() -> None:
    text = verdict_text(SECOND)
    order = [
        "  Reject: 9 of 200 texts",
        "  25 cases                     not worse is not shown: +0.004",
        "  reserve, 10 of 30 looked at  a critical case collapsed: with them",
        "  200 finals since Oct 2026    too many are lost: −0.021",
        "  would be lost  r-1, r-2",
        "  the bar moved  the margin of ideal_likelihood: 0.03 then, 0.3 now",
        "  why   a critical case collapsed: opener-logistics-02",
        "  margin       0.012, half of what adapter_v2 gains over the base (+0.024)",
        "  also  3 of 35 are new",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert text.count("9 of 200 texts") == 1
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.medium
@settings(max_examples=60, deadline=None)
@given(hostile)
def test_nothing_hostile_acts_on_a_terminal(text: str) -> None:
    shown = verdict_text(second_full_of(text, SECOND), width=60)
    assert not acts(shown, keep="\n")
    assert not any(COMMAND.search(line) for line in shown.split("\n"))
