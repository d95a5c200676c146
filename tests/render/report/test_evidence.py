"""The report begins with the sentence and the rows, and lists the texts that would be lost."""

from __future__ import annotations

from dataclasses import replace

from harness.render.report import report_html
from harness.render.report.evidence import lost_texts, rests_on

from .materials import BY_SECOND, MATERIAL
from .test_page import Read


def test_the_sentence_and_the_rows_stand_above_the_reasons() -> None:
    text = Read(report_html(BY_SECOND)).text
    order = [
        "Reject: 9 of 200 texts that people sent would no longer be written",
        "25 cases not worse is not shown +0.004 on average, at most 0.021 lower",
        "reserve, 10 of 30 looked at a critical case collapsed with them −0.003",
        "200 finals since Oct 2026 too many are lost −0.021 on average",
        "The bar moved: the margin of ideal_likelihood: 0.03 then, 0.3 now",
        "Why a critical case collapsed: opener-logistics-02",
        "margin 0.012, half of what adapter_v2 gains over the base",
        "can break 1 of 12 that can break collapsed: up to 34 % could",
        "forgetting not measured: the project has no guard benchmark",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_a_verdict_of_the_first_rule_has_neither() -> None:
    assert rests_on(MATERIAL.verdict) is None
    assert lost_texts(MATERIAL) is None
    text = Read(report_html(MATERIAL)).text
    assert "what it rests on" not in text
    assert "up to 14.9 % could break in production" in text


def test_lost_texts_stand_with_their_likelihoods_and_their_words() -> None:
    text = Read(report_html(BY_SECOND)).text
    assert "r-1 1 Oct 2026 kind=terminology 0.600 0.100 Hi Ana, could we talk" in text
    assert "r-9" in text


def test_without_texts_their_words_are_left_out() -> None:
    page = report_html(replace(BY_SECOND, texts=False))
    assert "could we talk" not in page
    assert "r-1" in page


def test_of_very_many_lost_texts_some_are_counted() -> None:
    assert BY_SECOND.verdict.finals is not None
    names = tuple(f"r-{n}" for n in range(70))
    many = replace(BY_SECOND.verdict.finals, texts=names, collapsed=70)
    told = replace(BY_SECOND, verdict=replace(BY_SECOND.verdict, finals=many))
    assert "20 texts more would be lost" in Read(report_html(told)).text
