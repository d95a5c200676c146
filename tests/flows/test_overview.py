"""Whoever asks where they stand gets the one thing to do next, in every state of a project."""

import shutil
from pathlib import Path

import pytest

from harness.errors import SettingsError
from harness.flows.init import start
from harness.flows.overview import overview
from tests.fakes.project import GUARD, TASK, TinyProject


def steps(folder: Path) -> list[str]:
    return [step.command for step in overview(folder).next]


@pytest.fixture
def tiny(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "tiny")


def test_without_a_project_it_is_to_start_one(tmp_path: Path) -> None:
    found = overview(tmp_path)
    assert found.project is None
    assert found.next[0].command == "lora-harness init DIR"


def test_settings_that_are_wrong_are_no_missing_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.harness]\nbasis = 'x'\n")
    with pytest.raises(SettingsError, match="base"):
        overview(tmp_path)


def test_without_a_benchmark_it_is_to_make_one(tiny: TinyProject) -> None:
    shutil.rmtree(tiny.folder / "benchmarks")
    assert steps(tiny.folder) == ["lora-harness benchmark import FILE --name NAME"]
    (tiny.folder / "benchmarks").mkdir()
    assert steps(tiny.folder) == ["lora-harness benchmark import FILE --name NAME"]


def test_guards_alone_judge_no_adapter(tiny: TinyProject) -> None:
    shutil.rmtree(tiny.folder / "benchmarks" / TASK)
    found = overview(tiny.folder)
    assert "every benchmark is a guard" in found.next[0].words
    assert found.benchmarks == ((GUARD, 5),)


def test_a_project_just_begun_is_to_write_its_cases_then_to_train(tmp_path: Path) -> None:
    made = start(tmp_path / "new", task=TASK, base="base", embedder="none")
    found = steps(made.folder)
    assert found == [
        f"lora-harness benchmark check {TASK}",
        "lora-harness train NAME --data FILE",
    ]


def test_an_adapter_that_was_never_judged_is_to_be_judged(tiny: TinyProject) -> None:
    tiny.record("v1")
    found = overview(tiny.folder)
    assert found.adapters == ("v1",)
    assert found.next[0].command == "pytest --model v1"
    assert found.tasks[0].promoted is None


def test_beside_a_promoted_adapter_a_new_one_is_to_be_judged(tiny: TinyProject) -> None:
    tiny.record("v1")
    tiny.record("v2")
    tiny.promote("v1")
    found = overview(tiny.folder)
    assert found.tasks[0].promoted == "v1"
    assert found.next[0].words == "v2 was never judged: judge it"


def test_where_all_is_judged_and_nobody_reviews_it_is_to_import_reviews(tiny: TinyProject) -> None:
    tiny.record("v1")
    tiny.promote("v1")
    assert steps(tiny.folder) == ["lora-harness reviews import FILE"]


def test_an_adapter_of_another_task_is_not_suggested(tiny: TinyProject) -> None:
    toml = (tiny.folder / f"benchmarks/{TASK}/benchmark.toml").read_text()
    tiny.settings("")
    tiny.write("pyproject.toml", '[tool.harness]\nbase = "base"\nembedder = "none"\n')
    tiny.benchmark(
        "replies", toml.replace(TASK, "replies"), [{"id": "a", "input": "b", "ideal": "c"}]
    )
    tiny.adapter("v1", task="replies").write()
    found = steps(tiny.folder)
    assert found == ["pytest --model NAME", "pytest --model v1"]


def test_a_ledger_that_was_changed_by_hand_is_to_be_verified(tiny: TinyProject) -> None:
    tiny.record("v1")
    tiny.promote("v1")
    store = tiny.store()
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE decisions SET adapter = 'other'")
    store.close()
    assert steps(tiny.folder) == ["lora-harness verify"]
