"""Train ahead what the year will need, beside the replay and without its gate.

What is trained goes where the replay looks before it trains. The training sets are those of the
story, version by version, so that an adapter's training.json says the same.

Tested in tests/perf/test_year.py.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from year_project import YearProject
from year_story import BEGINS, Story


class Untold(Story):
    """The story's training sets and trainings, with nothing judged, decided or reviewed."""

    def _judge(self, name: str) -> str:
        return "not judged"

    def _judged_and_put(self, name: str, why: str) -> str:
        if not (self.project.folder / "adapters" / name).exists():
            self.project.bring(name)
        return "not judged"

    def override(self) -> str:
        """Nothing is put into production here."""
        return ""

    def rollback(self) -> str:
        """Write the set that holds after the rollback."""
        self._set("outreach_240.jsonl", "the checked set again")
        return ""


def train_ahead(work: Path) -> None:
    """Train every adapter whose training set needs no review."""
    project = YearProject(work / "ahead", BEGINS)
    project.begin()
    story = Untold(project, work / "trained")
    monday = BEGINS
    while f"{monday:%Y-%m-%d}" <= "2026-06-08":
        project.at(monday)
        for what, do in story.steps(f"{monday:%Y-%m-%d}"):
            print(f"  {monday:%Y-%m-%d}  {what}: {do()}", flush=True)
        monday += timedelta(weeks=1)
    story.fifty()
    print("  adapter_v6 is trained", flush=True)
