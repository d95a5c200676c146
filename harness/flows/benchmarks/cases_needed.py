"""Estimate how many cases a margin needs, from the spread between adapters on this version.

Tested in tests/flows/benchmarks/test_check.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from statistics import median

import numpy as np

from harness.judge import default_rules
from harness.judge.intervals import Spread, binary_cases_needed, spent_alpha, spread
from harness.judge.intervals import cases_needed as cases_for
from harness.records import Benchmark, CasesNeeded
from harness.store import Store
from harness.store.health import Scores, scores_on

_MIN_PAIRED = 3
"""Cases that two runs must share before their spread says anything."""


def margins_of(benchmark: Benchmark, asked: float | None) -> dict[str, float]:
    """Return the margin of every deciding metric; `asked`, if given, replaces them all."""
    named = benchmark.metrics or default_rules(("ideal_likelihood", "edit_similarity"))
    return {r.name: asked or r.margin for r in named if r.role == "gate" and r.margin is not None}


def cases_needed(
    store: Store, benchmark: Benchmark, margins: Mapping[str, float], judged: int
) -> list[CasesNeeded]:
    """Return the number of cases for every margin; metrics without enough history are left out."""
    alpha = spent_alpha(benchmark.policy, judged + 1)  # that of the next candidate to be judged
    found = []
    for metric, margin in margins.items():
        pairs = _pairs(store, benchmark.fingerprint, metric)
        spreads = {names: _spread(benchmark, *both) for names, both in pairs.items()}
        seen = {names: one for names, one in spreads.items() if one is not None}
        if not seen:
            continue
        # se * sqrt(n) is the deviation of a single case, which does not depend on the run's size
        middle = median(one.se * one.n**0.5 for one in seen.values())
        whole = Spread(0.0, middle, 1, 2)
        # 0-or-1 scores need no spread: enough cases of which none falls show the margin
        if all(set(run.values.values()) <= {0.0, 1.0} for both in pairs.values() for run in both):
            needed = binary_cases_needed(margin, alpha, benchmark.policy)
        else:
            needed = cases_for(whole, margin, alpha, benchmark.policy)
        found.append(CasesNeeded(metric, margin, needed, middle, tuple(seen)))
    return found


def _pairs(
    store: Store, fingerprint: str, metric: str
) -> dict[tuple[str, str], tuple[Scores, Scores]]:
    """Pair each adapter's scores with its predecessor's; a single adapter's with the base's."""
    runs = scores_on(store.database, fingerprint, metric, base=False)
    if len(runs) == 1:
        runs = [*scores_on(store.database, fingerprint, metric, base=True), *runs]
    return {(after.adapter, before.adapter): (after, before) for before, after in pairwise(runs)}


def _spread(benchmark: Benchmark, after: Scores, before: Scores) -> Spread | None:
    """Return the spread of the paired differences, None for too few groups of cases."""
    cases = [c for c in benchmark.cases if c.id in after.values and c.id in before.values]
    # a case without a group is a group by itself; \0 keeps it apart from a group of that name
    groups = [case.group or f"\0{case.id}" for case in cases]
    if len(set(groups)) < _MIN_PAIRED:
        return None
    differences = np.array([after.values[c.id] - before.values[c.id] for c in cases])
    if len(set(groups)) == len(groups):
        return spread(differences)
    return spread(differences, np.unique(groups, return_inverse=True)[1])
