"""Cut a cluster into workers: how many, and the cores and GPUs of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import SettingsError
from harness.records import Cluster

_MAX_CORES = 4
"""Cores of a slice unless the settings say otherwise: more help a small batch little."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Equal parts of a cluster."""

    actors: int
    cores: int
    gpus: int
    """Cores and GPUs are those of each worker."""


def slices(nodes: Sequence[Mapping[str, float]], asked: Cluster, gpus: bool) -> Slices:
    """Cut nodes, given by their resources as Ray names them; refuse more workers than fit."""
    what = "GPU" if gpus else "CPU"
    there = [int(node.get(what, 0)) for node in nodes if node.get(what, 0) >= 1]
    if not there:
        raise SettingsError(
            f"ray: the cluster has no {what}; it must have what this machine has, since outputs"
            " are addressed by the device"
        )
    if gpus:
        return _checked(Slices(asked.actors or sum(there), asked.cores or 1, 1), sum(there), what)
    cores = asked.cores or _cores(there, asked.actors)
    fitting = sum(node // cores for node in there)
    return _checked(Slices(asked.actors or max(1, fitting), cores, 0), fitting, what)


def _cores(there: Sequence[int], actors: int) -> int:
    if not actors:
        return min(_MAX_CORES, *there) if len(there) > 1 else min(_MAX_CORES, there[0])
    return max(1, min(sum(there) // actors, *there) if len(there) > 1 else there[0] // actors)


def _checked(found: Slices, fitting: int, what: str) -> Slices:
    if found.actors > fitting:
        each = "one GPU" if found.gpus else f"{found.cores} cores"
        raise SettingsError(
            f"ray: {found.actors} workers with {each} each do not fit, {fitting} would;"
            " see `actors` and `cores` in [tool.harness.ray]"
        )
    return found
