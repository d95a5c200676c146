"""A verdict on a page: the sentence and the rows of the report, and nothing in them acts."""

from __future__ import annotations

import re
from dataclasses import replace

from dashboard import told
from harness.records import Worth
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
        "✕ reject ✕ 1 collapsed ✓ 1 fixed of 35 cases, computed just now Reject: 9"
    )


def test_one_word_and_one_number_say_what_went_wrong_as_the_sentence_does() -> None:
    assert SECOND.own_cases is not None
    cases = replace(SECOND.own_cases, collapsed=12)
    many = replace(SECOND, reserve=None, own_cases=cases, broken=SECOND.broken * 20)
    shown = words_of(told.outcome(many, ""))
    assert "12 collapsed" in shown and "broken" not in shown
    said = told.beside_collapsed(many)
    assert said.startswith("Broken below are the 12 that collapsed and 8 that fell as far")
    none = replace(many, own_cases=replace(cases, collapsed=0))
    assert told.beside_collapsed(none).startswith("Broken below are 20 that fell as far")
    assert told.beside_collapsed(replace(many, broken=SECOND.broken * 12)) == ""
    assert told.beside_collapsed(VERDICT) == ""
    assert "1 broken" in words_of(told.outcome(VERDICT, "")), "the first rule counts broken cases"


def test_guards_stand_in_the_table_of_metrics_with_their_benchmarks_name() -> None:
    guard = replace(VERDICT, task=None, benchmark="manners", alpha=0.01, guards=())
    shown = words_of(told.metrics(replace(VERDICT, guards=(guard,))))
    assert "manners guard 0.412 0.371 −0.041 [−0.066, −0.016]" in shown


def test_a_table_for_each_reference_is_named_and_the_legend_says_what_is_drawn() -> None:
    assert "against pinned" in words_of(told.metrics(VERDICT))
    shown = words_of(told.legend(VERDICT))
    assert shown == "▼ worse ◆ open ● not worse ┃ margin ▶ open side of what decided"


def test_it_says_what_fine_tuning_was_worth_and_what_it_cost_elsewhere() -> None:
    prompted = Worth(
        *("base+prompt", "outreach", "ideal_likelihood", "gate", 0.03, -0.02, 0.08, 30, "open"),
        "a good prompt does nearly as well",
    )
    lost = Worth("base", "general", "ideal_likelihood", "gate", -0.1, -0.2, -0.01, 20, "worse")
    made = told.worth(replace(SECOND, worth=(prompted,), forgetting=(lost,)))
    shown = words_of(str(made))
    assert (
        "base+prompt +0.030 [−0.020, +0.080] 30 ● open a good prompt does nearly as well" in shown
    )
    assert "general, ideal likelihood (gate) base −0.100 [−0.200, −0.010] 20 ✕ worse" in shown


def test_a_gain_that_was_not_asked_for_is_said_to_be_so_and_the_base_has_none() -> None:
    bare = replace(SECOND, worth=(), forgetting=())
    assert "not asked: there is no run of base" in words_of(str(told.worth(bare)))
    assert told.worth(replace(bare, candidate="base")) is None
    assert told.worth(replace(bare, task=None)) is None


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
        told.metrics(replace(evil, metrics=tuple(replace(m, role=ACTS) for m in evil.metrics))),  # type: ignore[arg-type]
        told.shown_with_it(evil),
        told.lost(evil, {ACTS: ACTS}),
    ):
        assert "<img" not in made
        assert "&lt;img" in made
        assert "\u202e" not in made
