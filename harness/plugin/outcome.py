"""The exit code of a session, from the results of the gate and from pytest's own status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from harness.exit_codes import gravest
from harness.records import Outcome

PYTEST_OWN = (2, 3, 4, 5)
"""Interrupted, internal error, usage error, nothing collected: these stay pytest's."""


class GateResult(NamedTuple):
    """The result of one adapter on one benchmark; xdist's workers send it as a plain tuple."""

    adapter: str
    benchmark: str
    outcome: Outcome | None
    text: str
    """The verdict as text, or why there is none."""
    code: int | None
    """Exit code of the error, where there is no verdict."""
    report: tuple[Any, ...] = ()
    """A `Reported` as plain values; empty where there is no verdict."""
    scores: tuple[Any, ...] = ()
    """A `CaseScoreTable` as plain values; empty unless `--harness-show` asks for it."""


class PytestEnding(NamedTuple):
    """The end of a session without the gate."""

    status: int
    foreign_failed: bool
    """Whether tests that are not ours may have failed."""


def exit_status(ending: PytestEnding, results: Sequence[GateResult]) -> int:
    """Return the gravest code; if all promote, or there are no results, return pytest's own."""
    if ending.status in PYTEST_OWN or not results:
        return ending.status
    if ending.foreign_failed:
        return 1
    codes = (one.code for one in results)
    return gravest((one.outcome for one in results), codes) or ending.status
