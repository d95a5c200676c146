"""How a session ends: the exit codes of DESIGN 7 out of verdicts and pytest's own status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

PYTEST_OWN = (2, 3, 4, 5)
"""Interrupted, internal error, usage error, nothing collected: these stay pytest's."""


class Told(NamedTuple):
    """What is known of one adapter on one benchmark; travels from xdist workers as a tuple."""

    adapter: str
    benchmark: str
    outcome: str | None
    text: str
    """The verdict in words, or why there is none."""
    code: int | None
    """Exit code of the error, where there is no verdict."""
    report: tuple[Any, ...] = ()
    """What became of its report, as plain values; empty where there is no verdict."""


class Ending(NamedTuple):
    """What pytest itself would end with."""

    status: int
    foreign_failed: bool
    """Whether tests that are not ours may have failed."""


def exit_status(ending: Ending, told: Sequence[Told]) -> int:
    """The gravest first: reject, could not judge, wrong request, inconclusive, then pytest's."""
    if ending.status in PYTEST_OWN or not told:
        return ending.status
    outcomes = {one.outcome for one in told}
    codes = {one.code for one in told if one.code is not None}
    if "reject" in outcomes or ending.foreign_failed:
        return 1
    for code in (11, 4):
        if code in codes:
            return code
    if "inconclusive" in outcomes:
        return 10
    return ending.status
