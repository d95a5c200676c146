"""A verdict on a page: the sentence and the rows of the report, and nothing in them acts."""

from __future__ import annotations

import re
from dataclasses import replace

from dashboard import told
from harness.render.evidence import evidence
from tests.render.second import SECOND, second_full_of
from tests.render.test_verdict import VERDICT

ACTS = "<img src=x onerror=alert(1)> **bold** :red[x] $x$ \u202ex `code` [a](javascript:b)"


def words_of(made: str) -> str:
    """The words of elements, without their tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", made).split())


def test_the_sentence_stands_below_the_counts() -> None:
    shown = words_of(told.outcome(SECOND, ", computed just now"))
    assert shown.startswith(
        "✕ reject ✕ 1 broken ✓ 1 fixed of 35 cases, computed just now Reject: 9"
    )


def test_three_rows_then_the_bar_that_moved() -> None:
    shown = words_of(told.rests_on(SECOND))
    order = ["25 cases", "reserve, 10 of 30", "200 finals since Oct 2026", "The bar moved: the mar"]
    places = [shown.index(words) for words in order]
    assert places == sorted(places)


def test_a_list_says_cases_reserve_and_finals_by_themselves_in_a_line_each() -> None:
    made = told.in_short(evidence(SECOND))
    lines = [words_of(line) for line in re.findall(r"<div>(?!<div>).*?</div>", made)]
    assert [line.partition(":")[0] for line in lines] == [
        "25 cases",
        "reserve, 10 of 30 looked at",
        "200 finals since Oct 2026",
    ]
    assert told.rows(()) == ""


def test_a_verdict_computed_for_the_page_claims_nothing_about_reserve_and_finals() -> None:
    bare = replace(SECOND, reserve=None, finals=None, bar_moved=())
    shown = words_of(told.rests_on(bare, stored=False))
    assert "25 cases" in shown
    assert "reserve" not in shown and "finals" not in shown


def test_a_verdict_of_the_first_rule_has_no_rows_and_keeps_its_notes() -> None:
    assert told.rests_on(VERDICT) == ""
    assert "Reject:" not in told.outcome(VERDICT, "")
    assert "also 3 of 30 are new" in words_of(told.shown_with_it(VERDICT))


def test_margin_risk_and_the_worst_slice_are_named() -> None:
    shown = words_of(told.shown_with_it(SECOND))
    for said in (
        "margin 0.012, half of what adapter_v2 gains",
        "risk 81 % that ideal likelihood truly dropped",
        "can break 1 of 12 that can break collapsed: up to 34 % could",
        "forgetting not measured",
        "worst slice industry=logistics (6 cases) −0.210, p 0.01",
        "also 3 of 35 are new",
    ):
        assert said in shown, said


def test_lost_texts_have_their_words_where_the_store_has_them() -> None:
    shown = words_of(told.lost(SECOND, {"r-1": "Hi Ana, how many miles are empty?"}))
    assert "r-1 1 Oct 2026 0.600 0.100 Hi Ana, how many miles are empty? r-2" in shown


def test_nothing_hostile_acts_on_a_page() -> None:
    evil = second_full_of(ACTS, replace(SECOND, reasons=(ACTS, ACTS)))
    for made in (
        told.outcome(evil, ""),
        told.rests_on(evil),
        told.shown_with_it(evil),
        told.lost(evil, {ACTS: ACTS}),
    ):
        assert "<img" not in made
        assert "&lt;img" in made
        assert "\u202e" not in made
