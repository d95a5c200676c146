"""The shipped training sets and benchmarks, as the checks see them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from harness.findings import Finding
from harness.findings.dataset import check_examples
from harness.flows.project import Project
from harness.flows.training.check_data import DataCheckRequest, measure_for
from harness.records.training_example import TrainingExample
from harness.workspace.project.training_data import scan_training_set

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT / "adapters" / "datasets"
CLEAN = ("outreach_50", "outreach_240", "outreach_240b")


@cache
def examples(name: str) -> tuple[TrainingExample, ...]:
    return scan_training_set(DATASETS / f"{name}.jsonl").examples


@cache
def findings(name: str) -> tuple[Finding, ...]:
    measure, notes = measure_for(Project.here(ROOT), DataCheckRequest())
    assert notes == ()
    return tuple(check_examples(examples(name), measure))


def planted() -> list[dict[str, Any]]:
    file = DATASETS / "outreach_240_dirty.faults.json"
    return list(json.loads(file.read_text(encoding="utf-8"))["faults"])


def cases(name: str) -> dict[str, str]:
    return {case.id: case.input for case in Project.here(ROOT).benchmark(name).cases}
