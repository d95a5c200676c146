"""A small, seeded piece of `make calibrate`: false alarms and delays, 20 to 200 reviews a week."""

import importlib.util
import math
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parents[2] / "perf" / "calibrate_alarm.py"
DRAWS = 200


def load():
    spec = importlib.util.spec_from_file_location("calibrate_alarm", HERE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


calibrate = load()
WORLDS = {world.name: world for world in calibrate.WORLDS}
WHOLE = WORLDS["20 to 200 reviews"]
FRACTIONAL = WORLDS["20 to 200, fractional rates"]


def at_most(limit):
    """Widened by what this many simulated years can miss by chance: three standard errors."""
    return limit + 3 * math.sqrt(limit / (DRAWS * calibrate.QUIET_YEARS))


def test_steady_weeks_raise_at_most_one_false_alarm_in_ten_years():
    found = calibrate.false_alarms(WHOLE, calibrate.detected, DRAWS, seed=11)
    assert found <= at_most(0.1)
    assert calibrate.false_alarms(FRACTIONAL, calibrate.detected, 30, seed=11) <= 0.2


def test_this_week_is_above_the_line_would_raise_dozens():
    assert calibrate.false_alarms(WHOLE, calibrate.above, 50, seed=11) > 2


def test_a_rise_from_20_to_30_per_cent_is_found_in_three_weeks():
    after_half_a_year = calibrate.weeks_to_find(WHOLE, calibrate.detected, 26, DRAWS, seed=11)
    at_once = calibrate.weeks_to_find(WHOLE, calibrate.detected, 0, DRAWS, seed=11)
    assert median(after_half_a_year) <= 3
    assert median(at_once) <= 3
