import pytest

from harness.alarm.alarm import ENOUGH, RECENT, gravest, watched
from harness.alarm.reasons import state_of
from harness.alarm.week_count import WeekCount
from harness.records import RetrainLine

LINE = RetrainLine(0.20, 0.25)
STEADY = [WeekCount(f"2026-W{i:02}", 100, 20) for i in range(1, 6)]


def test_weeks_at_the_acceptable_rate_are_steady():
    found = watched("edit_rate", STEADY, LINE)
    assert found.state == "steady"
    assert found.rate == pytest.approx(0.20)
    assert found.n == 100 * RECENT
    assert found.low < 0.20 < found.high


def test_an_alarm_is_retrain_until_it_is_acknowledged_also_in_better_weeks():
    found = watched("edit_rate", [*STEADY, WeekCount("2026-W10", 100, 50), *STEADY], LINE)
    assert found.state == "retrain"
    assert "alarm in 2026-W10" in found.reasons[0]
    assert found.evidence >= 520


def test_evidence_short_of_the_alarm_is_watched():
    found = watched("edit_rate", [*STEADY, WeekCount("2026-W10", 100, 32)], LINE)
    assert found.state == "watch"
    assert 40 <= found.evidence < 520


def test_a_last_week_surely_above_the_line_is_watched():
    # Uneven weeks before it keep the evidence down.
    uneven = [WeekCount(f"w{i}", 100, 20 + 8 * (-1) ** i) for i in range(13)]
    found = watched("edit_rate", [*uneven, WeekCount("2026-W20", 100, 36)], LINE)
    assert found.evidence < 40
    assert found.state == "watch"
    assert "2026-W20 alone is surely above the line" in found.reasons[0]


def test_too_few_reviews_are_watched_and_say_so():
    found = watched("edit_rate", [WeekCount("2026-W01", ENOUGH - 1, 1)], LINE)
    assert found.state == "watch"
    assert "too few" in found.reasons[0]
    assert watched("edit_rate", [WeekCount("2026-W01", ENOUGH, 1)], LINE).state == "steady"


def test_no_review_is_not_a_rate_of_zero():
    found = watched("rejection_rate", [], LINE)
    assert (found.rate, found.low, found.n, found.evidence) == (None, None, 0, None)
    assert found.state == "watch"


def test_without_a_line_there_is_a_rate_but_no_evidence():
    found = watched("edit_rate", STEADY, None)
    assert found.rate == pytest.approx(0.20)
    assert found.evidence is None
    assert found.state == "watch"


def test_the_benchmark_is_steady_until_it_is_run_again():
    assert watched("benchmark", [], RetrainLine(0.04, 0.1)).state == "steady"
    fallen = watched("benchmark", [WeekCount("2026-12-01", 30, 12)], RetrainLine(0.04, 0.1))
    assert fallen.state == "retrain"


def test_a_task_is_as_grave_as_its_gravest_signal_that_has_a_line():
    steady = watched("edit_rate", STEADY, LINE)
    unlined = watched("rejection_rate", [WeekCount("w", 100, 90)], None)
    alarmed = watched("rejection_rate", [WeekCount("w", 100, 90)], LINE)
    assert state_of([steady, unlined]) == "steady"
    assert state_of([steady, alarmed]) == "retrain"
    assert state_of([unlined]) == "watch"
    assert gravest([]) == "watch"
