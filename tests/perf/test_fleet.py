"""A simulated night goes through the product's own plan: all is done once, whoever is lost."""

from __future__ import annotations

from dataclasses import replace

import fleet
import pytest
from fleet_cluster import Costs, SimulatedRay
from fleet_driver import DriverCosts, answers

from harness.engines.batches import batches_of
from harness.engines.protocol import Mounted
from harness.records import Generation

COSTS = Costs(load=60.0, mount=0.5, piece=1.0, case=0.1, weigh=0.01, read=0.05)
NOTHING = DriverCosts(0.0, 0.0, 0.0, 0.0)
CASES = 30
ONCE = COSTS.piece + CASES * (COSTS.case + COSTS.weigh)
"""What an adapter takes, besides its mount."""
ONCE_AND_MOUNT = ONCE + COSTS.mount


def night(
    adapters: int,
    workers: int,
    *,
    lost_every: float = 0.0,
    driver: DriverCosts = NOTHING,
    costs: Costs = COSTS,
    seed: int = 0,
    cases: int = CASES,
) -> fleet.Night:
    cluster = SimulatedRay(fleet.Described(), costs, workers, seed=seed, lost_every=lost_every)
    return fleet.simulated(adapters, fleet.prompts(cases), cluster, driver)


@pytest.mark.medium
def test_sixty_four_workers_are_busy_and_nothing_is_done_twice() -> None:
    found = night(2_000, 64, costs=replace(COSTS, load=5.0))
    assert found.busy(found.stream) >= fleet.BUSY
    assert found.twice == 0.0
    assert found.spent["mount"] == pytest.approx(2_000 * COSTS.mount)


@pytest.mark.parametrize(("workers", "lost_every"), [(1, 400.0), (8, 60.0)])
def test_all_is_done_however_many_workers_are_lost(workers: int, lost_every: float) -> None:
    found = night(1_000, workers, lost_every=lost_every)
    assert found.losses > 1
    assert found.spent["write"] + found.spent["weigh"] == pytest.approx(1_000 * ONCE)
    assert found.twice > 0


@pytest.mark.medium
def test_a_worker_lost_every_hour_costs_less_than_a_hundredth() -> None:
    found = night(3_000, 8, lost_every=fleet.HOUR, costs=replace(COSTS, case=1.0))
    assert found.losses >= 1
    assert 0 < found.twice < fleet.TWICE


def test_pieces_of_an_adapter_with_many_cases_mount_it_once() -> None:
    found = night(100, 8, cases=300)
    assert found.spent["read again"] == 0.0
    assert found.spent["mounted again"] < 0.1 * found.spent["mount"]  # helpers at the end


def test_a_slow_driver_is_named_with_what_it_feeds() -> None:
    driver = DriverCosts(before=0.01, stream=0.2, store=0.1, judge=0.1)
    found = night(500, 64, driver=driver)
    said = "\n".join(fleet.advice(found, 500))
    assert found.busy(found.stream) < fleet.BUSY
    assert "64 workers: busy" in said
    fed = round(ONCE_AND_MOUNT / driver.stream / fleet.BUSY)
    assert f"a driver that takes 200 ms for an adapter keeps {fed} such workers 90% busy" in said


def test_the_same_seed_is_the_same_night() -> None:
    first, same, other = (night(300, 4, lost_every=200.0, seed=seed) for seed in (3, 3, 4))
    assert first == same != other


def test_the_workers_of_the_drivers_trial_answer_every_prompt_and_ideal() -> None:
    asked = fleet.prompts(CASES)
    mounted = Mounted("one", "1", None)
    (batch,) = batches_of(mounted, asked, asked, Generation(), 64)
    results = list(answers(batch))
    assert [o.case for r in results for o in r.outputs] == [p.case for p in batch.prompts]
    assert {w.case for r in results for w in r.weighed} == {p.case for p in asked}
