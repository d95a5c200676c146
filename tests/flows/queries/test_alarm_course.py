"""Looking back, every alarm of every adapter that was in production is seen."""

from __future__ import annotations

from harness.flows.queries.alarm_course import EvidenceWeek, evidence_weeks
from harness.records import RetrainLine, Tally

LINES = {"edit_rate": RetrainLine(acceptable=0.2, retrain=0.3)}


def week(number: int, rate: float, n: int = 40) -> Tally:
    counts = {"n": n, "accepted": 0, "edited": n, "rejected": 0, "final_n": n, "synthetic": 0}
    return Tally(f"2026-W{number:02}", **counts, edit_sum=rate * n, first_seq=1, last_seq=2)


def rings(found: tuple[EvidenceWeek, ...]) -> list[tuple[str, str]]:
    return [(one.adapter, one.week) for one in found if one.alarm]


def test_an_alarm_of_an_adapter_that_was_replaced_is_still_seen() -> None:
    worn = [("v1", week(n, 0.2)) for n in range(1, 9)] + [
        ("v1", week(n, 0.6)) for n in range(9, 15)
    ]
    fresh = [("v2", week(n, 0.2)) for n in range(15, 25)]
    found = evidence_weeks(["v1", "v2"], [*worn, *fresh], LINES)
    assert {adapter for adapter, _ in rings(found)} == {"v1"}
    assert rings(found)[0][1] in {"2026-W09", "2026-W10", "2026-W11", "2026-W12"}


def test_a_share_of_one_is_an_alarm_and_less_is_none() -> None:
    found = evidence_weeks(["v1"], [("v1", week(n, 0.2 + n / 40)) for n in range(1, 20)], LINES)
    assert any(one.alarm for one in found)
    assert all(one.alarm == (one.share >= 1) for one in found)


def test_without_a_line_nothing_is_weighed() -> None:
    assert evidence_weeks(["v1"], [("v1", week(1, 0.9))], {}) == ()


def test_an_adapter_that_was_never_in_production_is_not_weighed() -> None:
    assert evidence_weeks(["v1"], [("v2", week(1, 0.9))], LINES) == ()


def test_a_week_names_its_monday() -> None:
    (only,) = evidence_weeks(["v1"], [("v1", week(12, 0.2))], LINES)
    assert only.starts == "2026-03-16"
