"""From alarm to remedy: what is learnt, what is proposed, and the way round the whole circle."""

from __future__ import annotations

import json
import shlex
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RequestError
from harness.findings.reviewed import reserve_id
from harness.findings.set_aside import is_set_aside
from harness.flows.decisions.promote import promote
from harness.flows.monitoring.monitor import MonitorRequest, monitor
from harness.flows.monitoring.retraining_plan import EVERY, next_name, plan
from harness.records import Example, Plan
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.project.training_data import data_fingerprint, read_training_set
from tests.fakes.finals import finals, keep, reserve_of
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject
from tests.fakes.refusals import refused
from tests.fakes.reviews import Weeks
from tests.fakes.served import ServedProject

LINES = """
[tool.harness.monitor.openers]
edit_rate = { acceptable = 0.20, retrain = 0.25 }
"""


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    """`good` is promoted; the team has drawn a line, and sets no review aside for judging."""
    made = TinyProject(tmp_path / "project")
    made.benchmark(TASK, f"{BENCHMARK}\n[policy]\nset_aside = 0\n", CASES)
    made.settings(LINES)
    made.record("good")
    made.promote("good")
    return made


def reviewed(project: TinyProject, weeks: Weeks) -> Weeks:
    with closing(project.store()) as store:
        weeks.keep(store)
    return weeks


def planned(project: TinyProject) -> Plan:
    return plan(project.project, TASK)


def lines(place: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(place).read_text(encoding="utf-8").splitlines()]


def outputs(place: str) -> dict[str, str]:
    return {line["input"]: line["output"] for line in lines(place)}


@pytest.mark.slow
def test_edited_finals_come_first_by_how_much_was_edited_then_the_newest(
    project: TinyProject,
) -> None:
    weeks = Weeks().add(6, edited=3)
    light, first, second = (weeks.reviews[place] for place in (0, 1, 2))
    weeks.reviews[0] = replace(light, edit_rate=0.2)
    reviewed(project, weeks)
    made = planned(project)
    inputs = [line["input"] for line in lines(Path(made.folder) / "examples.jsonl")]
    assert inputs[:3] == [second.input, first.input, light.input]
    assert (made.edited, made.accepted) == (3, 3)


@pytest.mark.slow
def test_accepted_outputs_are_taken_only_to_balance_the_edited_ones(project: TinyProject) -> None:
    reviewed(project, Weeks().add(50, edited=4))
    made = planned(project)
    assert (made.edited, made.accepted) == (4, 4)


def test_of_one_input_the_newest_final_is_learnt(project: TinyProject) -> None:
    weeks = Weeks().add(3, edited=3)
    again = replace(weeks.reviews[0], id="later", at="2026-03-01T10:00:00Z", final="The last word.")
    weeks.reviews.append(again)
    reviewed(project, weeks)
    assert outputs(planned(project).training)[again.input] == "The last word."


def test_what_a_benchmark_holds_is_never_learnt(project: TinyProject) -> None:
    weeks = Weeks().add(4, edited=4)
    case = CASES[0]["input"]
    weeks.reviews[0] = replace(weeks.reviews[0], input=case.upper() + " !")
    reviewed(project, weeks)
    made = planned(project)
    assert made.examples == 3
    assert not any(case.casefold() in line["input"].casefold() for line in lines(made.training))


@pytest.mark.slow
def test_rejected_outputs_are_proposed_as_cases_and_never_learnt(project: TinyProject) -> None:
    weeks = reviewed(project, Weeks().add(8, edited=3, rejected=2))
    thrown = {r.input for r in weeks.reviews if r.decision == "rejected"}
    made = planned(project)
    assert {case["input"] for case in lines(Path(made.folder) / "cases.jsonl")} == thrown
    assert not thrown & outputs(made.training).keys()
    assert made.rejected_cases == 2


def test_every_tenth_heavily_edited_output_is_kept_for_the_benchmark(project: TinyProject) -> None:
    reviewed(project, Weeks().add(40, edited=3 * EVERY))
    made = planned(project)
    assert made.edited_cases == 3
    proposed = {case["input"] for case in lines(Path(made.folder) / "cases.jsonl")}
    assert not proposed & outputs(made.training).keys()
    assert made.edited == 3 * EVERY - 3


