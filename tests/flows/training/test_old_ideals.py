"""The ideals that speak the old voice are those that a new adapter finds less likely."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import BenchmarkError, RequestError
from harness.flows.evaluation.context import Request
from harness.flows.training.old_ideals import OldIdeals, old_ideals, write_ideals
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject

PLAIN = Request(baselines=False)
FALLEN = {"health-2": 1.4, "logistics-3": 0.9}


@pytest.fixture
def voiced(project: TinyProject) -> TinyProject:
    """`good` is promoted; `founders` finds two of its ideals unlikely."""
    project.record("good", quality="good")
    project.record("founders", quality="good", nlls=FALLEN, texts={"health-2": "Hey Finn!"})
    project.promote("good")
    return project


def found(project: TinyProject, count: int | None = None) -> OldIdeals:
    return old_ideals(project.project, "founders", TASK, PLAIN, count=count)


def test_those_that_fell_by_the_margin_come_first_the_most_fallen(voiced: TinyProject) -> None:
    made = found(voiced)
    assert [line["id"] for line in made.lines] == ["health-2", "logistics-3"]
    assert (made.promoted, made.cases, made.fall) == ("good", 8, 0.08)
    line = made.lines[0]
    assert line["ideal"] == next(c["ideal"] for c in CASES if c["id"] == "health-2")
    assert line["likelihood"]["promoted"] > line["likelihood"]["new"]
    assert (line["written_by_new"], line["rewritten"]) == ("Hey Finn!", False)


@pytest.mark.medium
def test_a_number_of_ideals_may_be_asked_for(voiced: TinyProject) -> None:
    assert [line["id"] for line in found(voiced, 1).lines] == ["health-2"]
    assert len(found(voiced, 8).lines) == 2, "what did not fall is not proposed"


def test_where_nothing_fell_nothing_is_proposed(project: TinyProject, tmp_path: Path) -> None:
    project.record("good", quality="good")
    project.record("founders", quality="same")
    project.promote("good")
    made = found(project)
    assert made.lines == ()
    assert write_ideals(made, tmp_path / "p.jsonl") == ""


def test_ideals_of_the_reserve_are_weighed_too(project: TinyProject) -> None:
    case = {"id": "more-1", "input": "Zoe, Far Ferries", "ideal": "Hi Zoe, which ferries?"}
    project.write_lines(f"benchmarks/{TASK}/cases.reserve.jsonl", [case])
    for name, nlls, nll in (("good", {}, 0.2), ("founders", FALLEN, 2.0)):
        project.record(name, nlls=nlls)
        line = {"case": "more-1", "output": "Hi Zoe", "ideal_nll": nll}
        project.write_lines(f"recorded/{name}/{TASK}.reserve.jsonl", [line])
    project.promote("good")
    assert [line["id"] for line in found(project).lines] == ["more-1", "health-2", "logistics-3"]


@pytest.mark.medium
def test_answers_of_a_person_are_not_written_over(voiced: TinyProject, tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    assert write_ideals(found(voiced), file) == str(file)
    first, _ = map(json.loads, file.read_text().splitlines())
    assert first["id"] == "health-2"
    with pytest.raises(RequestError, match="may hold ideals of a person"):
        write_ideals(found(voiced), file)


def test_without_a_promoted_adapter_no_voice_is_old(project: TinyProject) -> None:
    project.record("founders")
    with pytest.raises(RequestError, match="nothing is promoted"):
        found(project)


def test_the_promoted_adapter_is_not_the_new_one(voiced: TinyProject) -> None:
    with pytest.raises(RequestError, match="good: is what is promoted"):
        old_ideals(voiced.project, "good", TASK, PLAIN)


def test_without_likelihoods_nothing_tells_the_voices_apart(project: TinyProject) -> None:
    for name in ("good", "founders"):
        lines = [{"case": case["id"], "output": name} for case in CASES]
        project.write_lines(f"recorded/{name}/{TASK}.jsonl", lines)
    edits = '[metrics.edit_similarity]\nrole = "gate"\nmargin = 0.1\n'
    project.benchmark(TASK, BENCHMARK.split("[metrics")[0] + edits, CASES)
    project.promote("good")
    with pytest.raises(BenchmarkError, match="the likelihood of its ideals is not measured"):
        found(project)


def test_texts_that_are_left_out_are_not_proposed(voiced: TinyProject) -> None:
    voiced.settings("\n[tool.harness.privacy]\ntexts = false\n")
    with pytest.raises(RequestError, match="leaves texts out"):
        found(voiced)
