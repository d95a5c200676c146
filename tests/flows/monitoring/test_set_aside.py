"""How many finals are kept for judging, and when there will be enough."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from harness.findings.set_aside import is_set_aside
from harness.flows.monitoring.monitor import MonitorRequest, monitor
from harness.flows.monitoring.set_aside import finals_set_aside
from harness.records import Policy, Review, SetAside
from harness.render.monitor import monitor_json, monitor_text
from tests.fakes.finals import finals, keep, reserve_of
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject

TODAY = "2026-11-30"


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "project")


def counted(project: TinyProject) -> SetAside | None:
    with closing(project.store()) as store:
        return finals_set_aside(store, project.project.benchmark(TASK), TODAY)


def aside(count: int) -> list[Review]:
    """Return finals that are set aside, one a day, the last one today."""
    found = [one for one in finals(20 * count) if is_set_aside(one.input, Policy().set_aside)]
    days = [date.fromisoformat(TODAY) - timedelta(days=n) for n in range(count)]
    return [
        replace(one, at=f"{day.isoformat()}T10:00:00Z")
        for one, day in zip(found, days, strict=False)
    ]


def test_only_sent_texts_of_the_set_aside_inputs_count_each_once(project: TinyProject) -> None:
    mine = aside(6)
    others = [one for one in finals(60) if not is_set_aside(one.input, 0.2)]
    keep(
        project,
        [
            *mine[:4],
            replace(mine[0], id="again", input=mine[0].input.upper()),
            replace(mine[4], decision="rejected", final=None),
            replace(mine[5], task="support"),
            *others,
        ],
    )
    found = counted(project)
    assert found is not None and found.n == 4


def test_the_day_follows_from_the_pace_of_the_last_weeks(project: TinyProject) -> None:
    keep(project, aside(56))
    found = counted(project)
    assert found is not None
    assert (found.n, found.needed) == (56, 160)
    assert found.pace == pytest.approx(7.0, abs=0.2)
    assert found.when is not None
    days = (date.fromisoformat(found.when) - date.fromisoformat(TODAY)).days
    assert abs(days - 104) <= 3


def test_where_none_came_lately_no_day_is_named(project: TinyProject) -> None:
    keep(project, [replace(one, at="2026-01-05T10:00:00Z") for one in aside(3)])
    assert counted(project) == SetAside(3, 160, 0.0, None)


def test_what_became_a_case_counts_no_more(project: TinyProject) -> None:
    one, two, *_ = keep(project, aside(3))
    project.benchmark(TASK, BENCHMARK, [*CASES, reserve_of(one, "a")])
    project.write_lines(f"benchmarks/{TASK}/cases.reserve.jsonl", [reserve_of(two, "b")])
    found = counted(project)
    assert found is not None and found.n == 1


@pytest.mark.parametrize("line", ["finals = 0", "set_aside = 0"])
def test_where_none_are_weighed_nothing_is_said(project: TinyProject, line: str) -> None:
    keep(project, aside(3))
    project.benchmark(TASK, f"{BENCHMARK}\n[policy]\n{line}\n", CASES)
    assert counted(project) is None


def test_monitor_says_how_many_there_are_and_when_there_will_be_enough(
    project: TinyProject,
) -> None:
    project.record("good")
    project.promote("good")
    keep(project, aside(3))
    (found,) = monitor(project.project, MonitorRequest(inputs=False))
    assert found.set_aside is not None and found.set_aside.n == 3
    told = monitor_json([found])["tasks"][0]["set_aside"]
    assert (told["n"], told["needed"]) == (3, 160)
    for state, said in {
        SetAside(3, 160, 2.5, "2027-04-12"): "at 2.5 a week there will be 160 on 12 Apr 2027",
        SetAside(3, 160, 0.0, None): "160 are needed, and none came in the last 8 weeks",
        SetAside(170, 160, None, None): "170 finals kept for judging, never taught; a verdict",
    }.items():
        shown = " ".join(monitor_text([replace(found, set_aside=state)]).split())
        assert said in shown
    assert "set aside" not in monitor_text([replace(found, set_aside=None)])
