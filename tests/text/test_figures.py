"""Numbers are written one way: a true minus, missing as a dash."""

import math

from harness.measure import METRICS
from harness.text import figures


def test_differences_have_a_sign_and_nothing_has_none():
    assert figures.signed(-0.0411) == "−0.041"
    assert figures.signed(0.017) == "+0.017"
    assert figures.signed(-0.0001) == "0.000"
    assert figures.interval(-0.041, -0.066, -0.016) == "−0.041 [−0.066, −0.016]"


def test_missing_is_a_dash_and_not_a_number():
    for value in (None, math.nan, math.inf):
        assert figures.score(value) == figures.signed(value) == figures.percent(value) == "–"
    assert figures.interval(0.5, None, None) == "+0.500"


def test_small_chances_are_not_rounded_to_none():
    assert figures.chance(0.0) == "p < 0.001"
    assert figures.chance(0.0123) == "p 0.012"


def test_known_metrics_have_their_own_titles_and_others_by_the_same_rule():
    for metric in METRICS.values():
        assert figures.metric_title(metric.name) == metric.title
    assert figures.metric_title("my_tone") == "my tone"


def test_days_are_written_for_people():
    assert figures.day("2026-09-12T10:00:00Z") == "12 Sep 2026"
    assert figures.day("last week") == "last week"
    assert figures.day("2026-13-12") == "2026-13-12"