def test_the_benchmark_itself_is_left_as_it_is(project: TinyProject) -> None:
    file = project.folder / "benchmarks" / TASK / "cases.jsonl"
    before = file.read_bytes()
    reviewed(project, Weeks().add(40, edited=30, rejected=5))
    planned(project)
    assert file.read_bytes() == before


OLD = [
    {"input": "an old input about ships and cranes", "output": "an old output"},
    {"input": "Write to person0 of firm0 about matter0 and 0", "output": "out of date"},
    {"input": CASES[0]["input"], "output": "should never have been there"},
]


def with_old_data(project: TinyProject, place: str = "adapters/datasets/old.jsonl") -> None:
    project.write_lines(place, OLD)
    examples = [Example(line["input"], line["output"]) for line in OLD]
    adapter = project.adapter("good")
    assert adapter.training is not None
    adapter.training["dataset"] = {
        "name": "old.jsonl", "fingerprint": data_fingerprint(examples), "examples": len(OLD),
    }  # fmt: skip
    adapter.write()


@pytest.mark.long
@pytest.mark.parametrize(
    "place", ["adapters/datasets/old.jsonl", "adapters/datasets/renamed.jsonl",
              "reports/plan-openers/openers-12345678.jsonl"],
)  # fmt: skip
def test_the_old_examples_go_on_being_learnt_wherever_they_lie(
    project: TinyProject, place: str
) -> None:
    with_old_data(project, place)
    reviewed(project, Weeks().add(5, edited=5))
    made = planned(project)
    assert (made.old, made.replaced, made.left_out) == (1, 1, 1)
    found = outputs(made.training)
    assert found[OLD[0]["input"]] == "an old output"
    assert found[OLD[1]["input"]] != "out of date"
    assert OLD[2]["input"] not in found
    assert "--parent" not in made.train


def test_without_the_old_examples_training_goes_on_from_the_old_weights(
    project: TinyProject,
) -> None:
    with_old_data(project)
    project.write_lines("adapters/datasets/old.jsonl", OLD[:1])  # no longer what was learnt
    reviewed(project, Weeks().add(5, edited=5))
    made = planned(project)
    assert made.old == 0
    assert "is not under adapters/datasets" in made.old_from
    assert "--parent good" in made.train


@pytest.mark.slow
def test_the_command_names_a_file_that_train_can_read_and_a_name_that_is_free(
    project: TinyProject,
) -> None:
    for name in ("good", "good_7"):
        project.adapter(name).write()
    reviewed(project, Weeks().add(30, edited=30))
    made = planned(project)
    words = shlex.split(made.train)
    assert words[:3] == ["lora-harness", "train", "good_8"]
    data = read_training_set(Path(words[words.index("--data") + 1]))
    assert len(data.examples) == made.examples
    assert "--anyway" in words  # fewer than fifty examples


@pytest.mark.parametrize(
    ("name", "taken", "following"),
    [
        ("adapter_v2", ["adapter_v2", "adapter_v4"], "adapter_v5"),
        ("openers", ["openers"], "openers_2"),
        ("acme/openers_v3", ["acme/openers_v3", "openers_v9"], "acme/openers_v4"),
        ("v9", ["v9", "v10"], "v11"),
    ],
)
def test_the_next_name_follows_the_family(
    tmp_path: Path, name: str, taken: list[str], following: str
) -> None:
    for one in taken:
        (tmp_path / one).mkdir(parents=True)
    assert next_name(tmp_path, name) == following


@pytest.mark.slow
def test_a_second_plan_of_the_same_reviews_writes_the_same_files(project: TinyProject) -> None:
    reviewed(project, Weeks().add(30, edited=20, rejected=3))
    made = planned(project)
    before = {file.name: file.read_bytes() for file in Path(made.folder).iterdir()}
    assert planned(project) == made
    assert {file.name: file.read_bytes() for file in Path(made.folder).iterdir()} == before


@pytest.mark.long
def test_nothing_to_learn_is_said_and_nothing_is_written(project: TinyProject) -> None:
    with refused("no edited output", RequestError):
        planned(project)
    reviewed(project, Weeks().add(5, rejected=5))
    with refused("no edited output", RequestError):
        planned(project)
    assert not (project.folder / "reports" / "plan-openers").exists()


@pytest.mark.long
def test_nothing_promoted_is_nothing_to_plan_for(tmp_path: Path) -> None:
    with refused("nothing is promoted", RequestError):
        planned(TinyProject(tmp_path / "project"))


