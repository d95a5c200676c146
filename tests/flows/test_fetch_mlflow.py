"""An adapter comes out of a real local MLflow: a version, an alias, a run; nothing is written."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.errors import AdapterRefused, HarnessError, RequestError, SettingsError
from harness.flows.fetch import Fetched, fetch
from harness.flows.mlflow import open_tracking
from harness.workspace.adapters.origin import read_origin
from tests.fakes.project import TinyProject
from tests.fakes.refusals import refused

pytest.importorskip("mlflow", reason="MLflow's registry needs lora-harness[mlflow]")
pytestmark = pytest.mark.slow

URI = "sqlite:///mlflow.db"
MODEL = "openers"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database of MLflow's: making one takes seconds, copying it none."""
    folder = tmp_path_factory.mktemp("mlflow")
    open_tracking(TinyProject(folder).project, URI)
    return (folder / "mlflow.db").read_bytes()


@dataclass
class Registry:
    """The adapter `v1` as version 1 of a model, in an MLflow beside the project."""

    project: TinyProject
    client: Any
    run: str = ""

    def log(self, folder: Path, below: str = "adapter") -> str:
        """Log a folder to a new run; return the run's id."""
        place = (self.project.folder / "artifacts").resolve().as_uri()
        found = self.client.get_experiment_by_name("x")
        experiment = found.experiment_id if found else self.client.create_experiment("x", place)
        run = str(self.client.create_run(experiment).info.run_id)
        self.client.log_artifacts(run, str(folder), below)
        return run

    def version(self, source: str) -> str:
        return str(self.client.create_model_version(MODEL, source).version)

    def fetched(self, reference: str, name: str = "v9") -> Fetched:
        return fetch(self.project.project, name, reference)


@pytest.fixture
def registry(project: TinyProject, database: bytes) -> Registry:
    from mlflow import MlflowClient

    project.settings(f'\n[tool.harness.mlflow]\ntracking_uri = "{URI}"\n')
    (project.folder / "mlflow.db").write_bytes(database)
    uri = f"sqlite:///{project.folder / 'mlflow.db'}"
    made = Registry(project, MlflowClient(tracking_uri=uri, registry_uri=uri))
    adapter = project.folder / "adapters/v1"
    (adapter / "optimizer.pt").write_bytes(b"x")
    made.run = made.log(adapter)
    (adapter / "optimizer.pt").unlink()
    made.client.create_registered_model(MODEL)
    made.version(f"runs:/{made.run}/adapter")
    return made


def digest(registry: Registry) -> str:
    return registry.project.adapter("v1").files().digest


@pytest.mark.long
def test_a_version_an_alias_and_a_run_are_the_same_bytes(registry: Registry) -> None:
    registry.client.set_registered_model_alias(MODEL, "live", "1")
    for name, reference, resolved, revision in (
        ("a", f"models:/{MODEL}/1", f"models:/{MODEL}/1", "1"),
        ("b", f"models:/{MODEL}@live", f"models:/{MODEL}/1", "1"),
        ("c", f"models:/{MODEL}/latest", f"models:/{MODEL}/1", "1"),
        ("d", f"runs:/{registry.run}/adapter", f"runs:/{registry.run}/adapter", registry.run),
    ):
        found = registry.fetched(reference, name)
        assert found.digest == digest(registry)
        assert "optimizer.pt" not in found.files
        origin = read_origin(found.folder)
        assert origin is not None
        assert (origin.ref, origin.resolved, origin.revision) == (reference, resolved, revision)
        assert origin.where.startswith("sqlite:///") and origin.public


def test_a_later_version_is_the_latest(registry: Registry) -> None:
    other = registry.project.adapter("v2", seed=5).write()
    registry.version(f"runs:/{registry.log(other.folder)}/adapter")
    assert registry.fetched(f"models:/{MODEL}/latest").digest == other.files().digest
    assert registry.fetched(f"models:/{MODEL}/1", "v8").digest == digest(registry)


