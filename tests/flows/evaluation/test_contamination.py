"""Cases in an adapter's training data are found by its fingerprint, and left out.

Tests `doctor` as well, which reports the same cases.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.flows.evaluation.contamination import find_contamination
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.doctor import doctor
from harness.flows.rejudge import rejudge
from harness.records import Benchmark, Verdict
from harness.workspace.project.training_data import scan_training_set
from tests.fakes.engines import EchoEngine
from tests.fakes.project import CASES, TinyProject
from tests.flows.conftest import session

ORDINARY = [{"input": f"person {n}", "output": f"Hi {n}!"} for n in range(50)]


def dataset(project: TinyProject, *seen: str, name: str = "more.jsonl") -> dict[str, Any]:
    """A training set with these inputs at its end, as training.json names it."""
    rows = [*ORDINARY, *({"input": text, "output": "x"} for text in seen)]
    file = project.write_lines(f"adapters/datasets/{name}", rows)
    return {"name": name, "fingerprint": scan_training_set(file).fingerprint, "examples": len(rows)}


def adapter(project: TinyProject, name: str, data: object, seed: int = 0, **more: object) -> None:
    made = project.adapter(name, task="openers", seed=seed)
    assert made.training is not None
    made.training |= {"dataset": data, **more}
    made.write()


def openers(project: TinyProject) -> Benchmark:
    return project.project.benchmark("openers")


def root(project: TinyProject) -> Path:
    return project.project.settings.adapters


def judged(project: TinyProject, name: str) -> Verdict:
    with session(project, EchoEngine()) as opened:
        return opened.candidate(name).evaluate(openers(project)).verdict


SEEN = CASES[1]["input"].upper() + "!"


def test_the_set_is_found_by_what_it_says_whatever_its_name(project: TinyProject) -> None:
    data = dataset(project, SEEN)
    (root(project) / "datasets/more.jsonl").rename(root(project) / "datasets/renamed.jsonl")
    adapter(project, "v2", data)
    found = find_contamination(root(project), "v2", openers(project))
    assert found.cases == {"logistics-2": "line 51 of renamed.jsonl, which v2 was trained on"}
    assert (found.unknown, found.looked_at) == ((), 1)


def test_a_parent_has_seen_it_too(project: TinyProject) -> None:
    adapter(project, "v2", dataset(project, SEEN))
    parent = {"name": "v2", "digest": "any"}
    adapter(project, "v3", dataset(project, name="clean.jsonl"), parent=parent)
    found = find_contamination(root(project), "v3", openers(project))
    assert found.cases == {"logistics-2": "line 51 of more.jsonl, which v2 was trained on"}
    assert found.looked_at == 2


def test_parents_in_a_circle_end(project: TinyProject) -> None:
    adapter(project, "v2", dataset(project), parent={"name": "v2", "digest": "any"})
    assert find_contamination(root(project), "v2", openers(project)).cases == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"name": "gone.jsonl", "fingerprint": "0" * 64}, r"training set of v2 \(gone.jsonl\)"),
        (None, "v2 does not say what it was trained on"),
    ],
)
def test_a_set_that_cannot_be_looked_into_is_said(
    project: TinyProject, data: object, why: str
) -> None:
    adapter(project, "v2", data)
    project.write("adapters/datasets/broken.jsonl", "{")
    found = find_contamination(root(project), "v2", openers(project))
    assert found.cases == {} and found.looked_at == 0
    (said,) = found.unknown
    assert re.search(why, said)


@pytest.mark.medium
def test_such_cases_are_left_out_of_the_verdict(project: TinyProject) -> None:
    adapter(project, "v2", dataset(project, SEEN))
    verdict = judged(project, "v2")
    assert set(verdict.left_out) == {"logistics-2"}
    assert verdict.n == 7
    assert verdict.notes[0].startswith("1 case left out: logistics-2 is in more.jsonl")


@pytest.mark.medium
def test_what_the_promoted_adapter_has_seen_is_left_out_as_well(project: TinyProject) -> None:
    adapter(project, "v2", dataset(project, SEEN))
    adapter(project, "v3", dataset(project, name="clean.jsonl"), seed=3)
    with session(project, EchoEngine(), Request(against="v2")) as opened:
        verdict = opened.candidate("v3").evaluate(openers(project)).verdict
    assert set(verdict.left_out) == {"logistics-2"}


@pytest.mark.medium
def test_a_clean_set_leaves_nothing_out(project: TinyProject) -> None:
    adapter(project, "v2", dataset(project))
    assert judged(project, "v2").left_out == {}


@pytest.mark.medium
def test_such_a_verdict_is_recomputed_to_the_last_bit(project: TinyProject) -> None:
    adapter(project, "v2", dataset(project, SEEN))
    run = judged(project, "v2").runs["candidate"]
    store = project.store()
    try:
        assert rejudge(store, run).same
    finally:
        store.close()


def said_by_doctor(project: TinyProject, name: str) -> list[str]:
    """Of an adapter that is not sound otherwise, so that no model has to be loaded."""
    (root(project) / name / "adapter_model.safetensors").write_bytes(b"")
    return [check.message for check in doctor(project.project, name) if check.name == "training"]


def test_the_doctor_says_what_was_seen(project: TinyProject) -> None:
    adapter(project, "v2", dataset(project, SEEN))
    assert said_by_doctor(project, "v2") == [
        "1 of 8 cases of openers is in its training data and is left out of the verdict:"
        " logistics-2 (line 51 of more.jsonl, which v2 was trained on)",
        "none of 5 cases of manners is in its training data",
    ]


def test_the_doctor_says_what_was_seen_of_the_reserve(project: TinyProject) -> None:
    kept = {"id": "more-1", "input": "Ida, Mill Foods (retail)", "ideal": "Hi Ida"}
    project.write_lines("benchmarks/openers/cases.reserve.jsonl", [kept])
    adapter(project, "v2", dataset(project, "Ida, Mill Foods (retail)"))
    first, _ = said_by_doctor(project, "v2")
    assert first.startswith("1 of 8 cases and 1 reserve case of openers is in its training data")


def test_the_doctor_says_when_nobody_can_tell(project: TinyProject) -> None:
    adapter(project, "v2", {"name": "gone.jsonl", "fingerprint": "0" * 64})
    first, _ = said_by_doctor(project, "v2")
    assert first == (
        "the training set of v2 (gone.jsonl) is not in datasets/,"
        " so nobody can tell whether it saw cases of openers"
    )


def test_training_json_may_say_anything(project: TinyProject) -> None:
    for value in ([], "x", {"fingerprint": 3}, {"name": ["a"]}):
        adapter(project, "v2", value, parent=[1])
        assert find_contamination(root(project), "v2", openers(project)).cases == {}
    (root(project) / "v2/training.json").write_text(json.dumps([1]))
    assert find_contamination(root(project), "v2", openers(project)).looked_at == 0


def test_a_conversation_is_seen_only_where_all_of_it_is(project: TinyProject) -> None:
    turns = [
        {"role": "user", "content": "I would like to book a table for two people on Friday"},
        {"role": "assistant", "content": "We have one at eight by the window. Shall I book it?"},
    ]
    asked = {"role": "user", "content": "yes please"}
    talk = {"id": "talk", "messages": [*turns, asked], "ideal": "Done."}
    project.write_lines("benchmarks/openers/cases.jsonl", [*CASES, talk])
    adapter(project, "v2", dataset(project, "yes please", "Yes please!"))
    assert find_contamination(root(project), "v2", openers(project)).cases == {}
    whole = "\n".join(turn["content"] for turn in (*turns, asked))
    adapter(project, "v3", dataset(project, f"{whole} Thank you!", name="other.jsonl"))
    assert set(find_contamination(root(project), "v3", openers(project)).cases) == {"talk"}
