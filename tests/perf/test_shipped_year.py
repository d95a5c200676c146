"""The shipped year: what its committed files tell, event by event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from year_project import ROOT

from harness.flows.history import import_history
from harness.flows.project import Project
from harness.flows.queries import over_time
from harness.flows.reviews.importing import ReviewImportRequest, import_reviews
from harness.measure import edit_rate
from harness.store import Store
from harness.workspace.project.voice_days import read_voice_days

YEAR = ROOT / "examples" / "year"
HISTORY = YEAR / "reports" / "history.jsonl"
REVIEWS = YEAR / "reports" / "reviews_synthetic.jsonl"


def lines(file: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, file.read_text(encoding="utf-8").splitlines())


def decisions(kind: str) -> list[dict[str, Any]]:
    """Return the decisions of a kind, the oldest first."""
    made = (line["record"] for line in lines(HISTORY) if line["kind"] == "decision")
    return [one for one in made if one["kind"] == kind]


def promoted_on(adapter: str) -> str:
    return next(str(one["at"])[:10] for one in decisions("promote") if one["adapter"] == adapter)


def mean_edit_rate(since: str, until: str) -> float:
    """Return the mean edit rate of the reviews between two days, the second excluded."""
    rows = [row for row in lines(REVIEWS) if since <= str(row["at"])[:10] < until]
    assert len(rows) >= 30, "too few to say anything"
    return fmean(edit_rate(row["output"], row["final"]) for row in rows)


def test_twelve_months_have_reviews_and_a_run_of_what_is_in_production() -> None:
    months = {str(row["at"])[:7] for row in lines(REVIEWS)}
    assert len(months) == 12
    runs = [line["record"] for line in lines(HISTORY) if line["kind"] == "run"]
    ran = {str(run["started"])[:7] for run in runs if run["benchmark"] == "outreach"}
    assert ran == months


def test_the_calendar_is_declared_and_every_run_and_review_is_labelled() -> None:
    calendar = Project.here(YEAR).settings.calendar
    assert calendar.label.startswith("Replayed calendar, its today is 2026-11-30")
    first = next(lines(HISTORY))
    assert (first["kind"], first["record"]["why"]) == ("calendar", calendar.why)
    runs = [line["record"] for line in lines(HISTORY) if line["kind"] == "run"]
    assert {run["origin"]["calendar"] for run in runs} == {"replayed"}
    assert {row["source"] for row in lines(REVIEWS)} == {"synthetic"}


@pytest.mark.medium
def test_the_years_events_stand_in_order() -> None:
    days = {day.kind: day.day for day in read_voice_days(YEAR / "benchmarks" / "outreach")}
    (override,) = [one for one in decisions("promote") if one["override"]]
    (rollback,) = decisions("rollback")
    told = [
        promoted_on("adapter_v1"),
        promoted_on("adapter_v2"),
        str(override["at"])[:10],
        str(rollback["at"])[:10],
        days["reposition"],
        days["benchmark"],
        promoted_on("adapter_v6"),
    ]
    assert told == sorted(told)
    assert days["reposition"] == "2026-06-08"
    assert (override["adapter"], rollback["adapter"]) == ("adapter_v4", "adapter_v2")
    assert "adapter_v4" in {one["adapter"] for one in decisions("reject")}


def test_the_verdicts_are_of_several_kinds_and_the_dirty_set_is_rejected() -> None:
    verdicts = [line["record"] for line in lines(HISTORY) if line["kind"] == "verdict"]
    on_task = {(one["candidate"], one["outcome"]) for one in verdicts if one["task"]}
    assert ("adapter_v4", "reject") in on_task
    assert ("adapter_v6", "promote") in on_task
    assert "inconclusive" in {outcome for _, outcome in on_task}


def test_a_candidate_that_one_case_held_back_is_let_through_when_a_person_accepts_it() -> None:
    (accepted,) = decisions("accept")
    on_task = [
        (line["made"], line["record"])
        for line in lines(HISTORY)
        if line["kind"] == "verdict" and line["record"]["candidate"] == accepted["adapter"]
    ]
    said = [(made > accepted["at"], one["outcome"]) for made, one in on_task if one["task"]]
    assert {outcome for later, outcome in said if not later} == {"inconclusive"}
    assert {outcome for later, outcome in said if later} == {"promote"}


def test_the_edit_rate_climbs_with_the_repositioning_and_falls_with_the_promotion() -> None:
    back = promoted_on("adapter_v6")
    before = mean_edit_rate("2026-04-14", "2026-06-08")
    between = mean_edit_rate("2026-06-08", back)
    after = mean_edit_rate(back, "2026-12-01")
    assert between > before + 0.1
    assert after < between - 0.1


@pytest.mark.medium
def test_the_alarm_rings_between_the_repositioning_and_the_promotion(tmp_path: Path) -> None:
    """As page Over time shows it, from a fresh store."""
    project = Project.here(YEAR).reporting_to(tmp_path)
    with closing(Store("sqlite:///new.db", tmp_path)) as store:
        import_history(store, HISTORY, project.settings.calendar)
        import_reviews(project, store, REVIEWS, ReviewImportRequest())
        found = over_time(project, store)
    alarms = [mark for mark in found.marks if mark.kind == "alarm"]
    rang = [mark.at[:10] for mark in alarms if mark.adapter == "adapter_v3"]
    assert rang
    assert "2026-06-08" < rang[0] < promoted_on("adapter_v6")


@pytest.mark.parametrize("adapter", ["adapter_v6", "adapter_v7"])
def test_a_shipped_adapter_has_the_bytes_that_were_judged_and_is_small(adapter: str) -> None:
    from harness.workspace.adapters.files import read_adapter

    files = read_adapter(YEAR / "adapters", adapter)
    assert sum(file.stat().st_size for file in files.folder.iterdir()) < 6_000_000
    runs = [line["record"] for line in lines(HISTORY) if line["kind"] == "run"]
    judged = {run["digests"]["adapter"] for run in runs if run["adapter"] == adapter}
    assert judged == {files.digest}


def test_every_review_is_what_the_declared_editor_does() -> None:
    for row in lines(REVIEWS):
        if row["decision"] == "accepted":
            assert row["final"] == row["output"]
        else:
            assert edit_rate(row["output"], row["final"]) > 0.1
