"""How a session ends: the exit codes of DESIGN 7 out of verdicts and pytest's own status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from harness.exit_codes import gravest
from harness.records import Outcome

PYTEST_OWN = (2, 3, 4, 5)
"""Interrupted, internal error, usage error, nothing collected: these stay pytest's."""


class GateResult(NamedTuple):
    """What is known of one adapter on one benchmark; travels from xdist workers as a tuple."""

    adapter: str
    benchmark: str
    outcome: Outcome | None
    text: str
    """The verdict in words, or why there is none."""
    code: int | None
    """Exit code of the error, where there is no verdict."""
    report: tuple[Any, ...] = ()
    """What became of its report, as plain values; empty where there is no verdict."""


class PytestEnding(NamedTuple):
    """What pytest itself would end with."""

    status: int
    foreign_failed: bool
    """Whether tests that are not ours may have failed."""


def exit_status(ending: PytestEnding, told: Sequence[GateResult]) -> int:
    """Return the gravest code; where all promote, or nothing was told, pytest's own."""
    if ending.status in PYTEST_OWN or not told:
        return ending.status
    if ending.foreign_failed:
        return 1
    return gravest((one.outcome for one in told), (one.code for one in told)) or ending.status
