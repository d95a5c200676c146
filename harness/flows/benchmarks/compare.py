"""Compare two versions of a benchmark: a folder, the project's benchmark, or a stored run's."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchmarkError
from harness.findings.difference import (
    case_differences,
    reserve_difference,
    settings_differences,
)
from harness.flows.project import Project, rules
from harness.flows.store import open_store
from harness.records import Benchmark, BenchmarkDifference, Case
from harness.store.health import versions_of
from harness.workspace.project.benchmarks import read_folder

_STORED = re.compile(r"(?P<name>[^@/\\]+)@(?P<fingerprint>[0-9a-f]{4,64})")


@dataclass(frozen=True, slots=True)
class _Version:
    label: str
    fingerprint: str
    cases: tuple[Case, ...]
    whole: Benchmark | None
    """None for a stored run's version: runs keep the cases, not the prompt and the metrics."""


def diff(project: Project, old: str, new: str, *, store: str | None = None) -> BenchmarkDifference:
    """Return the cases and settings that changed from the old version to the new."""
    before, after = (_version(project, place, store) for place in (old, new))
    added, removed, changed = case_differences(before.cases, after.cases)
    both = (before.whole, after.whole)
    settings = settings_differences(both[0], both[1]) if both[0] and both[1] else ()
    return BenchmarkDifference(
        old=before.label,
        new=after.label,
        old_fingerprint=before.fingerprint,
        new_fingerprint=after.fingerprint,
        added=added,
        removed=removed,
        changed=changed,
        settings=settings,
        whole=None not in both,
        reserve=reserve_difference(both[0], both[1]) if both[0] and both[1] else None,
    )


def _version(project: Project, place: str, store: str | None) -> _Version:
    stored = _STORED.fullmatch(place)
    if stored:
        return _from_runs(project, stored["name"], stored["fingerprint"], store)
    if "/" in place or "\\" in place or place in (".", ".."):
        found = read_folder(Path(place), project.settings.generation, rules())
    else:
        found = project.benchmark(place)
    return _Version(place, found.fingerprint, found.cases, found)


def _from_runs(project: Project, name: str, wanted: str, url: str | None) -> _Version:
    """Return the version that stored runs have, by the beginning of its fingerprint."""
    with closing(open_store(project, url)) as store:
        known = versions_of(store.database, name)
        fitting = [fingerprint for fingerprint in known if fingerprint.startswith(wanted)]
        if len(fitting) != 1:
            listed = ", ".join(fingerprint[:12] for fingerprint in fitting or known)
            problem = f"no complete run of a benchmark {name} is in the store"
            if fitting:
                problem = f"several versions begin so ({listed}), say more"
            elif known:
                problem = f"no run on such a version, known are {listed}"
            raise BenchmarkError(f"{name}@{wanted}: {problem}")
        run = store.runs.by_id(known[fitting[0]])
    assert run is not None  # `versions_of` has just read its id from this store
    cases = tuple(result.case for result in run.results)
    return _Version(f"{name}@{fitting[0][:6]}", fitting[0], cases, None)
