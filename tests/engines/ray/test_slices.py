"""A cluster is cut into equal parts that fit."""

from __future__ import annotations

import pytest

from harness.engines.ray.slices import Slices, slices
from harness.errors import SettingsError
from harness.records import Cluster
from tests.fakes.refusals import refused

TWO = [{"CPU": 2.0, "memory": 1e9}]
LARGE = [{"CPU": 64.0, "GPU": 8.0}, {"CPU": 64.0, "GPU": 8.0}]
UNEVEN = [{"CPU": 16.0}, {"CPU": 2.0}, {"memory": 1e9}]


@pytest.mark.parametrize(
    ("nodes", "asked", "gpus", "found"),
    [
        (TWO, Cluster(), False, Slices(1, 2, 0)),
        (TWO, Cluster(actors=2), False, Slices(2, 1, 0)),
        (TWO, Cluster(cores=1), False, Slices(2, 1, 0)),
        (LARGE, Cluster(), False, Slices(32, 4, 0)),
        (LARGE, Cluster(), True, Slices(16, 1, 1)),
        (LARGE, Cluster(actors=3, cores=8), True, Slices(3, 8, 1)),
        (UNEVEN, Cluster(), False, Slices(9, 2, 0)),
        (UNEVEN, Cluster(cores=4), False, Slices(4, 4, 0)),
    ],
)
def test_what_is_not_said_is_what_fits(
    nodes: list[dict[str, float]], asked: Cluster, gpus: bool, found: Slices
) -> None:
    assert slices(nodes, asked, gpus) == found


@pytest.mark.parametrize("asked", [Cluster(actors=3), Cluster(actors=2, cores=2), Cluster(cores=3)])
def test_more_than_there_is_is_refused(asked: Cluster) -> None:
    with refused("do not fit", SettingsError):
        slices(TWO, asked, False)


def test_a_cluster_without_what_this_machine_has_is_refused() -> None:
    with refused("the cluster has no GPU", SettingsError):
        slices(TWO, Cluster(), True)
