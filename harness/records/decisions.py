"""Records of a person's decisions about adapters, and of the checks that precede them.

Tested in tests/store/test_seals.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.records.holds import EXACT, QUOTING


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """A check that the doctor made before an adapter may be judged."""

    name: str = field(metadata=EXACT)
    """Name of the check."""
    ok: bool
    """Whether it passed."""
    message: str = field(metadata=QUOTING)
    """What was found; for a failed check also the remedy."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision about an adapter; never edited, only followed by another."""

    kind: Literal["promote", "reject", "rollback", "pin", "accept", "acknowledge"] = field(
        metadata=EXACT
    )
    """What was decided; `store/in_production.py` says what each kind changes."""
    task: str = field(metadata=EXACT)
    """The task that it holds for."""
    adapter: str = field(metadata=EXACT)
    """Name of the adapter."""
    digest: str = field(metadata=EXACT)
    """Digest of the adapter's bytes."""
    by: str = field(metadata=QUOTING)
    """The person who decided."""
    why: str = field(metadata=QUOTING)
    """The person's reason."""
    at: str = field(metadata=EXACT)
    """Time of the decision; ISO 8601, UTC."""
    verdict: str | None = field(default=None, metadata=EXACT)
    """Id of the verdict that it rests on. For `accept` the id of the run; for `acknowledge` the
    alarm, with the last review that it had counted."""
    case: str | None = field(default=None, metadata=EXACT)
    """The accepted case, for `accept`."""
    override: bool = False
    """Whether it was taken against the verdict; shown in red everywhere."""
    base: str | None = field(default=None, metadata=EXACT)
    """Digest of the base."""
    benchmark: str | None = field(default=None, metadata=EXACT)
    """Name of the benchmark of the verdict."""
    fingerprint: str | None = field(default=None, metadata=EXACT)
    """Fingerprint of that benchmark."""
    policy: str | None = field(default=None, metadata=EXACT)
    """Digest of the verdict's policy."""
    rests_on: str | None = field(default=None, metadata=EXACT)
    """Seal of the verdict and the runs that it rests on; None where it rests on none, and in
    decisions of versions before the seals."""
    seq: int = 0
    """Its number in the store, from 1."""
    prev: str = field(default="", metadata=EXACT)
    """Hash of the decision before it, over all tasks."""
    hash: str = field(default="", metadata=EXACT)
    """Hash over all fields above but `seq`; editing a row breaks this chain."""
    signature: str | None = field(default=None, metadata=EXACT)
    """Signature over the hash, where the project signs its decisions."""
