"""What the doctor finds and what a person decides about an adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """One thing that the doctor looked at before an adapter may be judged."""

    name: str
    ok: bool
    message: str
    """What was found; where not ok, what to do."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person did; never edited, only followed by another."""

    kind: Literal["promote", "reject", "rollback", "pin", "accept", "acknowledge"]
    task: str
    adapter: str
    digest: str
    """Of the adapter's bytes."""
    by: str
    why: str
    at: str
    """ISO 8601, UTC."""
    verdict: str | None = None
    """Id of the verdict that it rests on; for `accept` the id of the run, for `acknowledge` which
    alarm, with the last review that it had seen."""
    case: str | None = None
    """The accepted case, for `accept`."""
    override: bool = False
    """Taken against the verdict; shown in red everywhere."""
    base: str | None = None
    """Digest of the base."""
    benchmark: str | None = None
    fingerprint: str | None = None
    """Of the benchmark."""
    policy: str | None = None
    """Digest of the policy."""
    seq: int = 0
    """The store's own order, from 1."""
    prev: str = ""
    """Hash of the decision before it, of whatever task."""
    hash: str = ""
    """Over everything above but `seq`: the chain that a row changed by hand breaks."""
