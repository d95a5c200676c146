"""What a sweep does and found, in words: one adapter on one benchmark at a time."""

from __future__ import annotations

from dataclasses import dataclass

from harness.records.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Errand:
    """One adapter to be judged on one benchmark; plain data, which can be sent anywhere."""

    adapter: str
    benchmark: str


@dataclass(frozen=True, slots=True)
class Swept:
    """How one errand ended: with a verdict, or with the line that says why there is none."""

    adapter: str
    benchmark: str | None
    """None where the adapter itself was refused."""
    verdict: Verdict | None = None
    error: str = ""
    code: int | None = None
    """The exit code of the error."""
