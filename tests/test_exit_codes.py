"""Which code wins is one table; it knows every code that a verdict or an error can end with."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest

from harness import errors
from harness.exit_codes import CODES, gravest
from harness.records import Outcome

ORDER = (1, 11, 4, 10)
"""Reject, could not judge, wrong request, inconclusive."""
ERRORS = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type)}
OUTCOMES = {code: outcome for outcome, code in CODES.items()}


def test_every_outcome_has_a_code() -> None:
    assert set(CODES) == set(get_args(Outcome))


def test_every_code_has_its_place() -> None:
    """A new kind of error whose code nobody ranks would end with 0."""
    assert {*ERRORS, *CODES.values()} == {*ORDER, 0}
    for code in ERRORS:
        assert gravest(["promote"], [code, None]) == code


@pytest.mark.parametrize(("graver", "other"), [*combinations(ORDER, 2)])
def test_the_gravest_wins(graver: int, other: int) -> None:
    both = (graver, other)
    outcomes = [OUTCOMES[code] for code in both if code in OUTCOMES]
    assert (
        gravest([*outcomes, "promote", None], [code for code in both if code in ERRORS]) == graver
    )


def test_promotions_alone_end_well() -> None:
    assert gravest(["promote", "promote"], [None]) == 0
    assert gravest([]) == 0
