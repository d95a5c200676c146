from harness.alarm.alarm import watched
from harness.alarm.reasons import reasons_of
from harness.alarm.week_count import WeekCount
from harness.records import Drift, Driver, InputShift, RetrainLine

LINE = RetrainLine(0.20, 0.25)
STEADY = watched("edit_rate", [WeekCount("2026-W01", 100, 20)], LINE)
RISEN = watched("edit_rate", [WeekCount("2026-W01", 100, 60)], LINE)
SLICE = Driver("slice", "industry=retail", 40, 0.5, 0.35, 0.65)
WORD = Driver("removed", "client", 16, 0.875, 0.64, 0.96)


def test_what_raised_the_alarm_comes_before_what_explains_it():
    found = reasons_of([RISEN], [SLICE, WORD], [], None)
    assert found[0].startswith("edit rate: alarm in 2026-W01")
    assert found[-2] == "slice industry=retail: edit rate 50 % [35 %, 65 %] of 40 reviews"
    assert found[-1] == "editors remove `client`: from 14 of the 16 outputs that had it"


def test_steady_weeks_need_no_words_explained():
    assert reasons_of([STEADY], [SLICE, WORD], [], None)[-1].startswith("slice")


def test_fallen_cases_and_strange_inputs_are_named():
    drift = Drift("outreach", "a", "b", 2, 30, ("c1", "c2"), {"ideal_likelihood": (0.8, 0.7)})
    inputs = InputShift(50, 30, 0.2, 0.001, True, ("a contract\nfor court " + "x" * 99,))
    fell, strange = reasons_of([], [], [drift], inputs)
    assert fell == "benchmark outreach: fell on c1 and c2 (ideal likelihood 0.8, now 0.7)"
    assert "50 recent ones are unlike the benchmark's 30 (p 0.001)" in strange
    assert "a contract for court xxx" in strange
    assert strange.endswith("…")


def test_inputs_like_the_benchmarks_are_no_reason():
    assert reasons_of([], [], [], InputShift(50, 30, 0.01, 0.4)) == ()
