"""A client repositions itself, on the real base: from the first day to a lower edit rate.

Repositioning, alarm, plan, training, gate, promotion: each step is the command that a team would
type. The adapters write for real; the editor is a rule (`perf/year_desk.py`), and the new voice
another (`perf/year_voice.py`), so that the right text for each input is known.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from harness.workspace.project.training_data import read_training_set

from .conftest import ROOT

sys.path.append(str(ROOT / "perf"))  # its scripts import each other by name

from ladder_cases import LadderCase
from year_desk import Desk, week_of_reviews
from year_project import SET, YearProject
from year_voice import CHANGED, fresh_inputs, in_new_voice, new_voice

pytestmark = [pytest.mark.real, pytest.mark.long]

BEFORE, AFTER = "adapter_v3", "adapter_v6"
"""The shipped adapter that speaks the old voice, and the one that is trained here."""
WHO = ("--by", "the lead", "--why", "the client wants direct questions")
NEW_EXAMPLES, A_WEEK, MOST_WEEKS = 50, 20, 4
RECIPE = ("--epochs", "2", "--learning-rate", "0.001", "--batch", "4", "--parent", BEFORE)
OPENS = {
    "opener": ", one question: ",
    "subject": "quick question: ",
    "objection": "Thanks for being",
}
"""What every text of the new voice has, and no text of the old one."""


class Team:
    """A team with the old voice in production, week after week."""

    def __init__(self, folder: Path) -> None:
        self.monday = datetime(2026, 6, 8, 9, tzinfo=UTC)
        self.project = YearProject(folder / "project", self.monday)
        self.project.begin()
        self.desk = Desk(folder / "outputs")
        shipped = ROOT / "adapters" / "datasets" / "outreach_50.jsonl"
        self.project.set_file.write_text(shipped.read_text("utf-8"), encoding="utf-8")
        self.project.type("data", "version", SET, *WHO)
        self.project.bring(BEFORE)
        self.project.type("promote", BEFORE, "--override", *WHO)
        files = [
            *(ROOT / "adapters" / "datasets").glob("outreach_*.jsonl"),
            *self.project.folder.glob("benchmarks/*/cases.jsonl"),
        ]
        self.taken = {row["input"] for file in files for row in rows_of(file)}

    def cases(self, seed: str, number: int) -> list[LadderCase]:
        """Return inputs that nobody has seen, with what the house says from now on."""
        return list(map(in_new_voice, islice(fresh_inputs(seed, self.taken), number)))

    def week(self) -> tuple[list[dict[str, Any]], str]:
        """Let what is in production write for a week, the editor review, and the monitor look."""
        (task,) = self.project.answer("status")["tasks"]
        cases = self.cases(f"{self.monday:%Y-%m-%d}", A_WEEK)
        digest, outputs = self.desk.outputs(self.project.open(), task["promoted"], cases)
        rows = week_of_reviews(self.monday, task["promoted"], digest, cases, outputs)
        file = self.project.folder / "week.jsonl"
        write(file, rows)
        self.project.at(self.monday + timedelta(days=4, hours=9))
        self.project.type("reviews", "import", file.name)
        self.monday += timedelta(weeks=1)
        (looked,) = self.project.answer("monitor", "--no-inputs", ends=(0, 1))["tasks"]
        return rows, looked["state"]

    def rewrite_ideals(self) -> int:
        """Rewrite every ideal of a kind that changes, as a person does; return their number."""
        lines = []
        for row in rows_of(self.project.folder / "benchmarks" / "outreach" / "cases.jsonl"):
            kind = row["slices"]["kind"]
            if kind in CHANGED:
                old = [row["ideal"]] if isinstance(row["ideal"], str) else row["ideal"]
                new = [*dict.fromkeys(new_voice(row["input"], kind, text) for text in old)]
                lines.append({"id": row["id"], "ideal": new, "rewritten": True})
        write(self.project.folder / "ideals.jsonl", lines)
        made = self.project.answer("reposition", "--rewritten", "ideals.jsonl", *WHO)
        return len(made["rewritten"])


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def write(file: Path, rows: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    file.write_text(text, encoding="utf-8")


def mean_edit(reviews: list[dict[str, Any]]) -> float:
    from harness.measure import edit_rate

    return fmean(edit_rate(review["output"], review["final"]) for review in reviews)


def test_a_new_voice_ends_in_an_adapter_that_speaks_it(tmp_path: Path) -> None:
    team = Team(tmp_path)
    project = team.project
    written = [
        {"input": one.input, "output": one.ideal, "slices": {"kind": one.kind}}
        for one in team.cases("new voice", 2 * NEW_EXAMPLES)
        if one.kind in CHANGED
    ][:NEW_EXAMPLES]

    # The day itself: the old lines of what changes are retired, the first new ones are there.
    write(project.folder / "new.jsonl", written[:12])
    retire = [word for kind in CHANGED for word in ("--retire", f"kind={kind}")]
    new = ("--examples", "new.jsonl", "--data", SET, "--repeat", "1")
    mark = project.answer("reposition", *new, *retire, *WHO)["mark"]
    assert (mark["retired"], mark["added"]) == (30, 12)

    # Editors rewrite what speaks the old voice, until the alarm rings.
    weeks = []
    for _ in range(MOST_WEEKS):
        reviews, state = team.week()
        weeks.append(mean_edit(reviews))
        if state == "retrain":
            break
    assert state == "retrain", weeks
    planned = project.answer("monitor", "--plan")
    assert planned["promoted"] == BEFORE and planned["edited"] > 0

    # The other examples, the benchmark's new ideals, the training: what is retired is not taught.
    known = rows_of(project.set_file)
    write(project.set_file, [*known, *written[12:]])
    project.type("data", "version", SET, *WHO)
    assert team.rewrite_ideals() == 18
    project.type("train", AFTER, "--data", f"{SET}@3", *RECIPE)
    taught = {one.conversation for one in read_training_set(project.set_file).taught}
    retired = {row["input"] for row in rows_of(project.set_file) if "retired" in row}
    assert len(retired) == 30 and not retired & taught
    assert {row["input"] for row in written} <= taught

    gate = project.answer(
        "evaluate", AFTER, "--benchmark", "outreach", "--no-finals", "--no-baselines"
    )
    assert gate["outcome"] == "promote", gate["reasons"]
    project.type("promote", AFTER, *WHO)

    after, state = team.week()
    changed = [one for one in after if one["slices"]["kind"] in CHANGED]
    spoken = [OPENS[one["slices"]["kind"]] in one["output"] for one in changed]
    assert len(changed) >= 10 and sum(spoken) >= 0.9 * len(spoken)
    assert mean_edit(after) < min(weeks) / 2
    assert state != "retrain"
