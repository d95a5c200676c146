import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from harness.alarm.alarm import REFERENCE_WEEKS, RISES, Dispersion, WeekCount, course, rises_of
from harness.records import ALARM, RetrainLine

LINE = RetrainLine(0.20, 0.25)
weeks_of_reviews = st.lists(
    st.integers(0, 200).flatmap(
        lambda n: st.builds(WeekCount, st.just("w"), st.just(n), st.floats(0, n or 0))
    ),
    max_size=12,
)


def steady(count, n=100, rate=0.20):
    return [WeekCount(f"s{i}", n, n * rate) for i in range(count)]


def by_hand(weeks, line):
    """The formula written out, for fewer weeks than a dispersion needs."""
    raised = [line.acceptable + rise * (line.retrain - line.acceptable) for rise in RISES]
    totals = [0.0] * len(raised)
    for week in weeks:
        for j, p in enumerate(raised):
            weight = week.total * math.log(p / line.acceptable)
            weight += (week.n - week.total) * math.log((1 - p) / (1 - line.acceptable))
            totals[j] = (1 + totals[j]) * math.exp(weight)
    return sum(totals) / len(totals)


def test_the_evidence_is_the_mean_of_four_recursions():
    weeks = [WeekCount("a", 40, 9.5), WeekCount("b", 60, 18), WeekCount("c", 25, 4)]
    assert course(weeks, LINE).evidence == pytest.approx(by_hand(weeks, LINE), rel=1e-12)


@pytest.mark.parametrize("line", [LINE, RetrainLine(0.05, 0.10), RetrainLine(0.3, 0.6)])
def test_at_the_acceptable_rate_a_week_adds_nothing_on_average(line):
    # What the 260 weeks rest on: under the acceptable rate each factor has the mean 1.
    n = 12
    for raised in rises_of(line):
        one, zero = (
            math.log(raised / line.acceptable),
            math.log((1 - raised) / (1 - line.acceptable)),
        )
        mean = sum(
            binom.pmf(k, n, line.acceptable) * math.exp(k * one + (n - k) * zero)
            for k in range(n + 1)
        )
        assert mean == pytest.approx(1)


def test_fractional_edit_rates_add_at_most_what_whole_edits_do():
    one, zero = math.log(0.3 / 0.2), math.log(0.7 / 0.8)
    values = (0.0, 0.1, 0.7)  # their mean is 0.2 with these weights
    chances = (0.5, 0.3, 0.2)
    assert sum(v * c for v, c in zip(values, chances, strict=True)) <= 0.2
    pairs = product(zip(values, chances, strict=True), repeat=2)
    mean = sum(
        a[1] * b[1] * math.exp((a[0] + b[0]) * one + (2 - a[0] - b[0]) * zero) for a, b in pairs
    )
    assert mean <= 1


def test_a_rise_well_beyond_the_line_raises_the_alarm_in_its_first_week():
    found = course([*steady(4), WeekCount("risen", 100, 45)], LINE)
    assert [week.week for week in found.alarms] == ["risen"]
    assert found.evidence >= ALARM


def test_years_at_the_acceptable_rate_raise_none():
    assert not course(steady(156), LINE).alarms


def test_after_an_alarm_the_count_begins_at_nothing():
    found = course([*steady(4), WeekCount("risen", 100, 45), *steady(1)], LINE)
    alone = course(steady(1), LINE)
    assert found.weeks[-1].evidence == pytest.approx(alone.evidence)


@settings(max_examples=40)
@given(weeks_of_reviews)
def test_weeks_without_reviews_change_nothing(weeks):
    filled = [week for week in weeks if week.n]
    assert course(weeks, LINE) == course(filled, LINE)


@settings(max_examples=40)
@given(weeks_of_reviews)
def test_evidence_is_a_number_whatever_the_weeks_hold(weeks):
    for week in course(weeks, LINE).weeks:
        assert math.isfinite(week.evidence)
        assert week.evidence >= 0
        assert week.dispersion >= 1


def test_an_enormous_week_does_not_overflow():
    assert math.isfinite(course([WeekCount("w", 10**7, 10**7)], LINE).evidence)


def test_dispersion_is_pearsons_over_the_weeks():
    weeks = [WeekCount("w", 50, total) for total in (5, 15, 5, 15, 5, 15, 5, 15)]
    seen = Dispersion()
    for week in weeks:
        seen.add(week)
    # chi-square: 8 weeks of 5² / (50 · 0.2 · 0.8), over 7 degrees of freedom
    assert seen.value == pytest.approx(8 * 25 / 8 / 7)


def test_fewer_than_eight_weeks_do_not_tell_the_dispersion():
    uneven = [WeekCount("w", 50, total) for total in (0, 20, 0, 20, 0, 20, 0)]
    assert len(uneven) == REFERENCE_WEEKS - 1
    found = course(uneven, LINE)
    assert not found.known
    assert found.dispersion == 1


def test_uneven_weeks_need_more_evidence():
    even = [*steady(12), WeekCount("risen", 60, 24)]
    uneven = [WeekCount("w", 100, 20 + 12 * (-1) ** i) for i in range(12)] + [even[-1]]
    assert course(uneven, LINE).weeks[-1].dispersion > 3
    assert course(uneven, LINE).evidence < course(even, LINE).evidence


def test_more_even_than_chance_is_no_reason_for_more_evidence():
    assert course(steady(20), LINE).weeks[-1].dispersion == 1


def test_a_week_is_not_judged_by_its_own_dispersion():
    weeks = [*steady(10), WeekCount("risen", 100, 60)]
    assert course(weeks, LINE).weeks[-1].dispersion == 1


def test_lines_far_apart_look_for_rates_below_one():
    assert all(raised < 1 for raised in rises_of(RetrainLine(0.4, 0.9)))
