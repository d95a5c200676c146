import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.alarm.evidence import Detector, course, overshoot, rises_of
from harness.alarm.week_count import WeekCount
from harness.records import ALARM, RetrainLine

LINE = RetrainLine(0.20, 0.25)
LINES = [LINE, RetrainLine(0.05, 0.10), RetrainLine(0.3, 0.6), RetrainLine(0.2, 0.25, scatter=0.0)]
weeks_of_reviews = st.lists(
    st.integers(0, 200).flatmap(
        lambda n: st.builds(WeekCount, st.just("w"), st.just(n), st.floats(0, n or 0))
    ),
    max_size=12,
)


def steady(count, n=100, rate=0.20):
    return [WeekCount(f"s{i}", n, n * rate) for i in range(count)]


def test_a_rise_well_beyond_the_line_raises_the_alarm_in_its_first_week():
    found = course([*steady(4), WeekCount("risen", 100, 45)], LINE)
    assert [week.week for week in found.alarms] == ["risen"]
    assert found.evidence >= ALARM


@pytest.mark.medium
def test_years_at_the_acceptable_rate_raise_none():
    assert not course(steady(156), LINE).alarms


@pytest.mark.parametrize("rate", [0.05, 0.10, 0.15])
def test_years_well_below_the_acceptable_rate_raise_none_and_leave_no_evidence(rate):
    found = course(steady(104, rate=rate), LINE)
    assert not found.alarms
    assert found.evidence < 1


def test_a_team_that_does_better_than_it_declared_is_alarmed_as_soon_as_any():
    risen = [WeekCount(f"r{i}", 50, 15) for i in range(8)]
    better = course([*steady(40, 50, 0.10), *risen], LINE)
    usual = course([*steady(40, 50, 0.20), *risen], LINE)
    assert better.alarms[0].week <= "r4"
    assert abs(int(better.alarms[0].week[1:]) - int(usual.alarms[0].week[1:])) <= 1


def test_after_an_alarm_the_count_begins_at_nothing():
    found = course([*steady(4), WeekCount("risen", 100, 45), *steady(1)], LINE)
    assert found.weeks[-1].evidence < 1


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(weeks_of_reviews)
def test_weeks_without_reviews_change_nothing(weeks):
    filled = [week for week in weeks if week.n]
    assert course(weeks, LINE) == course(filled, LINE)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(weeks_of_reviews, st.sampled_from(LINES))
def test_evidence_is_a_number_whatever_the_weeks_hold(weeks, line):
    for week in course(weeks, line).weeks:
        assert math.isfinite(week.evidence)
        assert week.evidence >= 0
        assert week.dispersion >= 1


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(weeks_of_reviews, st.integers(1, 200), st.floats(0, 1), st.floats(0, 1))
def test_more_edits_in_the_newest_week_never_lower_the_evidence(weeks, n, one, other):
    fewer, more = sorted((one * n, other * n))
    low, high = (course([*weeks, WeekCount("w", n, total)], LINE) for total in (fewer, more))
    assert low.evidence <= high.evidence * (1 + 1e-9)


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(weeks_of_reviews, weeks_of_reviews)
def test_later_weeks_never_change_what_was_said_before(weeks, later):
    known = course(weeks, LINE).weeks
    assert course([*weeks, *later], LINE).weeks[: len(known)] == known


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), min_size=6, max_size=6), min_size=2, max_size=4))
def test_many_series_at_once_get_the_evidence_that_each_gets_alone(series):
    totals = np.array(series, dtype=float)
    detector = Detector(LINE, len(series))
    n = np.full(len(series), 30.0)
    together = [detector.add(n, week) for week in totals.T]
    for i, mine in enumerate(series):
        alone = course([WeekCount("w", 30, total) for total in mine], LINE)
        assert [week.evidence for week in alone.weeks] == pytest.approx(
            [week[i] for week in together]
        )


def test_an_enormous_week_does_not_overflow():
    assert math.isfinite(course([WeekCount("w", 10**7, 10**7)], LINE).evidence)


def test_uneven_weeks_need_more_evidence():
    even = [*steady(12), WeekCount("risen", 60, 24)]
    uneven = [WeekCount("w", 100, 20 + 12 * (-1) ** i) for i in range(12)] + [even[-1]]
    assert course(uneven, LINE).weeks[-1].dispersion > 2
    assert course(uneven, LINE).evidence < course(even, LINE).evidence


def test_a_week_is_not_judged_by_its_own_scatter():
    weeks = [*steady(10), WeekCount("risen", 100, 60)]
    calm = [*steady(10), WeekCount("calm", 100, 20)]
    assert course(weeks, LINE).weeks[-1].scatter == course(calm, LINE).weeks[-1].scatter


def test_earlier_adapters_tell_the_scatter_and_nothing_else():
    uneven = [WeekCount("w", 100, 20 + 10 * (-1) ** i) for i in range(12)]
    now = [WeekCount("risen", 60, 20)]
    fresh, calm, wild = (course(now, LINE, earlier) for earlier in ([], [steady(26)], [uneven]))
    assert calm.weeks[0].scatter < fresh.weeks[0].scatter < wild.weeks[0].scatter
    assert calm.evidence > fresh.evidence > wild.evidence
    assert (fresh.reference, calm.reference, wild.reference) == (1, 27, 13)
    assert not calm.alarms


def test_earlier_weeks_from_an_alarm_on_are_no_example_of_scatter():
    risen = [*steady(26), *steady(10, rate=0.6)]
    now = [WeekCount("w", 60, 20)]
    assert course(now, LINE, [risen]) == course(now, LINE, [steady(26)])


def test_a_scatter_that_the_team_declares_is_taken_at_its_word():
    known = replace(LINE, scatter=0.03)
    found = course([*steady(3), WeekCount("w", 100, 20)], known)
    assert {week.scatter for week in found.weeks} == {0.03}
    assert found.weeks[0].dispersion == pytest.approx(1 + 99 * 0.03)


def test_more_false_alarms_put_up_with_are_an_earlier_alarm():
    weeks = [*steady(8), *steady(12, 20, 0.32)]
    eager, patient = (course(weeks, replace(LINE, false_alarms=rate)) for rate in (2.0, 0.02))
    assert eager.alarms
    assert not patient.alarms or patient.alarms[0].week > eager.alarms[0].week


def test_the_overshoot_is_that_of_the_tables():
    # Siegmund and Yakir's function is close to exp(-0.583 x) for small steps.
    steps = np.array([0.1, 0.5, 1.0])
    assert overshoot(steps**2 / 2) == pytest.approx(np.exp(-0.583 * steps), rel=0.02)


def test_lines_far_apart_look_for_rates_below_one():
    assert all(raised < 1 for raised in rises_of(RetrainLine(0.4, 0.9)))
