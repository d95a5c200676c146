"""Texts on a page and in a downloaded file: shown, never executed."""

from __future__ import annotations

import pytest

from dashboard import pieces, words
from dashboard.downloads import as_csv
from dashboard.rates import basis, line_words, short
from harness.flows.queries import PageRate, RateLine
from harness.records import CheckResult

ACTS = "<img src=x onerror=alert(1)> **bold** :red[x] $x$ \u202ex `code` [a](javascript:b)"


def test_html_holds_no_tag_and_shows_what_acts() -> None:
    for made in (words.block(ACTS), pieces.badge(ACTS), pieces.fact(ACTS, ACTS, ACTS)):
        assert "<img" not in made
        assert "\u202e" not in made


def test_a_label_has_every_sign_of_markdown_escaped() -> None:
    made = words.label(ACTS, 200)
    for sign in "<>*:[]$`()":
        assert f"\\{sign}" in made
        assert sign not in made.replace(f"\\{sign}", "")


def test_nothing_is_shown_as_nothing_and_long_as_cut() -> None:
    assert "(nothing)" in words.block(" \n")
    assert words.cut("x" * 100_000)
    assert not words.cut("x" * words.SHOWN)
    assert "98000 more characters" in words.block("x" * 100_000)


def test_what_changed_is_told_by_colour_and_by_sign() -> None:
    made = words.difference("Hi <b>Ana</b>", "Hi Bob")
    assert "<del>−&lt;b&gt;Ana&lt;/b&gt;</del>" in made
    assert "<ins>+Bob</ins>" in made


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@x"])
def test_a_spreadsheet_runs_nothing(cell: str) -> None:
    told = as_csv(["text", "number"], [[cell, -0.5]]).decode("utf-8-sig").split("\r\n")
    assert told[0] == "text,number"
    assert told[1].strip('"').startswith("'")
    assert told[1].endswith(",-0.5")


def test_a_missing_number_is_empty_in_a_file_and_a_dash_on_a_page() -> None:
    assert as_csv(["a", "b"], [["x", None]]).decode("utf-8-sig") == "a,b\r\nx,\r\n"
    assert short(PageRate()) == "–"


def test_a_rate_tells_its_interval_its_n_and_its_line() -> None:
    assert basis(PageRate(0.2, 0.15, 0.27, 120)) == "15.0 to 27.0 %, 120 reviews"
    assert basis(PageRate(n=1)) == "1 review"
    assert line_words(RateLine(0.2, 0.25)) == "fine to 20 %, retrain from 25 %"
    assert line_words(RateLine()) == "no line declared"


def test_a_failed_check_says_why_and_a_passed_one_nothing() -> None:
    checks = (
        CheckResult("terms", "report", False, "<b>client</b>"),
        CheckResult("json", "must", True),
    )
    made = pieces.failed(checks)
    assert made.count("✕") == 1
    assert "&lt;b&gt;client" in made


def test_on_a_phone_every_cell_knows_its_column() -> None:
    made = pieces.table(["name", "n"], [["<b>v1</b>", "3"]], "<>")
    assert 'data-name="n">3<' in made
    assert "lh-number" in made


def test_a_csv_says_yes_and_no_and_leaves_a_missing_figure_empty() -> None:
    made = as_csv(("override", "rate"), ((True, None), (False, 0.0))).decode("utf-8-sig")
    assert made == "override,rate\r\nyes,\r\nno,0.0\r\n"
