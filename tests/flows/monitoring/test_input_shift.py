"""What the benchmark still says about production: its inputs, and the edits of its slices."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.flows.monitoring import input_shift as inputs
from harness.flows.monitoring.monitor import MonitorRequest, monitor
from harness.records import Monitored
from tests.fakes.project import BENCHMARK, SETTINGS, TASK, TinyProject
from tests.fakes.reviews import Weeks

KINDS = ("opener", "reply", "note", "subject", "question", "thanks")
CASES: list[dict[str, Any]] = [
    {
        "id": f"{kind}-{number}",
        "input": f"write a {kind} about trucks, routes and drivers, number {number}",
        "ideal": f"A {kind} about trucks and drivers number {number}.",
        "slices": {"kind": kind},
    }
    for kind in KINDS
    for number in (1, 2, 3)
]
LINES = """
[tool.harness.monitor.openers]
edit_rate = { acceptable = 0.20, retrain = 0.25 }
"""


class WordEmbedder:
    """A vector of counted words, numbers left out; remembers what it was asked."""

    version = "words"
    asked: ClassVar[list[str]] = []

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        WordEmbedder.asked += texts
        return [self._vector(text) for text in texts]

    @staticmethod
    def _vector(text: str) -> NDArray[np.float32]:
        vector = np.zeros(64, dtype=np.float32)
        for word in filter(str.isalpha, text.split()):
            vector[sum(word.encode()) % 64] += 1
        return vector


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    """18 cases of 6 kinds; the embedder counts words."""
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(inputs, "Embedder", WordEmbedder)
    WordEmbedder.asked.clear()
    made = TinyProject(tmp_path / "project")
    made.write("pyproject.toml", SETTINGS + LINES)
    made.benchmark(TASK, BENCHMARK, CASES)
    lines = [
        {"case": case["id"], "output": case["ideal"], "ideal_nll": 0.1 + 0.2 * (place // 3)}
        for place, case in enumerate(CASES)
    ]
    made.write_lines(f"recorded/good/{TASK}.jsonl", lines)
    made.promote("good")
    return made


def with_embedder(project: TinyProject) -> None:
    settings = SETTINGS.replace('embedder = "none"', 'embedder = "base"')
    project.write("pyproject.toml", settings + LINES)


def reviewed(project: TinyProject, inputs: Sequence[str]) -> None:
    weeks = Weeks().add(len(inputs), edited=2)
    weeks.reviews = [
        replace(review, input=text) for review, text in zip(weeks.reviews, inputs, strict=True)
    ]
    with closing(project.store()) as store:
        weeks.keep(store)


def looked(project: TinyProject, **how: Any) -> Monitored:
    (found,) = monitor(project.project, MonitorRequest(**how))
    return found


def alike(count: int) -> list[str]:
    return [
        f"write a {KINDS[n % 6]} about trucks, routes and drivers, number {n}" for n in range(count)
    ]


@pytest.mark.slow
def test_inputs_like_the_benchmarks_are_not_called_a_shift(project: TinyProject) -> None:
    with_embedder(project)
    reviewed(project, alike(30))
    found = looked(project).inputs
    assert found is not None
    assert (found.n, found.cases, found.shown) == (30, 18, False)


def test_inputs_of_another_kind_are_named_with_the_farthest(project: TinyProject) -> None:
    with_embedder(project)
    strange = [f"summarise chapter {n} of this contract for court" for n in range(20)]
    reviewed(project, [*alike(10), *strange])
    told = looked(project)
    assert told.inputs is not None
    assert told.inputs.shown
    assert set(told.inputs.farthest) <= set(strange)
    assert any("unlike the benchmark's 18" in reason for reason in told.reasons)


@pytest.mark.medium
def test_a_second_look_embeds_nothing_again(project: TinyProject) -> None:
    with_embedder(project)
    reviewed(project, alike(30))
    looked(project)
    asked = len(WordEmbedder.asked)
    looked(project)
    assert 0 < asked == len(WordEmbedder.asked)


@pytest.mark.slow
def test_few_inputs_are_said_to_be_few(project: TinyProject) -> None:
    with_embedder(project)
    reviewed(project, [*alike(5), *alike(5)])
    found = looked(project).inputs
    assert found is not None
    assert (found.p, WordEmbedder.asked) == (None, [])
    assert "5 inputs and 18 cases" in found.skipped


@pytest.mark.long
def test_slices_that_score_low_and_are_edited_most_make_the_benchmark_a_prophet(
    project: TinyProject,
) -> None:
    weeks = Weeks()
    for place, kind in enumerate(KINDS):
        weeks.add(20, edited=2 * place, slices={"kind": kind}, same_week=place > 0)
    with closing(project.store()) as store:
        weeks.keep(store)
    found = looked(project, run=True).prediction
    assert found is not None
    assert (found.n, found.metric) == (6, "ideal_likelihood")
    assert found.rho == pytest.approx(-1)
    assert found.high is not None and found.high < 0
    assert found.p == pytest.approx(2 / 720)
