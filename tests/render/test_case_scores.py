"""A table of cases and metrics fits its terminal and never shows a missing score as zero."""

from __future__ import annotations

import pytest

from harness.render.case_scores import CaseScores, CaseScoreTable, score_table_text
from harness.text.table import display_width

METRICS = ("ideal_likelihood", "edit_similarity", "embedding_similarity", "edit_rate", "own_metric")
FOUND = CaseScoreTable(
    METRICS,
    (
        CaseScores("short", "", (0.4, 0.5, 0.6, 0.7, None)),
        CaseScores("x" * 200 + "::warning::", "broke", (0.6, 0.5, 0.6, 0.7, None)),
    ),
)


def test_a_missing_score_is_a_dash_and_no_part_of_the_mean() -> None:
    *_, short, _long, mean = score_table_text(FOUND).splitlines()
    assert short.split() == ["short", "0.400", "0.500", "0.600", "0.700", "–"]
    assert mean.split() == ["mean", "of", "2", "cases", "0.500", "0.500", "0.600", "0.700", "–"]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_names_are_cut_and_columns_that_do_not_fit_are_named(width: int) -> None:
    lines = score_table_text(FOUND, width).splitlines()
    assert max(map(display_width, lines)) <= width
    assert all("::" not in line for line in lines)
    text = " ".join(" ".join(lines).split())
    assert ("too narrow for" in text) == (width < 80)
    if width == 40:
        assert "embedding sim., edit rate, own metric: widen the terminal" in text
