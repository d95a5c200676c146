"""Minutes per hundred outputs, savings and their intervals, against a table worked out by hand."""

from __future__ import annotations

from math import sqrt

import pytest
from scipy.stats import t

from harness.alarm.editing_time import (
    basis_of,
    edit_rate,
    minutes,
    monthly,
    predicted_saving,
    ratio,
    saving,
)
from harness.records import Estimate, WeekTimes, WorthSettings

NOTHING = WorthSettings()
DECLARED = WorthSettings(minutes_per_edit=3.0, minutes_per_rewrite=9.0)


def week(
    name: str, accepted: int = 0, edited: int = 0, rejected: int = 0, **more: float
) -> WeekTimes:
    """Return a week; its reviews took equally long, and have the same edit rate."""
    given = {"timed": 0, "seconds": 0.0, "edit_n": 0, "edit_sum": 0.0, "synthetic": 0} | more
    given["seconds_squared"] = given["seconds"] ** 2 / max(given["timed"], 1)
    given["edit_squared"] = given["edit_sum"] ** 2 / max(given["edit_n"], 1)
    return WeekTimes(name, accepted, edited, rejected, **given)  # type: ignore[arg-type]


EDITS_ONLY = WorthSettings(minutes_per_edit=3.0)

# 2 reviews a week; per 100 outputs: 100 and 200 minutes before, 50 and 70 after.
BEFORE = [
    week("2026-W01", accepted=2, timed=2, seconds=120.0),
    week("2026-W02", edited=2, timed=2, seconds=240.0),
]
AFTER = [
    week("2026-W03", accepted=2, timed=2, seconds=60.0),
    week("2026-W04", accepted=2, timed=2, seconds=84.0),
]


def test_measured_minutes_are_the_mean_and_weeks_tell_their_interval() -> None:
    found = minutes(BEFORE, "measured", NOTHING)
    assert found is not None
    # (120 + 240) s / 4 = 1.5 min; weeks 50 apart on either side of 150: se 50, 1 degree of freedom.
    assert (found.value, found.se, found.df, found.n) == (150.0, 50.0, 1, 4)
    one = found.estimate()
    assert (one.low, one.high) == pytest.approx((150 - 12.7062 * 50, 150 + 12.7062 * 50), abs=0.01)


def test_the_saving_and_its_interval_equal_the_table() -> None:
    found = saving(minutes(BEFORE, "measured", NOTHING), minutes(AFTER, "measured", NOTHING))
    assert found is not None
    # 150 - 60; standard errors 50 and 10; Welch: 2600^2 / (2500^2 + 100^2) degrees of freedom.
    df = 2600**2 / (2500**2 + 100**2)
    reach = t.ppf(0.975, df) * sqrt(2600)
    assert (found.value, found.n) == (90.0, 8)
    assert (found.low, found.high) == pytest.approx((90 - reach, 90 + reach))


def test_declared_minutes_count_edits_and_rewrites_over_all_reviews() -> None:
    weeks = [
        week("2026-W01", accepted=6, edited=3, rejected=1),
        week("2026-W02", accepted=9, edited=1),
    ]
    found = minutes(weeks, basis_of([weeks], DECLARED), DECLARED)
    # 3*3 + 9 = 18 min and 3 min on 10 outputs each: 105 per 100; weeks 75 apart on either side.
    assert found is not None
    assert (found.value, found.se, found.n) == (105.0, 75.0, 20)


def test_weeks_that_happen_to_be_alike_leave_the_doubt_of_their_reviews() -> None:
    weeks = [week(f"2026-W0{n}", accepted=2, edited=2) for n in (1, 2)]
    found = minutes(weeks, "declared", DECLARED)
    # 4 of 8 at 300, 4 at 0: s^2 = 8 * 150^2 / 7
    assert found is not None
    assert (found.value, found.df) == (150.0, 1)
    assert found.se == pytest.approx(sqrt(8 * 150**2 / 7 / 8))


def test_a_single_week_has_a_figure_and_no_interval() -> None:
    found = minutes(BEFORE[:1], "measured", NOTHING)
    assert found is not None and found.estimate() == Estimate(100.0, None, None, 2)
    told = saving(found, minutes(AFTER, "measured", NOTHING))
    assert told == Estimate(40.0, None, None, 6)


UNTIMED = [week("2026-W05", accepted=5, edited=3, rejected=2)]


