"""A case as two runs have it: both results, the scores, and what the verdict says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.records.benchmark import Case
from harness.records.holds import EXACT, QUOTING
from harness.records.runs import CaseResult

Flag = Literal["broken", "fixed", "reworded", "changed", "same", "missing"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One case on both sides."""

    case: Case
    reference: CaseResult | None
    candidate: CaseResult | None
    scores: Mapping[str, tuple[float | None, float | None]]
    """By metric, the reference's and the candidate's."""
    change: float | None
    """Candidate minus reference on the chosen metric, better upwards."""
    flag: Flag = field(metadata=EXACT)
    """What the verdict says of the case, else whether the output is the same; missing: one side."""
    accepted: str | None = field(metadata=QUOTING)
    """Who accepted the broken case, and why."""
