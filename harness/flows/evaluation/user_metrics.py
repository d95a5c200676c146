"""Metrics that other packages registered under the entry point group `harness.metrics`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from harness.errors import BenchmarkError
from harness.libraries import versions
from harness.measure import METRICS, UserMetric
from harness.registered import METRICS as GROUP
from harness.registered import Registered, names, registered
from harness.workspace.formats.fields import kind_of, suggestion

_MEASURES = ("rapidfuzz", "sacrebleu")


def user_metrics(wanted: tuple[str, ...]) -> dict[str, UserMetric]:
    """The functions of those that are not our own: text and case in, a number in 0..1 out."""
    return {name: _found(name).value for name in wanted if name not in METRICS}


def measures(wanted: tuple[str, ...], benchmark: str = "") -> Mapping[str, str]:
    """What the scores come from, with versions; another version of a metric scores anew.

    `benchmark`: whose `[metrics]` ask for them, to be named where there is no such metric.
    """
    where = f"benchmark {benchmark}: [metrics] " if benchmark else ""
    others = {
        f"metric {name}": _found(name, where).package for name in wanted if name not in METRICS
    }
    return versions(_MEASURES) | others


@cache
def _found(name: str, where: str = "") -> Registered:
    """Looked up once: every run of a session asks, and each look reads every package's files."""
    found = registered(GROUP, name, BenchmarkError)
    if found is None:
        known = suggestion(name, [*METRICS, *names(GROUP)])
        raise BenchmarkError(f"{where}{name}: no such metric{known}")
    if not callable(found.value):
        raise BenchmarkError(
            f"{name}: {found.place} of {found.package} is {kind_of(found.value)},"
            " a function of output and case is needed"
        )
    return found
