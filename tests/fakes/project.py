"""A small complete project with recorded outputs: no model to load, every verdict reachable.

project = TinyProject(tmp_path)
project.record("adapter_v1", quality="good")
project.record("adapter_v2", quality="bad")
project.promote("adapter_v1")
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from harness.flows.evaluation.backends import RecordedBackend
from harness.flows.project import Project
from harness.records import Decision
from harness.store import Store
from tests.fakes.adapters import TinyAdapter, TinyBase

Quality = Literal["good", "same", "poor", "bad"]
"""good: the ideal itself; same: one word off; poor: half of it; bad: something else."""

TASK = "openers"
GUARD = "manners"

SETTINGS = """\
[tool.harness]
base = "base"
embedder = "none"
engine = "recorded"
"""

BENCHMARK = """\
name = "openers"
task = "openers"
description = "First lines of e-mails."
system = "You write first lines."
template = "Write: {input}"

[metrics.ideal_likelihood]
role = "gate"
margin = 0.08

[metrics.edit_similarity]
role = "guard"
margin = 0.1
"""

GUARD_BENCHMARK = """\
name = "manners"
guard = true

[metrics.ideal_likelihood]
role = "gate"
margin = 0.05
"""

CASES: list[dict[str, Any]] = [
    {
        "id": f"{industry}-{number}",
        "input": f"{name}, {company} ({industry})",
        "ideal": f"Hi {name}, how does {company} plan its week with {number} teams?",
        "slices": {"industry": industry},
    }
    for industry, people in {
        "logistics": (
            "Ana, Delta Freight",
            "Ben, Orca Lines",
            "Cleo, Nord Cargo",
            "Dan, Pale Vans",
        ),
        "health": ("Eva, Elm Clinics", "Finn, Oak Care", "Gus, Pine Labs", "Hana, Fir Wards"),
    }.items()
    for number, (name, company) in enumerate((p.split(", ") for p in people), start=1)
]
"""8 cases in 2 slices."""

GUARD_CASES: list[dict[str, Any]] = [
    {"id": f"manners-{n}", "input": f"Say {word} politely.", "ideal": f"{word}, if you please"}
    for n, word in enumerate(("yes", "no", "later", "welcome", "goodbye"), start=1)
]
"""5 cases."""


class TinyProject:
    """A folder with settings, a task benchmark, a guard, and recorded outputs of any adapter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.write("pyproject.toml", SETTINGS)
        self.benchmark(TASK, BENCHMARK, CASES)
        self.benchmark(GUARD, GUARD_BENCHMARK, GUARD_CASES)
        self.base = TinyBase(folder / "base")
        (folder / "adapters").mkdir(exist_ok=True)
        self.record("base", quality="poor")

    # --- files ---------------------------------------------------------------------------

    def write(self, place: str, text: str) -> Path:
        """Write any file of the project."""
        file = self.folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        return file

    def write_lines(self, place: str, lines: list[dict[str, Any]]) -> Path:
        """Write one JSON object per line."""
        return self.write(place, "".join(json.dumps(line) + "\n" for line in lines))

    def benchmark(self, name: str, toml: str, cases: list[dict[str, Any]]) -> None:
        """Write a benchmark's two files."""
        self.write(f"benchmarks/{name}/benchmark.toml", toml)
        self.write_lines(f"benchmarks/{name}/cases.jsonl", cases)

    def settings(self, more: str) -> None:
        """Write the same settings with more lines below them."""
        self.write("pyproject.toml", SETTINGS + more)

    def adapter(self, name: str, **how: Any) -> TinyAdapter:
        """Return a sound adapter folder, not yet written."""
        return TinyAdapter(self.folder / "adapters", name, self.base, **how)

    # --- recorded outputs ----------------------------------------------------------------

    def record(
        self,
        adapter: str,
        *,
        quality: Quality = "good",
        guard: Quality = "good",
        texts: Mapping[str, str] | None = None,
        nlls: Mapping[str, float] | None = None,
    ) -> None:
        """Record outputs on both benchmarks; `texts` and `nlls` by case id take precedence."""
        for name, cases, how in ((TASK, CASES, quality), (GUARD, GUARD_CASES, guard)):
            self.write_lines(
                f"recorded/{adapter}/{name}.jsonl",
                [
                    {
                        "case": case["id"],
                        "output": (texts or {}).get(case["id"], _written(case["ideal"], how)),
                        "ideal_nll": (nlls or {}).get(case["id"], _nll(place, how)),
                    }
                    for place, case in enumerate(cases)
                ],
            )

    # --- as the flows see it -------------------------------------------------------------

    @property
    def project(self) -> Project:
        """Return the project, opened anew each time as in a new process."""
        return Project.here(self.folder)

    def store(self) -> Store:
        """Open the project's store; close it after use."""
        return Store(self.project.settings.store, self.folder)

    def promote(
        self, adapter: str, *, by: str = "a person", why: str = "to begin with", pin: bool = False
    ) -> Decision:
        """Put recorded outputs in production without a verdict, as a project's history may.

        With `pin` they are the yardstick too, in place of what was promoted first.
        """
        digest = RecordedBackend(self.project, self.folder / "recorded").adapter(adapter).digest
        decision = Decision("promote", TASK, adapter, digest, by, why, "2026-01-01T00:00:00Z")
        store = self.store()
        store.decisions.add(decision)
        if pin:
            store.decisions.add(replace(decision, kind="pin"))
        store.close()
        return decision


def _written(ideal: str, quality: Quality) -> str:
    words = ideal.split()
    if quality == "good":
        return ideal
    if quality == "same":
        return " ".join([*words[:-1], "groups?"])
    if quality == "poor":
        return " ".join(words[: len(words) // 2])
    return "Dear Sir or Madam, I hope this finds you well."


def _nll(place: int, quality: Quality) -> float:
    """Return a likelihood that differs a little from case to case, as real ones do."""
    return {"good": 0.2, "same": 0.22, "poor": 0.9, "bad": 2.5}[quality] + (place % 4) * 0.01
