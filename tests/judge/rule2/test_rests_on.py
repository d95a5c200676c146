"""Cases, reserve and finals each say what they show, or why they were not asked."""

from __future__ import annotations

import numpy as np
import pytest

from harness.judge.rule2.decide import decide
from harness.judge.rule2.rests_on import cases_used, finals_used, margins_used, reserve_used
from harness.records import Policy
from tests.judge.rule2.make import noise, sent, trial


def test_the_cases_have_their_mean_bound_and_what_can_break() -> None:
    asked = trial(noise(25, 0.02))
    cases = cases_used(asked, decide(asked))
    assert (cases.n, cases.collapsed, cases.can_break, cases.says) == (25, 0, 25, "not worse")
    assert cases.mean == pytest.approx(0.0, abs=1e-9)
    assert cases.low is not None and -0.02 < cases.low < 0.0


@pytest.mark.parametrize(
    ("d", "says"),
    [
        (noise(25, 0.02) + 0.1, "better"),
        (noise(25, 0.02) - 0.1, "dropped beyond chance"),
        (noise(25, 0.12), "not worse is not shown"),
        ([0.0] * 25, "identical"),
        ([-0.01] * 3, "too few cases"),
        ([-0.4] * 2 + [0.0] * 23, "too many collapsed"),
    ],
)
def test_the_conclusion_of_the_cases_is_a_few_words(d: list[float], says: str) -> None:
    asked = trial(d)
    assert says in cases_used(asked, decide(asked)).says


def test_the_cases_are_told_as_they_were_before_the_reserve_was_asked() -> None:
    asked = trial(noise(25, 0.06) - 0.015, noise(30, 0.04, 2) + 0.01)
    found = decide(asked)
    cases, reserve = cases_used(asked, found), reserve_used(asked, found)
    assert reserve is not None and found.outcome == "promote"
    assert (cases.n, cases.says) == (25, "not worse is not shown")
    assert cases.mean == pytest.approx(-0.015)
    assert (reserve.used, reserve.available, reserve.says) == (reserve.used, 30, "not worse")
    assert reserve.used in (10, 30)
    assert reserve.mean is not None and cases.mean is not None and reserve.mean > cases.mean
    assert reserve.low is not None and reserve.low > -0.03


def test_a_reserve_that_is_not_used_says_why() -> None:
    clear, open_ = noise(25, 0.02), noise(25, 0.12)
    told = []
    for d, available in ((clear, 30), (open_, 30), (open_, 7)):
        asked = trial(d, more={"available": available})
        reserve = reserve_used(asked, decide(asked))
        assert reserve is not None and reserve.used == 0 and reserve.mean is None
        told.append(reserve.says)
    assert told == [
        "not needed",
        "10 would be looked at next",
        "too small: the first look takes 10",
    ]
    asked = trial(clear)
    assert reserve_used(asked, decide(asked)) is None


def lost(m: int, *at: int) -> np.ndarray:
    """m finals about as likely as before, but for some that collapsed."""
    x = noise(m, 0.02)
    x[list(at)] = -0.5
    return x


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (lost(200), "not worse"),
        (lost(200) - 0.04, "within twice the margin"),
        (lost(200) - 0.1, "too far below"),
        (lost(200, *range(100, 109)), "too many are lost"),
        (lost(200, *range(9)), "only older ones are lost, the voice may have moved"),
        (lost(200, 150, 180), "too many may be lost"),
        (lost(120), "none may promote below 160"),
        (lost(57), "57 of the 100 that may decide"),
    ],
)
def test_the_conclusion_of_the_finals_is_a_few_words(x: np.ndarray, says: str) -> None:
    found = decide(trial(noise(25, 0.02), finals=sent(x)))
    finals = finals_used(found, ())
    assert finals is not None
    assert (finals.says, finals.since) == (says, "2026-01-01T00:00:00+00:00")


def test_without_the_time_of_each_final_no_month_is_claimed() -> None:
    found = decide(trial(noise(25, 0.02), finals=sent(lost(3), at=("2026-01-01", "", ""))))
    finals = finals_used(found, ())
    assert finals is not None and finals.since == ""


def test_the_margin_says_which_of_the_two_it_is() -> None:
    def used(**shape: object) -> tuple[str, float]:
        (margin,) = margins_used(decide(trial(noise(25, 0.01), **shape)).look)
        return margin.source, round(margin.used, 4)

    assert used() == ("unknown", 0.03)
    assert used(base=0.2) == ("declared", 0.03)
    assert used(base=0.04) == ("gain", 0.02)
    assert used(base=-0.1) == ("none", 0.03)


def test_a_policy_that_weighs_no_finals_has_none() -> None:
    found = decide(trial(noise(25, 0.02), finals=sent(lost(200)), policy=Policy(finals=0)))
    assert finals_used(found, ()) is None
