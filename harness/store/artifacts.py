"""Read the files of a model version, or of a run, from MLflow; nothing is written there.

Tested in tests/flows/test_fetch_mlflow.py.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, RequestError, WorldFailed, reason
from harness.store.mlflow_place import MLflowPlace
from harness.store.tracker import mlflow_client

_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_MAX_DEPTH = 3
_MAX_FOLDERS = 100
_LATEST = "latest"
_log = logging.getLogger(__name__)


class MLflowArtifacts:
    """The files below a model version or a run."""

    def __init__(self, uri: str, root: Path, registry: str | None = None) -> None:
        self._at = MLflowPlace.at(uri, root)
        self._uri, self.shown = self._at.uri, self._at.shown
        self._registry = MLflowPlace.at(registry, root) if registry else self._at
        _refuse_no_database(self._uri, self.shown)
        client = mlflow_client()
        with self._failures_named(self.shown):
            self._at.try_database()
            self._client = client(tracking_uri=self._uri, registry_uri=self._registry.uri)
        self._place = ""

    def open_version(
        self, model: str, version: str | None, alias: str | None, folder: str
    ) -> str | None:
        """Look below a model version; return its number, None for a model that has no versions."""
        wanted = f"models:/{model}@{alias}" if alias else f"models:/{model}/{version or ''}"
        with self._failures_named(wanted):
            if alias:
                version = str(self._client.get_model_version_by_alias(model, alias).version)
            elif version == _LATEST:
                # A quote would end MLflow's own; `parse_reference` lets none through.
                found = self._client.search_model_versions(f"name = '{model}'")
                if not found:
                    raise RequestError(f"{wanted}: MLflow at {self.shown} has no such model")
                version = str(max(int(one.version) for one in found))
            if version is None:
                place = f"models:/{model}"
            else:
                place = str(self._client.get_model_version_download_uri(model, version))
            if place.startswith("models:/m-"):
                # MLflow itself would ask its default server for it, and not this one.
                logged = self._client.get_logged_model(place.removeprefix("models:/"))
                place = str(logged.artifact_location)
        self._place = f"{place.rstrip('/')}/{folder}" if folder else place.rstrip("/")
        return version

    def open_run(self, run: str, folder: str) -> None:
        """Look below a run's artifacts."""
        with self._failures_named(f"runs:/{run}"):
            self._client.get_run(run)
        self._place = f"runs:/{run}/{folder}" if folder else f"runs:/{run}"

    def files(self) -> dict[str, int | None]:
        """Return the names of the files and their sizes as far as MLflow knows them."""
        found: dict[str, int | None] = {}
        waiting = [""]
        with self._failures_named(self._place):
            for seen, below in enumerate(waiting):
                if seen >= _MAX_FOLDERS:
                    break
                for one in self._list(below):
                    name = f"{below}{str(one.path).rsplit('/', 1)[-1]}"
                    if not one.is_dir:
                        found[name] = one.file_size
                    elif name.count("/") < _MAX_DEPTH:
                        waiting.append(f"{name}/")
        return found

    def _list(self, below: str) -> Any:
        from mlflow.artifacts import list_artifacts

        place = f"{self._place}/{below}".rstrip("/")
        run, _, path = place.removeprefix("runs:/").partition("/")
        if place.startswith("runs:/") and not path:  # MLflow takes no run without a path here
            return self._client.list_artifacts(run)
        return list_artifacts(artifact_uri=place, tracking_uri=self._uri)

    def download(self, name: str, aside: Path) -> Path:
        """Download a file into the folder `aside`, and return where it lies."""
        with self._failures_named(f"{self._place}/{name}"):
            from mlflow.artifacts import download_artifacts

            shutil.rmtree(aside, ignore_errors=True)
            download_artifacts(
                artifact_uri=f"{self._place}/{name}",
                dst_path=str(aside),
                tracking_uri=self._uri,
            )
        return aside / name

    @contextmanager
    def _failures_named(self, what: str) -> Iterator[None]:
        """Turn every failure of MLflow into a line without a password."""
        try:
            yield
        except HarnessError:
            raise
        except Exception as problem:  # MLflow, SQLAlchemy and HTTP raise what they like
            _log.debug("MLflow raised %s", type(problem).__name__)
            said = self._registry.without_secrets(self._at.without_secrets(reason(problem)))
            # The cause quotes the whole URI, and so perhaps a password: it is not chained.
            if getattr(problem, "error_code", None) in _ABSENT:
                raise RequestError(f"{what}: MLflow at {self.shown} has none ({said})") from None
            raise WorldFailed(f"{what}: MLflow at {self.shown} failed ({said})") from None


def _refuse_no_database(uri: str, shown: str) -> None:
    """Refuse a file of SQLite that is not there: MLflow would make a new, empty database."""
    head = "sqlite:///"
    if uri.startswith(head) and not Path(uri.removeprefix(head).partition("?")[0]).is_file():
        raise RequestError(f"{shown}: no such database, MLflow's is needed")
