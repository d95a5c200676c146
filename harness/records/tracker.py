"""Where verdicts are logged besides the store, in words: nowhere, unless a team says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records.holds import EXACT


@dataclass(frozen=True, slots=True)
class Tracker:
    """An MLflow tracking server or database."""

    uri: str = field(default="", metadata=EXACT)
    """As MLflow understands it; empty where nothing is logged."""
    experiment: str = field(default="lora-harness", metadata=EXACT)
    """The experiment that runs are filed under; made where it is not there."""
