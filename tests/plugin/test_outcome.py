"""The exit code of a session: the gravest of what was told, and pytest's own where it has one."""

from __future__ import annotations

import pytest

from harness.plugin.outcome import GateResult, PytestEnding, exit_status


def told(outcome: str | None, code: int | None = None) -> GateResult:
    return GateResult("adapter_v3", "openers", outcome, "", code)


PROMOTE, REJECT, OPEN = told("promote"), told("reject"), told("inconclusive")
BROKE, WRONG = told(None, 11), told(None, 4)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ([PROMOTE], 0),
        ([PROMOTE, REJECT], 1),
        ([OPEN], 10),
        ([PROMOTE, OPEN], 10),
        ([OPEN, REJECT], 1),
        ([BROKE], 11),
        ([OPEN, BROKE], 11),
        ([WRONG, OPEN], 4),
        ([WRONG, BROKE], 11),
        ([REJECT, BROKE], 1),
    ],
)
def test_the_gravest_decides(said: list[GateResult], code: int) -> None:
    status = 0 if said == [PROMOTE] else 1
    assert exit_status(PytestEnding(status, foreign_failed=False), said) == code
    assert exit_status(PytestEnding(status, foreign_failed=False), said[::-1]) == code


@pytest.mark.parametrize("status", [2, 3, 4, 5])
def test_pytests_own_codes_stay(status: int) -> None:
    assert exit_status(PytestEnding(status, foreign_failed=False), [REJECT]) == status


@pytest.mark.parametrize("status", [0, 1])
def test_without_a_word_from_us_pytest_decides(status: int) -> None:
    assert exit_status(PytestEnding(status, foreign_failed=status == 1), []) == status


@pytest.mark.parametrize("said", [PROMOTE, OPEN, BROKE, WRONG])
def test_other_tests_that_fail_are_a_failure(said: GateResult) -> None:
    assert exit_status(PytestEnding(1, foreign_failed=True), [said]) == 1


def test_a_case_that_fails_beside_a_promotion_is_a_failure() -> None:
    assert exit_status(PytestEnding(1, foreign_failed=False), [PROMOTE]) == 1
