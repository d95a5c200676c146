"""An adapter whose training data holds benchmark cases is judged on the others only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import ROOT, Shell, _project

pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.fixture
def leaky(tmp_path: Path) -> Shell:
    """The shipped project, but adapter_v2 says that it was trained on three cases as well."""
    shell = _project(tmp_path, history=True)
    cases = (ROOT / "benchmarks/outreach/cases.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(cases[place])["input"].upper().replace(",", " -") for place in (0, 7, 20)]
    rows = (ROOT / "adapters/datasets/outreach_240.jsonl").read_text(encoding="utf-8")
    rows += "".join(json.dumps({"input": text, "output": "any"}) + "\n" for text in texts)
    place = shell.folder / "adapters/datasets"
    place.mkdir()
    (place / "leaky.jsonl").write_text(rows, encoding="utf-8")
    said = shell("harness.cli", "data", "fingerprint", str(place / "leaky.jsonl"), "--json")
    training = shell.folder / "adapters/adapter_v2/training.json"
    about = json.loads(training.read_text(encoding="utf-8"))
    about["dataset"] |= {"fingerprint": json.loads(said.stdout)["fingerprint"], "examples": 243}
    training.write_text(json.dumps(about), encoding="utf-8")
    return shell


def test_the_verdict_and_the_case_items_say_what_was_left_out(leaky: Shell) -> None:
    asked = ("--harness-against", "adapter_v1", "--harness-no-baselines", "-rs")
    done = leaky("pytest", "--model", "adapter_v2", *asked)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "27 cases (3 left out)" in done.stdout
    assert "3 cases left out: crm-note-software-01, opener-logistics-01" in done.stdout
    assert done.stdout.count("left out, it is line 24") == 3
    assert "3 skipped" in done.stdout