@pytest.mark.parametrize(
    ("sides", "declared", "basis"),
    [
        ([BEFORE, AFTER], NOTHING, "measured"),
        ([BEFORE, AFTER], DECLARED, "measured"),
        ([BEFORE, UNTIMED], NOTHING, None),
        ([BEFORE, UNTIMED], DECLARED, "declared"),
        ([UNTIMED], NOTHING, None),
        ([UNTIMED], EDITS_ONLY, None),
        ([[week("2026-W05", accepted=5, edited=3)]], EDITS_ONLY, "declared"),
        ([[week("2026-W05", accepted=5)]], NOTHING, None),
        ([[]], DECLARED, None),
        ([UNTIMED, []], DECLARED, None),
        ([UNTIMED], WorthSettings(cost_per_hour=60.0, outputs_per_month=900.0), None),
    ],
)  # fmt: skip
def test_minutes_are_measured_or_declared_alike_on_all_sides_and_never_made_up(
    sides: list[list[WeekTimes]], declared: WorthSettings, basis: str | None
) -> None:
    assert basis_of(sides, declared) == basis
    if basis is None:
        assert minutes(sides[0], None, declared) is None


def test_the_edit_rate_is_the_mean_over_the_finals() -> None:
    weeks = [
        week("2026-W01", edited=4, edit_n=4, edit_sum=0.8),
        week("2026-W02", edited=4, edit_n=4, edit_sum=1.6),
    ]
    found = edit_rate(weeks)
    assert found is not None
    assert (found.value, found.se) == (pytest.approx(0.3), pytest.approx(0.1))
    assert edit_rate([week("2026-W01", rejected=3)]) is None


def test_the_ratio_is_of_means_over_the_same_cases() -> None:
    found = ratio([0.4, 0.6, 0.2, 0.8], [0.2] * 4, list("abcd"))
    assert found is not None
    # 2.0 / 0.8; residuals 0.1, 0.1, 0.3, 0.3: variance 4/3 * 0.2 / 0.8^2.
    assert found.value == pytest.approx(2.5)
    assert found.se == pytest.approx(sqrt(4 / 3 * 0.2 / 0.64))
    assert (found.df, found.n) == (3, 4)


def test_cases_of_a_group_are_one_observation() -> None:
    found = ratio([0.4, 0.6, 0.2, 0.8], [0.2] * 4, list("aabb"))
    assert found is not None and found.df == 1


def test_no_ratio_is_told_where_the_adapter_needs_no_edit() -> None:
    assert ratio([0.4], [0.0], ["a"]) is None
    assert ratio([], [], []) is None
    assert predicted_saving(minutes(AFTER, "measured", NOTHING), None) is None


def test_the_predicted_saving_carries_both_doubts() -> None:
    now = minutes(AFTER, "measured", NOTHING)
    times = ratio([0.4, 0.6, 0.2, 0.8], [0.2] * 4, list("abcd"))
    found = predicted_saving(now, times)
    assert now is not None and times is not None and found is not None
    # 60 * (2.5 - 1); variances (1.5 * 10)^2 + (60 * se)^2; the fewer degrees of freedom: 1.
    se = sqrt((1.5 * 10) ** 2 + (60 * sqrt(4 / 3 * 0.2 / 0.64)) ** 2)
    assert found.value == pytest.approx(90.0)
    assert found.low == pytest.approx(90.0 - t.ppf(0.975, 1) * se)


def test_a_saving_becomes_hours_money_and_a_number_of_outputs() -> None:
    declared = WorthSettings(cost_per_hour=60.0, training_hours=30.0, outputs_per_month=1000.0)
    found = monthly(Estimate(90.0, 45.0, 135.0, 8), declared)
    assert found is not None
    assert found.hours == Estimate(15.0, 7.5, 22.5, 8)
    assert found.money == Estimate(900.0, 450.0, 1350.0, 8)
    assert (found.pays_from, found.pays_from_at_worst) == (2000, 4000)


@pytest.mark.parametrize(
    ("value", "low", "pays"), [(-5.0, -9.0, (None, None)), (5.0, -1.0, (36_000, None))]
)
def test_where_nothing_is_saved_nothing_pays(
    value: float, low: float, pays: tuple[int | None, int | None]
) -> None:
    found = monthly(Estimate(value, low, 9.0, 8), WorthSettings(training_hours=30.0))
    assert found is not None
    assert (found.pays_from, found.pays_from_at_worst) == pays
    assert found.hours is None and found.money is None


def test_no_saving_is_nothing_a_month() -> None:
    assert monthly(None, DECLARED) is None
