"""Replay a year of a team on the shipped base: real adapters, outputs and verdicts.

    python perf/year.py [--work FOLDER] [--to FOLDER] [--until 2026-07-06] [--reviews 15]

Fifty-two weeks are played one after the other, each command with the day on which the team would
have typed it. The reviews are by a declared rule and labelled synthetic, the calendar is labelled
as replayed. A stopped replay goes on with the next step; what was trained or written once is kept
by its content, so that a year that is begun again (--again) trains nothing twice.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "perf")]

from year_ahead import train_ahead
from year_desk import Desk, week_of_reviews
from year_project import YearProject
from year_story import BEGINS, ENDS, Story
from year_voice import fresh_inputs, in_new_voice

SHIPPED = ("adapter_v6", "adapter_v7")
"""Adapters whose weights are committed; of the others digests and records remain."""
REVIEWS = "reviews_synthetic.jsonl"


@dataclass
class Year:
    """A replay under way: its project, its story, and the state that survives a stop."""

    work: Path
    a_week: int
    state: dict[str, Any] = field(default_factory=lambda: {"done": [], "facts": {}, "seconds": 0.0})

    project_kind: type[YearProject] = YearProject
    story_kind: type[Story] = Story

    def __post_init__(self) -> None:
        self.project = self.project_kind(self.work / "project", BEGINS)
        self.desk = Desk(self.work / "outputs")
        self.file = self.work / "state.json"
        if self.file.exists():
            self.state = json.loads(self.file.read_text(encoding="utf-8"))
        else:
            self.project.begin()
        self.story = self.story_kind(self.project, self.work / "trained", self.state["facts"])
        self.taken = self.story.taken()

    def play(self, until: datetime) -> None:
        """Play every week up to a Monday; print a line for each month."""
        monday = BEGINS
        while monday < until:
            said = self.week(monday)
            for line in said:
                print(f"  {monday:%Y-%m-%d}  {line}", flush=True)
            following = monday + timedelta(weeks=1)
            if following.month != monday.month:
                print(self.month(f"{monday:%Y-%m}"), flush=True)
            monday = following

    def week(self, monday: datetime) -> list[str]:
        """Play a week: what is decided on Monday, the reviews, and the look at the alarm."""
        name, said = f"{monday:%Y-%m-%d}", []
        self.project.at(monday)
        for what, do in self.story.steps(name):
            said += self._step(f"{name} {what}", do)
        if monday.day <= 7 and monday > BEGINS:
            said += self._step(f"{name} run", self._run)
        self.project.at(monday + timedelta(days=4, hours=9))
        cases = list(islice(fresh_inputs(name, self.taken), self.a_week))
        if self.story.new_voice(name):
            cases = [in_new_voice(case) for case in cases]
        said += self._step(f"{name} reviews", lambda: self._reviews(monday, cases))
        return said

    def last_day(self) -> list[str]:
        """Play the last Monday, on which nothing is reviewed."""
        return self._step(f"{ENDS:%Y-%m-%d} a second look", self.story.look_again)

    def _step(self, name: str, do: Any) -> list[str]:
        """Do a step that was not done before a stop; keep that it is done, and how long it took."""
        if name in self.state["done"]:
            return []
        begun = time.perf_counter()
        said = do()
        self.state["done"].append(name)
        self.state["seconds"] += time.perf_counter() - begun
        self.state["facts"] = self.story.facts
        self.file.write_text(json.dumps(self.state, indent=1), encoding="utf-8")
        return [said] if said else []

    def _run(self) -> str:
        """Run the adapter in production again, as a team does every month."""
        self.project.type("monitor", "--run", "--no-inputs", ends=(0, 1))
        return ""

    def _reviews(self, monday: datetime, cases: list[Any]) -> str:
        """Let the adapter in production write, the editor review, and the monitor look."""
        held = self.project.answer("status")["tasks"][0]
        adapter = held["promoted"]
        digest, outputs = self.desk.outputs(self.project.open(), adapter, cases)
        rows = week_of_reviews(monday, adapter, digest, cases, outputs)
        file, of_week = (self.project.folder / "reports" / name for name in (REVIEWS, "week.jsonl"))
        known = file.read_text(encoding="utf-8") if file.exists() else ""
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        file.write_text(known.replace(lines, "") + lines, encoding="utf-8")
        of_week.write_text(lines, encoding="utf-8")
        self.project.type("reviews", "import", str(of_week))
        of_week.unlink()
        return self._looked(monday, adapter)

    def _looked(self, monday: datetime, adapter: str) -> str:
        """Look at the alarm; remember the first one that follows the repositioning."""
        (task,) = self.project.answer("monitor", "--no-inputs", ends=(0, 1))["tasks"]
        rang = self.story.facts.setdefault("rang", [])
        if task["state"] != "retrain" or adapter in rang:
            return ""
        rang.append(adapter)
        if self.story.new_voice(f"{monday:%Y-%m-%d}"):
            self.story.facts["alarm"] = f"{self.project.now:%Y-%m-%d}"
        return f"ALARM for {adapter}: {'; '.join(task['reasons'][:2])}"

    def month(self, month: str) -> str:
        """Return a month's line: what wrote, how much was edited."""
        lines = (self.project.folder / "reports" / REVIEWS).read_text(encoding="utf-8").splitlines()
        rows = [row for line in lines if (row := json.loads(line))["at"].startswith(month)]
        edited = sum(row["decision"] == "edited" for row in rows)
        names = ", ".join(dict.fromkeys(row["adapter"] for row in rows))
        return f"{month}  {len(rows)} outputs of {names}: {edited} edited"


def main() -> None:
    """Replay the year and publish it."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--work", type=Path, default=ROOT / ".year")
    options.add_argument("--to", type=Path, default=ROOT / "examples" / "year")
    options.add_argument("--until", type=datetime.fromisoformat, default=None)
    options.add_argument("--reviews", type=int, default=15, help="a week")
    options.add_argument("--ahead", action="store_true", help="only train, in a second process")
    options.add_argument("--again", action="store_true", help="begin anew, with what was trained")
    asked = options.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if asked.ahead:
        train_ahead(asked.work)
        return
    if asked.again:
        (asked.work / "state.json").unlink(missing_ok=True)
    year = Year(asked.work, asked.reviews)
    until = asked.until.replace(tzinfo=BEGINS.tzinfo) if asked.until else ENDS
    year.play(min(until, ENDS))
    if until >= ENDS:
        year.project.at(ENDS)
        for line in year.last_day():
            print(f"  {ENDS:%Y-%m-%d}  {line}", flush=True)
        year.project.type("history", "export")
        year.project.publish(asked.to, SHIPPED)
        print(f"{asked.to}: the year, in {year.state['seconds'] / 60:.0f} minutes of this machine")


if __name__ == "__main__":
    main()
