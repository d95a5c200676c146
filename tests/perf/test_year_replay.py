"""A replay in small: the same commands, on a base of two layers whose adapters learn nothing.

What they write is edited whole, so every alarm rings; what the gate refuses is promoted by
override. So each step of the story is typed, the ones after the alarm too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ladder_cases import LadderCase
from year import Year
from year_desk import Desk
from year_project import SET, SETTINGS, YearProject
from year_story import BEGINS, LEAD, Story

from harness.flows.project import Project
from harness.workspace.project.voice_days import read_voice_days
from tests.fakes.llama import TinyLlama

pytestmark = [pytest.mark.long, pytest.mark.slow]

PLAYED = (
    *("2025-12-01", "2026-01-12", "2026-03-02", "2026-03-09", "2026-03-16", "2026-04-13"),
    *("2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29", "2026-07-06", "2026-10-12"),
)
"""The Mondays on which something is decided, and the weeks that raise the alarm in summer."""


class TinyProject(YearProject):
    """The project on another base."""

    def begin(self) -> None:
        """Begin it with a base beside it, and with fewer cases."""
        super().begin()
        TinyLlama(self.folder.parent / "base")
        for file in self.folder.glob("benchmarks/*/cases.jsonl"):
            kept = file.read_text(encoding="utf-8").splitlines(keepends=True)[::3]
            file.write_text("".join(kept), encoding="utf-8")

    def at(self, moment: datetime) -> None:
        """Declare the moment, in settings that name the small base."""
        super().at(moment)
        file = self.folder / "pyproject.toml"
        base, embedder = (
            line for line in SETTINGS.splitlines() if line.startswith(("base", "embedder"))
        )
        text = file.read_text(encoding="utf-8").replace(base, 'base = "../base"')
        file.write_text(text.replace(embedder, 'embedder = "none"'), encoding="utf-8")

    def bring(self, name: str) -> None:
        """Write random weights in place of what the repository ships for the real base."""
        seed = int(name[-1])
        TinyLlama(self.folder.parent / "base").adapter(self.folder / "adapters" / name, seed=seed)

    def train(
        self, name: str, version: int, kept: Path, parent: str | None = None, **recipe: float
    ) -> None:
        """Write random weights in place of training; the version must exist."""
        self.type("data", "at", f"{SET}@{version}")
        self.bring(name)


class TinyDesk(Desk):
    """The desk, which reads something into a base that writes nothing."""

    def outputs(
        self, project: Project, name: str, cases: Sequence[LadderCase]
    ) -> tuple[str, list[str]]:
        """Return what an adapter writes, and a word for nothing."""
        digest, outputs = super().outputs(project, name, cases)
        return digest, [output or "nothing" for output in outputs]


class TinyStory(Story):
    """The story, in which every candidate is put into production."""

    def _judged_and_put(self, name: str, why: str) -> str:
        if not (self.project.folder / "adapters" / name).exists():
            self.project.bring(name)
        outcome = self._judge(name)
        self.project.type("promote", name, "--override", "--by", LEAD, "--why", why)
        return outcome


def replayed(work: Path) -> Year:
    year = Year(work, 4, project_kind=TinyProject, story_kind=TinyStory)
    year.desk = TinyDesk(work / "outputs")
    for monday in PLAYED:
        year.week(datetime.fromisoformat(monday).replace(hour=9, tzinfo=BEGINS.tzinfo))
    return year


def test_every_step_is_typed_a_stop_changes_nothing_and_the_files_are_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    year = replayed(tmp_path / "work")
    done = [step.partition(" ")[2] for step in year.state["done"]]
    wanted = ("the first adapter", "the rollback", "the repositioning", "the plan", "50 examples")
    assert [step for step in done if step in wanted] == list(wanted)
    assert year.story.facts["alarm"] > "2026-06-08"
    days = read_voice_days(year.project.folder / "benchmarks" / "outreach")
    assert days[0].kind == "reposition"
    assert days[0].retired == 144
    assert [day.kind for day in days] == ["reposition", "benchmark"]

    before = list(year.state["done"])
    assert replayed(tmp_path / "work").state["done"] == before

    year.project.publish(tmp_path / "year", ("adapter_v6",))
    shutil.copytree(tmp_path / "work" / "base", tmp_path / "base")
    clone = YearProject(tmp_path / "year", year.project.now + timedelta(days=1))
    assert {place.name for place in (clone.folder / "adapters").iterdir()} >= {"adapter_v6"}
    assert not (clone.folder / "adapters" / "adapter_v1").exists()
    first = (clone.folder / "reports" / "history.jsonl").read_text("utf-8").partition("\n")[0]
    assert json.loads(first)["kind"] == "calendar"
