"""The first answer of the page Over time: still good, or not, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.flows.queries.health import RateLine, TaskHealth
from harness.flows.queries.shared import PageRate
from harness.flows.queries.standing import standing
from harness.records import Decision
from tests.flows.queries.test_promoted_path import point

HELD = Decision("promote", "openers", "v2", "d" * 64, "Ana", "better", "2026-03-02T12:00:00Z")
HEALTH = TaskHealth(
    edit=PageRate(0.21, 0.15, 0.28, 118),
    edit_line=RateLine(0.2, 0.35),
    state="steady",
)
PATH = [replace(point(2, "v2", 0.79), at=HELD.at), point(9, "v2", 0.78)]


def said(health: TaskHealth = HEALTH, path=PATH, slices=(), metric="ideal_likelihood"):  # type: ignore[no-untyped-def]
    return standing(HELD, health, metric, path, slices, 0.03)


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ("steady", "v2 is still good"),
        ("watch", "v2 is to be watched"),
        ("retrain", "v2 is no longer good, time to retrain"),
        (None, "v2 is in production; nothing says whether it is still good"),
    ],
)
def test_the_answer_follows_the_alarm(state: str | None, answer: str) -> None:
    assert said(replace(HEALTH, state=state)).answer == answer  # type: ignore[arg-type]


def test_the_reasons_are_reviews_and_runs_with_their_limits() -> None:
    assert said().reasons == (
        "edit rate 21.0 % of 118 reviews, fine to 20.0 %, retrain from 35.0 %",
        "ideal likelihood 0.790 when it was promoted, 2 Mar 2026; 0.780 in its newest run,"
        " 9 Mar 2026",
    )


def test_a_promotion_without_a_later_run_says_so() -> None:
    assert said(path=PATH[:1]).reasons[-1].endswith("2 Mar 2026; not run again since")


def test_a_newer_version_of_the_benchmark_is_not_compared() -> None:
    newer = replace(PATH[1], fingerprint="b")
    assert (
        said(path=[PATH[0], newer])
        .reasons[-1]
        .endswith("0.780 on a newer version of the benchmark")
    )


def test_slices_that_fell_by_more_than_the_margin_are_named_worst_first() -> None:
    slices = [("a=1", -0.05), ("a=2", -0.2), ("a=3", -0.01), ("a=4", None), ("a=5", 0.3)]
    assert said(slices=slices).reasons[-1] == "fell most: a=2 (−0.200), a=1 (−0.050)"


def test_of_a_metric_that_should_be_low_a_rise_is_a_fall() -> None:
    assert (
        said(slices=[("a=1", 0.2), ("a=2", -0.2)], metric="edit_rate")
        .reasons[-1]
        .endswith("a=1 (+0.200)")
    )


def test_what_the_alarm_says_is_a_reason_unless_all_is_steady() -> None:
    worn = replace(HEALTH, state="retrain", why=("edit rate: alarm in 2026-W12",))
    assert said(worn).reasons[-1] == "edit rate: alarm in 2026-W12"
    assert "alarm" not in " ".join(said(replace(worn, state="steady")).reasons)
