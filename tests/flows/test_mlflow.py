"""Verdicts in a real local MLflow store: scores, the verdict, and what is promoted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import harness
from harness.cli.command import cli
from harness.errors import HarnessError
from harness.flows.decisions.decide import DecisionRequest, rollback
from harness.flows.decisions.promote import promote
from harness.flows.mlflow import open_tracking
from harness.flows.project import Project
from tests.fakes.project import SETTINGS, TinyProject
from tests.fakes.refusals import refused

pytest.importorskip("mlflow", reason="logging to MLflow needs lora-harness[mlflow]")

URI = "sqlite:///mlflow.db"
MODEL = "lora-harness-openers"


@pytest.fixture
def tracked(project: TinyProject) -> TinyProject:
    """Its settings name a database of MLflow's; `good` and `same` can be judged."""
    project.settings(f'\n[tool.harness.mlflow]\ntracking_uri = "{URI}"\n')
    project.record("good")
    project.record("same", quality="same")
    return project


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database of MLflow's: making one takes seconds, copying it none."""
    folder = tmp_path_factory.mktemp("mlflow")
    made = TinyProject(folder)
    open_tracking(made.project, URI)
    return (folder / "mlflow.db").read_bytes()


@pytest.fixture(autouse=True)
def _there(project: TinyProject, database: bytes) -> None:
    (project.folder / "mlflow.db").write_bytes(database)


def client(project: TinyProject) -> Any:
    from mlflow import MlflowClient

    uri = f"sqlite:///{project.folder / 'mlflow.db'}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def runs(project: TinyProject) -> dict[str, Any]:
    """What MLflow has, by name."""
    found = client(project)
    (experiment,) = [e for e in found.search_experiments() if e.name == "lora-harness"]
    listed = found.search_runs([experiment.experiment_id])
    assert len({run.info.run_name for run in listed}) == len(listed)
    return {run.info.run_name: run for run in listed}


def alias(project: TinyProject) -> Any:
    return client(project).get_model_version_by_alias(MODEL, "promoted")


@pytest.mark.slow
def test_a_verdict_is_logged_with_its_numbers_and_none_of_its_texts(tracked: TinyProject) -> None:
    verdict = harness.evaluate("good", project=tracked.folder)["openers"]
    found = runs(tracked)
    assert set(found) == {"good on openers", "good on manners"}
    run = found["good on openers"]
    metrics = {one.name: one for one in verdict.metrics if one.against == "base"}
    assert run.data.metrics["ideal_likelihood"] == metrics["ideal_likelihood"].candidate
    low = run.data.metrics["ideal_likelihood/base/low"]
    assert low == metrics["ideal_likelihood"].low
    assert run.data.metrics["n"] == 8
    assert run.data.tags["lora_harness.verdict"] == "promote"
    assert run.data.tags["lora_harness.run"] == verdict.runs["candidate"]
    assert run.data.params["fingerprint"] == verdict.fingerprint
    assert run.info.status == "FINISHED"
    whole = (tracked.folder / "mlflow.db").read_bytes()
    assert b"plan its week" not in whole


@pytest.mark.slow
@pytest.mark.parametrize("command", ["evaluate", "sweep"])
def test_the_command_logs_where_it_is_told(
    project: TinyProject, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.record("good")
    monkeypatch.chdir(project.folder)
    done = CliRunner().invoke(cli, [command, "good", "--mlflow", URI, "--json"])
    assert done.exit_code == 0, done.output
    assert set(runs(project)) == {"good on openers", "good on manners"}


@pytest.mark.slow
def test_the_same_run_again_is_one_run_with_the_newest_verdict(tracked: TinyProject) -> None:
    harness.evaluate("good", project=tracked.folder)
    first = runs(tracked)["good on openers"]
    tracked.promote("same")
    harness.evaluate("good", project=tracked.folder)
    again = runs(tracked)["good on openers"]
    assert again.info.run_id == first.info.run_id
    assert first.data.tags["lora_harness.promoted"] == "none"
    assert again.data.tags["lora_harness.promoted"] == "same"
    key = "ideal_likelihood"
    assert len(client(tracked).get_metric_history(first.info.run_id, key)) == 1


@pytest.mark.slow
def test_a_promotion_and_a_rollback_move_the_alias(tracked: TinyProject) -> None:
    for name in ("same", "good"):
        harness.evaluate(name, project=tracked.folder)
        promote(tracked.project, name, task=None, by="Ana", why="it is good")
        assert alias(tracked).tags["lora_harness.adapter"] == name
        assert alias(tracked).run_id == runs(tracked)[f"{name} on openers"].info.run_id
    rollback(tracked.project, None, DecisionRequest("Ana", "editors complain"))
    held = alias(tracked)
    assert held.tags["lora_harness.adapter"] == "same"
    assert len(client(tracked).search_model_versions(f"name = '{MODEL}'")) == 2


@pytest.mark.slow
def test_a_promotion_without_a_verdict_says_so(tracked: TinyProject) -> None:
    promote(tracked.project, "same", task=None, by="Ana", why="no time", override=True)
    assert alias(tracked).tags["lora_harness.override"] == "true"
    assert set(runs(tracked)) == {"same, promoted"}


@pytest.mark.slow
def test_a_promotion_that_mlflow_did_not_hear_of_is_told_by_the_next(
    tracked: TinyProject,
) -> None:
    harness.evaluate("good", project=tracked.folder)
    settings = (tracked.folder / "pyproject.toml").read_text()
    tracked.write("pyproject.toml", settings.replace(URI, "sqlite:///pyproject.toml/mlflow.db"))
    with refused("^the decision stands, but MLflow at sqlite:.* failed", code=11):
        promote(tracked.project, "good", task=None, by="Ana", why="it is good")
    tracked.write("pyproject.toml", settings)
    with refused("good: is promoted already"):
        promote(tracked.project, "good", task=None, by="Ana", why="it is good")
    assert alias(tracked).tags["lora_harness.adapter"] == "good"


@pytest.mark.slow
def test_nothing_is_logged_and_nothing_imported_unless_asked(project: TinyProject) -> None:
    project.record("good")
    program = (
        "import sys, harness; harness.evaluate('good');"
        "sys.exit(any(name.split('.')[0] == 'mlflow' for name in sys.modules))"
    )
    where = {**os.environ, "PYTHONPATH": str(Path(harness.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], cwd=project.folder, env=where)
    assert done.returncode == 0


@pytest.mark.slow
def test_what_is_no_place_of_mlflows_is_one_line(project: TinyProject) -> None:
    project.record("good")
    for uri, line, code in (
        ("gopher://me:secret@host", r"gopher://host: MLflow knows no such place, but sqlite", 4),
        ("sqlite:///pyproject.toml/no.db", r"MLflow at sqlite:.*/no\.db failed", 11),
    ):
        project.settings(f'\n[tool.harness.mlflow]\ntracking_uri = "{uri}"\n')
        with refused(line, code=code):
            harness.evaluate("good", project=project.folder)


@pytest.mark.long
@pytest.mark.parametrize(
    ("section", "line"),
    [
        ('experiment = "x"', "`tracking_uri` is missing"),
        ('tracking_uri = ""', "`tracking_uri` is empty"),
        ('tracking_uri = "x"\nexperimnt = "y"', "did you mean `experiment`"),
    ],
)
def test_a_section_that_says_too_little(project: TinyProject, section: str, line: str) -> None:
    project.write("pyproject.toml", f"{SETTINGS}\n[tool.harness.mlflow]\n{section}\n")
    with pytest.raises(HarnessError, match=line):
        Project.here(project.folder)