@pytest.mark.slow
def test_a_folder_of_ones_own_is_used(project: TinyProject, tmp_path: Path) -> None:
    reviewed(project, Weeks().add(5, edited=5))
    made = plan(project.project, TASK, str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "plan.md").is_file()
    assert Path(made.training).parent == tmp_path / "mine"


@pytest.mark.long
def test_the_whole_circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    served = ServedProject(tmp_path / "served")
    file = served.folder / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8") + LINES, encoding="utf-8")
    assert served.judge("openers_v1", "poor").outcome in ("promote", "inconclusive")
    promote(served.project, "openers_v1", task=TASK, by="Ana", why="a start", override=True)
    weeks = Weeks(adapter="openers_v1").add(40, edited=8).add(60, edited=45)
    reviewed(served, weeks)

    (found,) = monitor(served.project, MonitorRequest())
    assert found.state == "retrain"
    made = planned(served)
    assert made.name == "openers_v2"
    assert read_training_set(Path(made.training)).examples
    # Training itself is tests/real's; here the adapter that came of it lies ready.
    assert served.judge(made.name, "good").outcome == "promote"
    served.put(made.name)

    (found,) = monitor(served.project, MonitorRequest())
    assert (found.state, found.reviews) == ("watch", 0)
    reviewed(served, Weeks(adapter=made.name).add(40, edited=4).add(40, edited=4))
    (found,) = monitor(served.project, MonitorRequest())
    assert found.state == "steady"


@pytest.mark.slow
def test_old_conversations_of_any_format_go_on_being_learnt_whole(project: TinyProject) -> None:
    turns = [
        {"from": "human", "value": "an old input about ships and cranes"},
        {"from": "gpt", "value": "an old output"},
        {"from": "human", "value": "shorter"},
        {"from": "gpt", "value": "old"},
    ]
    old = project.write("adapters/datasets/old.json", json.dumps([{"talk": turns, "team": "A"}]))
    columns = ExampleColumns({"conversations": "talk"}, ("team",))
    before = read_training_set(old, columns)
    adapter = project.adapter("good")
    assert adapter.training is not None
    adapter.training["dataset"] = {
        "name": "old.json", "fingerprint": before.fingerprint, "columns": columns.as_table(),
    }  # fmt: skip
    adapter.write()
    reviewed(project, Weeks().add(5, edited=5))
    made = planned(project)
    assert made.old == 1
    data = read_training_set(Path(made.training))
    assert data_fingerprint(data.examples[:1]) == before.fingerprint
    assert Path(made.training).name == f"openers-{data.fingerprint[:8]}.jsonl"


@pytest.mark.medium
def test_what_is_set_aside_or_in_a_reserve_is_in_no_plan(project: TinyProject) -> None:
    project.benchmark(TASK, BENCHMARK, CASES)  # where every fifth review is set aside
    reviews = keep(project, finals(100, edited=60))
    confirmed = next(r for r in reviews[:60] if not is_set_aside(r.input, 0.2))
    line = reserve_of(confirmed, reserve_id(confirmed))
    project.write_lines(f"benchmarks/{TASK}/cases.reserve.jsonl", [line])
    made = planned(project)
    learnt = outputs(made.training).keys()
    assert len(learnt) > 40
    assert confirmed.input not in learnt
    assert not any(is_set_aside(text, 0.2) for text in learnt)


@pytest.mark.medium
def test_an_old_example_that_entered_the_reserve_leaves_the_plan(project: TinyProject) -> None:
    reviews = keep(project, finals(20, edited=20))
    old = project.write_lines(
        "adapters/datasets/old.jsonl",
        [{"input": f"old matter number {n}", "output": "o"} for n in range(3)],
    )
    made = project.adapter("v1", task=TASK)
    assert made.training is not None
    made.training["dataset"] = {
        "name": old.name, "fingerprint": read_training_set(old).fingerprint, "examples": 3,
    }  # fmt: skip
    made.write()
    project.record("v1")
    project.promote("v1")
    line = reserve_of(reviews[0], "ours") | {"input": "old matter number 1"}
    project.write_lines(f"benchmarks/{TASK}/cases.reserve.jsonl", [line])
    found = planned(project)
    assert (found.old, found.left_out) == (2, 1)
    assert "old matter number 1" not in outputs(found.training)
