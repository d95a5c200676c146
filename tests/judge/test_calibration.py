"""A small, seeded piece of `make calibrate`: the promises about error rates, n = 25.

The limits are the project's, widened by what 300 draws can miss by chance (three standard errors).
"""

import importlib.util
import math
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.judge.rule1.ways import verdict_from_paired

DRAWS = 300
HERE = Path(__file__).resolve().parents[2] / "perf" / "calibrate_simulation.py"


def load():
    spec = importlib.util.spec_from_file_location("calibrate_simulation", HERE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


simulation = load()
WORLDS = {world.name: world for world in simulation.WORLDS}
WITH_TEXTS = [name for name in WORLDS if name != "likelihood alone"]


@cache
def shares(world, scenario):
    outcomes = Counter(
        verdict_from_paired(paired).outcome
        for paired in simulation.benchmarks(WORLDS[world], scenario, 25, DRAWS, seed=11)
    )
    return {outcome: outcomes[outcome] / DRAWS for outcome in ("promote", "reject")}


def at_most(limit):
    return limit + 3 * math.sqrt(limit * (1 - limit) / DRAWS)


def at_least(limit):
    return limit - 3 * math.sqrt(limit * (1 - limit) / DRAWS)


@pytest.mark.medium
@pytest.mark.parametrize("world", WORLDS)
def test_an_unchanged_adapter_is_rarely_rejected(world):
    assert shares(world, "unchanged")["reject"] <= at_most(0.06)


@pytest.mark.medium
@pytest.mark.parametrize("world", WORLDS)
def test_one_worse_by_exactly_the_margin_is_rarely_promoted(world):
    assert shares(world, "worse by the margin")["promote"] <= at_most(0.06)


@pytest.mark.medium
@pytest.mark.parametrize("world", WITH_TEXTS)
def test_broken_cases_are_not_hidden_by_a_mean_that_held(world):
    assert shares(world, "10 % broken, mean held")["promote"] <= at_most(0.12)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_a_lost_slice_is_not_hidden_by_a_mean_that_held(world):
    lost = shares(world, "a slice lost, mean held")
    assert lost["promote"] <= at_most(0.04)
    assert lost["reject"] >= at_least(0.70)


def test_the_spread_of_the_likelihood_lets_an_unchanged_adapter_through_at_25_cases():
    assert shares("likelihood alone", "unchanged")["promote"] >= at_least(0.90)


def test_two_guards_beside_the_likelihood_cost_little():
    assert shares("likelihood, 2 guards", "unchanged")["promote"] >= 0.80
