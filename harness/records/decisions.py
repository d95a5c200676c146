"""What the doctor finds and what a person decides about an adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.records.holds import EXACT, QUOTING


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """One thing that the doctor looked at before an adapter may be judged."""

    name: str = field(metadata=EXACT)
    ok: bool
    message: str = field(metadata=QUOTING)
    """What was found; where not ok, what to do."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person did; never edited, only followed by another."""

    kind: Literal["promote", "reject", "rollback", "pin", "accept", "acknowledge"] = field(
        metadata=EXACT
    )
    task: str = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    """Of the adapter's bytes."""
    by: str = field(metadata=QUOTING)
    why: str = field(metadata=QUOTING)
    at: str = field(metadata=EXACT)
    """ISO 8601, UTC."""
    verdict: str | None = field(default=None, metadata=EXACT)
    """Id of the verdict that it rests on; for `accept` the id of the run, for `acknowledge` which
    alarm, with the last review that it had seen."""
    case: str | None = field(default=None, metadata=EXACT)
    """The accepted case, for `accept`."""
    override: bool = False
    """Taken against the verdict; shown in red everywhere."""
    base: str | None = field(default=None, metadata=EXACT)
    """Digest of the base."""
    benchmark: str | None = field(default=None, metadata=EXACT)
    fingerprint: str | None = field(default=None, metadata=EXACT)
    """Of the benchmark."""
    policy: str | None = field(default=None, metadata=EXACT)
    """Digest of the policy."""
    seq: int = 0
    """The store's own order, from 1."""
    prev: str = field(default="", metadata=EXACT)
    """Hash of the decision before it, of whatever task."""
    hash: str = field(default="", metadata=EXACT)
    """Over everything above but `seq`: the chain that a row changed by hand breaks."""
