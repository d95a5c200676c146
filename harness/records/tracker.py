"""Where verdicts are logged besides the store, in words: nowhere, unless a team says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tracker:
    """An MLflow tracking server or database."""

    uri: str = ""
    """As MLflow understands it; empty where nothing is logged."""
    experiment: str = "lora-harness"
    """The experiment that runs are filed under; made where it is not there."""