def test_an_adapter_below_a_model(registry: Registry) -> None:
    run = registry.log(registry.project.folder / "adapters/v1", "model/peft")
    version = registry.version(f"runs:/{run}/model")
    with refused(f"no adapter lies at the top, but below it: models:/{MODEL}/2/peft$"):
        registry.fetched(f"models:/{MODEL}/{version}")
    assert registry.fetched(f"models:/{MODEL}/{version}/peft").digest == digest(registry)
    with refused(f"but below it: runs:/{run}/model/peft$", AdapterRefused):
        registry.fetched(f"runs:/{run}")


def test_a_logged_model_of_mlflow_3(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    experiment = registry.client.get_experiment_by_name("x").experiment_id
    model = registry.client.create_logged_model(experiment, name="lora")
    registry.client.log_model_artifacts(
        model.model_id, str(registry.project.folder / "adapters/v1")
    )
    found = registry.fetched(f"models:/{model.model_id}", "a")
    assert found.digest == digest(registry)
    assert found.origin is not None and found.origin.revision == model.model_id
    with monkeypatch.context() as patch:  # MLflow itself asks its default server here
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{registry.project.folder / 'mlflow.db'}")
        version = registry.version(f"models:/{model.model_id}")
    monkeypatch.chdir(tmp_path)
    assert registry.fetched(f"models:/{MODEL}/{version}", "b").digest == digest(registry)


def test_what_is_not_there_is_one_line(registry: Registry) -> None:
    for reference, line in (
        ("models:/nothing/1", "^models:/nothing/1: MLflow at sqlite:.* has none"),
        (f"models:/{MODEL}/9", f"^models:/{MODEL}/9: MLflow at sqlite:.* has none"),
        (f"models:/{MODEL}@none", f"^models:/{MODEL}@none: MLflow at sqlite:.* has none"),
        ("models:/nothing/latest", "has no such model"),
        ("runs:/deadbeef/adapter", "^runs:/deadbeef: MLflow at sqlite:.* has none"),
        (f"runs:/{registry.run}/other", "nothing lies there"),
    ):
        with refused(line):
            registry.fetched(reference)
    assert not (registry.project.folder / "adapters/v9").exists()


def test_what_the_harness_itself_told_mlflow_holds_no_weights(registry: Registry) -> None:
    run = registry.client.create_run(registry.client.get_experiment_by_name("x").experiment_id)
    version = registry.version(f"runs:/{run.info.run_id}/adapter")
    with refused("MLflow holds no files for it; what `promote` tells MLflow is a name"):
        registry.fetched(f"models:/{MODEL}/{version}")


def test_no_database_is_made_by_a_mistyped_name(registry: Registry) -> None:
    place = registry.project.folder / "mistyped.db"
    with refused("mistyped.db: no such database", RequestError):
        fetch(registry.project.project, "v9", f"models:/{MODEL}/1", mlflow="sqlite:///mistyped.db")
    assert not place.exists()


def test_nothing_is_written_into_the_working_directory(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    registry.fetched(f"models:/{MODEL}/1")
    assert not list((tmp_path / "cwd").iterdir())


@pytest.mark.long
def test_a_password_is_in_no_line_and_no_record(
    registry: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(HarnessError) as caught:
        fetch(
            registry.project.project, "v9", f"models:/{MODEL}/1",
            mlflow="http://me:secret@127.0.0.1:9/?token=secret",
        )  # fmt: skip
    assert caught.value.exit_code == 11
    told = f"{caught.value} {caught.value.__cause__} {''.join(capfd.readouterr())}"
    assert "secret" not in told and caught.value.__suppress_context__


def test_without_mlflow_the_extra_is_named(
    project: TinyProject, database: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "mlflow.db").write_bytes(database)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with refused(r"pip install 'lora-harness\[mlflow\]'", SettingsError):
        fetch(project.project, "v9", f"models:/{MODEL}/1", mlflow=URI)
