"""Marked days as a chart takes them: the day, its kind, and a sentence."""

from __future__ import annotations

from dataclasses import replace

from harness.flows.queries import MarkedDay, marked_days
from harness.records import VoiceDay
from harness.workspace.project.voice_days import add_voice_day, read_voice_days
from tests.fakes.project import TASK, TinyProject

BEGUN = VoiceDay(
    "reposition", TASK, 0, "2026-06-01", "ana@example.com", "founders", "2026-06-02T09:00:00Z",
    TASK, "f", "voice@2", 50, 4, 40,
)  # fmt: skip
LATER = replace(BEGUN, kind="benchmark", day="2026-06-20", data="", ideals=7)


def marked(project: TinyProject) -> None:
    folder = project.folder / "benchmarks" / TASK
    for one in (BEGUN, LATER):
        add_voice_day(folder, read_voice_days(folder), one)


def test_each_day_says_who_why_and_what(project: TinyProject) -> None:
    marked(project)
    first, second = marked_days(project.project, TASK)
    text = "ana@example.com: founders (50 new examples in voice@2, 40 retired)"
    assert first == MarkedDay("2026-06-01", "reposition", text, TASK)
    assert (second.day, second.kind) == ("2026-06-20", "benchmark")
    assert second.text.endswith("founders (7 ideals rewritten)")


def test_days_outside_the_range_are_left_out(project: TinyProject) -> None:
    marked(project)
    days = [one.day for one in marked_days(project.project, TASK, since="2026-06-02")]
    assert days == ["2026-06-20"]
    assert marked_days(project.project, TASK, until="2026-05-31") == ()


def test_a_task_without_a_new_voice_has_none(project: TinyProject) -> None:
    assert marked_days(project.project, TASK) == ()
    assert marked_days(project.project, "another") == ()


def test_what_the_settings_mask_is_masked(project: TinyProject) -> None:
    marked(project)
    project.settings('\n[tool.harness.privacy]\nredact = ["email"]\n')
    assert marked_days(project.project, TASK)[0].text.startswith("[email]: founders")
