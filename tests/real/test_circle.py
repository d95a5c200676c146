"""From alarm to remedy on the real base: degrade, alarm, plan, train, gate, promote."""

from __future__ import annotations

import json
import random
import shlex
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT, Shell, _project

pytestmark = [pytest.mark.real, pytest.mark.long]

LINES = """
[tool.harness.monitor.outreach]
edit_rate = { acceptable = 0.20, retrain = 0.25 }
"""
WHO = ("--by", "the test", "--why", "the circle")
BRIEFLY = ("--epochs", "2", "--learning-rate", "0.001")
"""55 examples on top of adapter_v1: enough to be better than it, in a minute on two idle cores."""
REVIEWED = {"subject": 28, "opener": 10, "terminology": 10, "objection": 6, "crm_note": 6}
"""How many inputs of each kind; adapter_v1 has not seen any of them."""


@pytest.fixture
def project(tmp_path: Path) -> Shell:
    """One of its own: what is promoted in it changes. Its old training data is elsewhere."""
    return _project(tmp_path, history=True)


def test_what_editors_changed_becomes_the_next_promoted_adapter(project: Shell) -> None:
    with_lines(project)
    said(project("harness.cli", "rollback", "adapter_v1", *WHO))
    reviews = write_reviews(project.folder / "reviews.jsonl")

    said(project("harness.cli", "reviews", "import", str(reviews)))
    looked = project("harness.cli", "monitor", "--no-inputs", "--json")
    assert looked.returncode == 1, looked.stderr
    (task,) = json.loads(looked.stdout)["tasks"]
    assert (task["state"], task["promoted"]) == ("retrain", "adapter_v1")

    planned = json.loads(said(project("harness.cli", "monitor", "--plan", "--json")))
    words = shlex.split(planned["train"])
    assert words[0] == "lora-harness"
    trained = json.loads(said(project("harness.cli", *words[1:], *BRIEFLY, "--json")))
    assert trained["examples"] == planned["examples"]

    name = planned["name"]
    gate = project("harness.cli", "evaluate", name, "--benchmark", "outreach", "--no-baselines")
    assert gate.returncode == 0, gate.stdout
    assert f"PROMOTE  {name}" in gate.stdout

    said(project("harness.cli", "promote", name, *WHO))
    status = json.loads(said(project("harness.cli", "status", "--json")))
    assert status["tasks"][0]["promoted"] == name
    after = json.loads(said(project("harness.cli", "monitor", "--no-inputs", "--json")))
    assert after["tasks"][0]["state"] != "retrain"  # its own reviews are yet to come


def said(done) -> str:
    """What a command that went well has printed."""
    assert done.returncode == 0, done.stderr or done.stdout
    return str(done.stdout)


def with_lines(project: Shell) -> None:
    file = project.folder / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8") + LINES, encoding="utf-8")


def write_reviews(file: Path) -> Path:
    """Write two weeks in which editors completed nearly everything, cut to a quarter."""
    lines = "".join(json.dumps(review) + "\n" for review in two_weeks())
    file.write_text(lines, encoding="utf-8")
    return file


def two_weeks() -> Iterator[dict[str, object]]:
    """Yield reviews of the house's own finals; the edited outputs were cut to a quarter."""
    data = ROOT / "adapters" / "datasets"
    seen = {line["input"] for line in read(data / "outreach_50.jsonl")}
    fresh = [line for line in read(data / "outreach_240.jsonl") if line["input"] not in seen]
    chosen = [
        line
        for kind, count in REVIEWED.items()
        for line in [one for one in fresh if one["slices"]["kind"] == kind][:count]
    ]
    random.Random(0).shuffle(chosen)
    for place, example in enumerate(chosen):
        final = str(example["output"])
        words = final.split()
        edited = place % 30 < 26
        yield {
            "id": f"review-{place}",
            "at": (date(2026, 11, 2) + timedelta(weeks=place // 30)).isoformat(),
            "task": "outreach",
            "adapter": "adapter_v1",
            "input": example["input"],
            "output": " ".join(words[: max(1, len(words) // 4)]) if edited else final,
            "final": final,
            "reviewer": "ana",
            "slices": example["slices"],
        }


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
