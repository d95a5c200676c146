"""A verdict as an in-toto v1 Statement: the adapter, its references, the policy and the outcome.

It names files by their digests and holds no input, ideal or output, so it may be handed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.records import CALENDAR, Run, TaughtData, Verdict
from harness.text.plain import plain

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:lora-harness:verdict:v1"
"""A name, not an address: no software looks for it on the network, and it uses no domain."""
ADAPTER_DIGEST = "loraHarnessAdapterV1"
"""Not `sha256`, which in-toto reserves for the hash of a single file's bytes."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """The evidence for a verdict, from the store and the adapter's folder."""

    verdict: str
    """Id of the verdict."""
    made: str
    """When it was given; ISO 8601, UTC."""
    digest: str
    """Of the adapter: sha256 over the judged files' names and digests."""
    files: Mapping[str, str]
    """The judged files, each with the sha256 of its bytes."""
    policy: str
    """Digest of the policy."""
    runs: Mapping[str, Run]
    """By role: the candidate always, then promoted, pinned or base as the verdict names them."""
    recomputed_with: str | None = None
    """The version of this software that came to the same verdict from stored scores."""
    fetched_from: str | None = None
    """The place that the adapter's bytes were fetched from, as recorded beside them."""
    taught: Sequence[TaughtData] = ()
    """The training sets that it learnt from, with the origin of each."""


def statement(verdict: Verdict, grounds: Grounds) -> dict[str, Any]:
    """Return the Statement; equal verdicts on equal files give equal statements."""
    files = [
        {"name": f"{verdict.candidate}/{name}", "digest": {"sha256": digest}}
        for name, digest in sorted(grounds.files.items())
    ]
    whole = {"name": verdict.candidate, "digest": {ADAPTER_DIGEST: grounds.digest}}
    found = {
        "_type": STATEMENT,
        "subject": [*files, whole],
        "predicateType": PREDICATE,
        "predicate": _predicate(verdict, grounds),
    }
    return dict(plain(found))


def _predicate(verdict: Verdict, grounds: Grounds) -> dict[str, Any]:
    candidate = grounds.runs["candidate"]
    return {
        "verdict": grounds.verdict,
        "time": grounds.made,
        "outcome": verdict.outcome,
        "task": verdict.task,
        "benchmark": _benchmark(verdict) | {"cases": verdict.n},
        "policy": {
            "digest": grounds.policy,
            "values": verdict.policy,
            "metrics": verdict.rules,
            "alpha": verdict.alpha,
        },
        "base": {"digest": candidate.digests.get("base")},
        "promoted": _reference(verdict.promoted, grounds.runs.get("promoted")),
        "pinned": _reference(verdict.pinned, grounds.runs.get("pinned")),
        "runs": [_run(side, run) for side, run in grounds.runs.items()],
        "reasons": verdict.reasons,
        "metrics": verdict.metrics,
        "slices": verdict.slices,
        "broken": [
            {"case": it.case, "critical": it.critical, "accepted": it.accepted}
            for it in verdict.broken
        ],
        "fixed": [change.case for change in verdict.fixed],
        "guards": [_benchmark(guard) | {"outcome": guard.outcome} for guard in verdict.guards],
        "identical": verdict.identical,
        "candidates_judged": verdict.candidates_judged,
        "certifiable_margin": verdict.certifiable_margin,
        "training_data": [one.stated() for one in grounds.taught],
        "versions": _versions(candidate),
        "recomputed_with": grounds.recomputed_with,
    } | ({"fetched_from": grounds.fetched_from} if grounds.fetched_from else {})


def _benchmark(verdict: Verdict) -> dict[str, Any]:
    return {"name": verdict.benchmark, "fingerprint": verdict.fingerprint}


def _reference(name: str | None, run: Run | None) -> dict[str, Any] | None:
    if name is None:
        return None
    return {"name": name, "digest": run.digests.get("adapter") if run else None}


def _run(side: str, run: Run) -> dict[str, Any]:
    return {
        "side": side,
        "id": run.id,
        "adapter": run.adapter,
        "complete": run.complete,
        "started": run.started,
        "digests": run.digests,
        "decoding": run.origin.get("decoding"),
    } | {name: run.origin[name] for name in ("quantized", CALENDAR) if name in run.origin}


def _versions(run: Run) -> dict[str, Any]:
    """Return versions by package: of the engine and of the libraries that measure."""
    found: dict[str, Any] = {}
    for part in ("versions", "measures"):
        # what an engine reports is foreign data: it may lack these, or hold something else
        reported = run.origin.get(part)
        found |= reported if isinstance(reported, Mapping) else {}
    return found
