"""A client repositions itself, on the real base: from the first day to a lower edit rate.

Repositioning, alarm, plan, training, gate, promotion: each step is the command that a team would
type, as the replayed year has them (`perf/year_story.py`). The adapters write for real; the editor
is a rule (`perf/year_desk.py`), and the new voice another (`perf/year_voice.py`), so that the right
text for each input is known.

The step that trains took 58 minutes when the year was made. So the test puts in its place the
adapter that this step made then, on 240 lines and the same 50; with NEW_VOICE_TRAINS=1 it trains.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from harness.measure import edit_rate
from harness.workspace.project.training_data import read_training_set

from .conftest import ROOT

sys.path.append(str(ROOT / "perf"))  # its scripts import each other by name

from year_desk import Desk, week_of_reviews
from year_project import SET, YearProject
from year_story import Story
from year_voice import CHANGED, fresh_inputs, in_new_voice

pytestmark = [pytest.mark.real, pytest.mark.long]

BEFORE, AFTER = "adapter_v3", "adapter_v6"
"""The shipped adapter that speaks the old voice, and the one that the story trains."""
WHO = ("--by", "the lead", "--why", "in production before the client repositions")
A_WEEK, MOST_WEEKS = 20, 4
OPENS = {
    "opener": ", one question: ",
    "subject": "quick question: ",
    "objection": "Thanks for being",
}
"""What every text of the new voice has, and no text of the old one."""


class AlreadyTrained(YearProject):
    """The year's project, whose long training was done before."""

    def train(
        self, name: str, version: int, kept: Path, parent: str | None = None, **recipe: float
    ) -> None:
        """Take the adapter that the year's own training made, unless training is asked for."""
        if os.environ.get("NEW_VOICE_TRAINS") == "1":
            super().train(name, version, kept, parent, **recipe)
        else:
            made = ROOT / "examples" / "year" / "adapters" / name
            shutil.copytree(made, self.folder / "adapters" / name)


class Team:
    """A team with the old voice in production, week after week."""

    def __init__(self, folder: Path) -> None:
        self.monday = datetime(2026, 6, 8, 9, tzinfo=UTC)
        self.project = AlreadyTrained(folder / "project", self.monday)
        self.project.begin()
        self.desk = Desk(folder / "outputs")
        self.story = Story(self.project, folder / "trained")
        shipped = ROOT / "adapters" / "datasets" / "outreach_240b.jsonl"
        self.project.set_file.write_text(shipped.read_text("utf-8"), encoding="utf-8")
        self.project.type("data", "version", SET, *WHO)
        self.project.bring(BEFORE)
        self.project.type("promote", BEFORE, "--override", *WHO)
        self.taken = self.story.taken()

    def week(self) -> tuple[list[dict[str, Any]], str]:
        """Let what is in production write for a week, the editor review, and the monitor look."""
        (task,) = self.project.answer("status")["tasks"]
        fresh = fresh_inputs(f"{self.monday:%Y-%m-%d}", self.taken)
        cases = list(map(in_new_voice, islice(fresh, A_WEEK)))
        digest, outputs = self.desk.outputs(self.project.open(), task["promoted"], cases)
        rows = week_of_reviews(self.monday, task["promoted"], digest, cases, outputs)
        file = self.project.folder / "week.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        self.project.at(self.monday + timedelta(days=4, hours=9))
        self.project.type("reviews", "import", file.name)
        self.monday += timedelta(weeks=1)
        (looked,) = self.project.answer("monitor", "--no-inputs", ends=(0, 1))["tasks"]
        return rows, looked["state"]


def mean_edit(reviews: list[dict[str, Any]]) -> float:
    return fmean(edit_rate(review["output"], review["final"]) for review in reviews)


def test_a_new_voice_ends_in_an_adapter_that_speaks_it(tmp_path: Path) -> None:
    team = Team(tmp_path)
    story, project = team.story, team.project

    # The day itself: the old lines of what changes are retired, the first new ones are there.
    assert story.reposition() == "144 lines retired, 12 of the new voice written"

    # Editors rewrite what speaks the old voice, until the alarm rings.
    weeks = []
    for _ in range(MOST_WEEKS):
        reviews, state = team.week()
        weeks.append(mean_edit(reviews))
        if state == "retrain":
            break
    assert state == "retrain", weeks
    assert story.plan().startswith("plan: ")

    # Fifty examples, a training, ideals of the new voice, the gate in it, the promotion.
    assert story.retrain() == f"18 ideals rewritten; {AFTER}: promote, promoted"
    assert project.answer("status")["tasks"][0]["promoted"] == AFTER
    lines = [json.loads(line) for line in project.set_file.read_text("utf-8").splitlines()]
    retired = {line["input"] for line in lines if "retired" in line}
    new = {line["input"] for line in story.written()}
    taught = {one.conversation for one in read_training_set(project.set_file).taught}
    assert (len(retired), len(new)) == (144, 50)
    assert new <= taught and not retired & taught

    # What it writes for inputs that nobody has seen.
    after, state = team.week()
    changed = [one for one in after if one["slices"]["kind"] in CHANGED]
    spoken = [OPENS[one["slices"]["kind"]] in one["output"] for one in changed]
    assert len(changed) >= 10 and sum(spoken) >= 0.9 * len(spoken)
    assert mean_edit(after) < min(weeks) / 2
    assert state != "retrain"
