"""What a sweep does and found, in words: one adapter on one benchmark at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records.holds import EXACT, QUOTING
from harness.records.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Errand:
    """One adapter to be judged on one benchmark; plain data, which can be sent anywhere."""

    adapter: str = field(metadata=EXACT)
    benchmark: str = field(metadata=EXACT)


@dataclass(frozen=True, slots=True)
class Swept:
    """How one errand ended: with a verdict, or with the line that says why there is none."""

    adapter: str = field(metadata=EXACT)
    benchmark: str | None = field(metadata=EXACT)
    """None where the adapter itself was refused."""
    verdict: Verdict | None = None
    error: str = field(default="", metadata=QUOTING)
    code: int | None = None
    """The exit code of the error."""
