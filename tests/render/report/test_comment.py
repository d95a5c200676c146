"""The comment on a pull request: one screen, never too long, and it calls nobody."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from harness.render.report import report_markdown
from harness.render.report.comment import MAX_COMMENT
from tests.text.hostile import acts, hostile

from .materials import (
    BY_SECOND,
    CASES,
    IDEAL,
    MATERIAL,
    by_second_full_of,
    compared,
    full_of,
)

FOLD = "<details>"
MADE_HERE = {"code", "del", "ins", "details", "summary"}


def rendered(text):
    return MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)


def screen(text):
    return text.partition(FOLD)[0]


def test_verdict_reasons_and_what_to_do_come_before_the_folds():
    shown = screen(report_markdown(MATERIAL))
    order = ["❌ Reject", "Why", "a critical case broke", "What to do", "look at the logistics"]
    assert [shown.index(words) for words in order] == sorted(shown.index(w) for w in order)
    assert "| ideal likelihood (gate) | 0.412 | 0.371 |" in shown


def test_a_rejection_fits_one_screen():
    long = replace(MATERIAL.verdict, reasons=("a reason of some words",) * 9, advice=("do so",) * 9)
    shown = screen(report_markdown(replace(MATERIAL, verdict=long)))
    assert "… and 6 more, below" in shown
    assert len(shown.split("\n")) < 45
    for line in shown.split("\n"):
        assert len(line) < 700


def test_a_promotion_says_how_to_promote():
    verdict = replace(MATERIAL.verdict, outcome="promote", advice=())
    told = replace(MATERIAL, verdict=verdict, commands={"promote it": "lora-harness promote a"})
    assert "lora-harness promote a" in screen(report_markdown(told))
    assert "✅ Promote" in report_markdown(told)


def test_broken_cases_are_folded_with_their_words():
    text = report_markdown(MATERIAL)
    below = text.partition(FOLD)[2]
    assert "1 case broken" in below
    assert "<del>−Hi Ana&#44;</del> <ins>+Dear Sir or Madam&#44;</ins>" in below
    assert "<summary>1 case fixed</summary>" in below


@pytest.mark.medium
def test_of_very_many_broken_cases_whole_ones_are_left_out_and_counted():
    words = "babble! " * 80
    many = tuple(compared(f"case-{n}", "broken", 0.9, 0.1, words, words) for n in range(500))
    text = report_markdown(replace(MATERIAL, compared=many))
    assert len(text) <= MAX_COMMENT
    (left,) = re.findall(r"(\d+) more cases are left out here", text)
    assert text.count("▼ broken\n") == 500 - int(left)
    assert text.count("<details>") == text.count("</details>")
    assert "Where it comes from" in text


def test_without_texts_no_text_is_there():
    text = report_markdown(replace(MATERIAL, texts=False))
    assert "Dear Sir" not in text
    assert IDEAL not in text
    assert "broken" in text


@pytest.mark.slow
@pytest.mark.parametrize("full", [full_of, by_second_full_of])
@settings(max_examples=50, deadline=None)
@given(text=hostile)
def test_nothing_hostile_becomes_structure_wherever_it_stands(full, text):
    shown = report_markdown(full(text))
    assert len(shown) <= MAX_COMMENT
    assert not acts(shown, keep="\n\u200b")
    page = rendered(shown)
    assert "<a " not in page
    assert "<img" not in page
    assert "<pre" not in page
    assert "<h1" not in page
    assert page.count("<h2") == 1
    assert page.count("<details>") == page.count("</details>")
    ours = set(re.findall(r"</?([a-z0-9]+)", shown))
    assert ours <= MADE_HERE


@pytest.mark.parametrize(
    "calls", ["@team", "#12", "GH-12", "!12", "~label", "%1", "see https://x.y"]
)
def test_nobody_and_nothing_is_called_from_prose(calls):
    told = replace(MATERIAL, verdict=replace(MATERIAL.verdict, reasons=(calls,)))
    page = rendered(screen(report_markdown(told)))
    assert calls not in page
    assert calls in page.replace("\u200b", "")


@pytest.mark.parametrize("size", [300, 5_000, 1_000_000])
def test_a_megabyte_of_anything_is_cut(size):
    assert len(report_markdown(full_of("`@*<" * size))) <= MAX_COMMENT
    assert len(report_markdown(by_second_full_of("`@*<" * size))) <= MAX_COMMENT


def test_a_team_lead_reads_one_sentence_then_three_rows_then_a_bar_that_moved():
    shown = screen(report_markdown(BY_SECOND))
    page = re.sub(r"<[^>]+>", " ", rendered(shown))
    order = [
        "Reject: 9 of 200 texts that people sent",
        "25 cases",
        "reserve, 10 of 30 looked at",
        "200 finals since Oct 2026",
        "the bar moved: the margin of ideal_likelihood: 0.03 then, 0.3 now",
        "a critical case collapsed: opener-logistics-02",
    ]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert rendered(shown).count("<table") == 2
    assert len(shown.split("\n")) < 45


def test_margin_risk_and_lost_texts_are_folded():
    below = report_markdown(BY_SECOND).partition(FOLD)[2]
    page = rendered(below)
    assert "margin: 0.012, half of what adapter_v2 gains over the base (+0.024)" in page
    assert "forgetting: forgetting was not measured" not in page
    assert "Texts that would be lost" in below
    assert "r-1 0.600 → 0.100: Hi Ana, could we talk about empty miles?" in page
    shut = report_markdown(replace(BY_SECOND, texts=False, finals={}))
    assert "empty miles" not in shut.partition("Texts that would be lost")[2]


def test_two_blank_sides_are_said_to_be_nothing():
    blank = compared("b", "broken", 0.9, 0.1, " ", IDEAL, "")
    assert "(nothing)" in report_markdown(replace(MATERIAL, compared=(blank, *CASES)))


def test_what_a_pull_request_changes_of_the_bar_is_on_the_first_screen():
    differs = ("benchmark m is new here",)
    moved = replace(BY_SECOND.verdict, bar_commit="a1" * 20, bar_differs=differs)
    shown = screen(report_markdown(replace(BY_SECOND, verdict=moved)))
    assert "**Judged by the benchmark, policy, settings and history of commit a1a1a1a1a1a1" in shown
    assert "\n- benchmark m is new here" in shown
    assert "Judged by" not in screen(report_markdown(BY_SECOND))
