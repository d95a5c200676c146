"""Compare a server's scores with what the store knows of the same bytes from another engine.

This is what is left to compare where the base's files are not on this machine. Tested in
tests/flows/evaluation/test_backends.py.
"""

from __future__ import annotations

from math import sqrt
from statistics import fmean, stdev

from harness.records import Run
from harness.store import Store

FAR_OFF = 0.1
"""The least difference of means that is said: server and process batch differently."""
_ERRORS = 3.0
"""Standard errors that a difference must exceed."""
_MIN_CASES = 5


def far_off(store: Store, run: Run) -> str | None:
    """Return a sentence where another engine scored the same bytes otherwise; None if it did not.

    Only runs that a server made are compared.
    """
    if "url" not in run.origin:
        return None
    engine = run.origin.get("engine")
    digest = run.digests.get("adapter", "")
    for other in store.runs.of_digest(digest, run.benchmark, run.fingerprint):
        if other.origin.get("engine") == engine or other.adapter != run.adapter:
            continue
        for metric in ("ideal_likelihood", "edit_similarity"):
            if (apart := _apart(run, other, metric)) is not None:
                here, there = apart
                return (
                    f"{run.adapter}: {metric.replace('_', ' ')} {here:.3f} at {run.origin['url']},"
                    f" and {there:.3f} by the engine {other.origin.get('engine')} on the same"
                    " bytes; the server may apply a part of the adapter, or another base"
                )
        return None  # the newest of another engine is what counts
    return None


def _apart(run: Run, other: Run, metric: str) -> tuple[float, float] | None:
    """Return both means where they are far apart, case by case."""
    known = {result.case.id: result.scores.get(metric) for result in other.results}
    pairs = [
        (mine, theirs)
        for result in run.results
        if (mine := result.scores.get(metric)) is not None
        and (theirs := known.get(result.case.id)) is not None
    ]
    if len(pairs) < _MIN_CASES:
        return None
    differences = [mine - theirs for mine, theirs in pairs]
    mean, error = fmean(differences), stdev(differences) / sqrt(len(pairs))
    if abs(mean) <= max(FAR_OFF, _ERRORS * error):
        return None
    return fmean(mine for mine, _ in pairs), fmean(theirs for _, theirs in pairs)
