"""A small, seeded piece of `make calibrate`: false alarms and delays."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest

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
FOUR = calibrate.WORLDS[:4]
MEDIANS = dict(zip([world.name for world in FOUR], (8, 4, 10, 7), strict=True))


def at_most(limit, years):
    """Widened by what this many simulated years can miss by chance: three standard errors."""
    return limit + 3 * math.sqrt(limit / years)


@pytest.mark.slow
@pytest.mark.parametrize("world", FOUR, ids=lambda world: world.name)
def test_steady_weeks_raise_at_most_one_false_alarm_in_ten_years_from_the_first_week_on(world):
    first, later = calibrate.false_alarms(world, calibrate.detected, DRAWS, seed=11)
    assert first <= at_most(0.1, DRAWS)
    assert later <= at_most(0.1, DRAWS * (calibrate.QUIET_YEARS - 1))


@pytest.mark.medium
def test_continuous_edit_rates_raise_fewer():
    world = WORLDS["40, continuous edit rates"]
    assert sum(calibrate.false_alarms(world, calibrate.detected, 50, seed=11)) <= 0.1


def test_this_week_is_above_the_line_would_raise_dozens():
    assert sum(calibrate.false_alarms(FOUR[0], calibrate.above, 50, seed=11)) > 10


@pytest.mark.medium
@pytest.mark.parametrize("world", FOUR, ids=lambda world: world.name)
def test_a_rise_from_20_to_30_per_cent_is_found_in_time(world):
    found = calibrate.weeks_to_find(world, calibrate.detected, 26, DRAWS, seed=11)
    assert np.median(found) <= MEDIANS[world.name]


@pytest.mark.medium
@pytest.mark.parametrize("world", FOUR, ids=lambda world: world.name)
def test_a_declared_scatter_comes_within_a_week_of_a_cusum_that_is_told_the_rise(world):
    ours = calibrate.weeks_to_find(world, calibrate.told, 26, DRAWS, seed=11)
    rule = calibrate.tuned_cusum(world, DRAWS, seed=11)
    theirs = calibrate.weeks_to_find(world, rule, 26, DRAWS, seed=11)
    assert np.median(ours) <= np.median(theirs) + 1
