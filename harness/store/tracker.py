"""One place of MLflow's: runs that are found again by our own id, and the alias `promoted`.

MLflow is imported when a place is opened, never before; it takes about a second.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import SettingsError, StoreFailed, reason
from harness.records import Tracker

RUN, DIGEST = "lora_harness.run", "lora_harness.digest"
ALIAS = "promoted"
_SILENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
_USUAL = {
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Unless the user said otherwise; MLflow's own defaults wait for minutes."""
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""What MLflow says where there is no such model, or no such alias yet."""


class MLflow:
    """Whatever breaks there means that the world failed; the store has everything anyway."""

    def __init__(self, tracker: Tracker, root: Path, reports: Path) -> None:
        self._uri = _absolute(tracker.uri, root)
        self._shown = _shown(self._uri)
        client = _client()
        with self._said():
            self._client = client(tracking_uri=self._uri, registry_uri=self._uri)
            self._experiment = self._found(tracker.experiment) or self._begun(tracker, reports)

    # --- runs --------------------------------------------------------------------------------

    def log(
        self,
        key: str,
        name: str,
        figures: Mapping[str, float],
        tags: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> str:
        """MLflow's id of the run that has our key; of one that is there only what changed."""
        with self._said():
            from mlflow.entities import Metric, Param, RunTag

            known = self._known(key) or self._client.create_run(
                self._experiment, tags={RUN: key}, run_name=name
            )
            had, now = known.data, int(time.time() * 1000)
            self._client.log_batch(
                known.info.run_id,
                [Metric(k, v, now, 0) for k, v in figures.items() if had.metrics.get(k) != v],
                [Param(k, v) for k, v in parameters.items() if k not in had.params],
                [RunTag(k, v) for k, v in tags.items() if had.tags.get(k) != v],
            )
            if known.info.status != "FINISHED":
                self._client.set_terminated(known.info.run_id)
            return str(known.info.run_id)

    def _found(self, experiment: str) -> str | None:
        found = self._client.get_experiment_by_name(experiment)
        if found is not None and found.lifecycle_stage != "active":
            raise SettingsError(
                f"MLflow's experiment {experiment} was deleted, restore it or name another"
            )
        return str(found.experiment_id) if found is not None else None

    def _begun(self, tracker: Tracker, reports: Path) -> str:
        """A server says where files would lie; a database would say the working directory."""
        remote = self._uri.startswith(("http:", "https:", "databricks"))
        place = None if remote else (reports / "mlflow").resolve().as_uri()
        try:
            return str(self._client.create_experiment(tracker.experiment, place))
        except Exception:
            found = self._found(tracker.experiment)  # another process may have been faster
            if found is None:
                raise
            return found

    def _known(self, key: str) -> Any:
        found = self._client.search_runs([self._experiment], f"tags.`{RUN}` = '{key}'", 1, 1)
        return found[0] if found else None

    # --- the registry ------------------------------------------------------------------------

    def promoted(self, model: str) -> str | None:
        """The digest of the version that has the alias; None where none has."""
        with self._said():
            from mlflow.exceptions import MlflowException

            try:
                held = self._client.get_model_version_by_alias(model, ALIAS)
            except MlflowException as problem:
                if problem.error_code in _ABSENT:
                    return None
                raise
            return str(held.tags.get(DIGEST, ""))

    def promote(self, model: str, digest: str, run: str, tags: Mapping[str, str]) -> None:
        """Give the alias to the version of these bytes, made where there is none yet.

        A version points to MLflow's `run`; the weights stay where they are.
        """
        with self._said():
            query = f"name = '{model}' and tags.`{DIGEST}` = '{digest}'"
            found = self._client.search_model_versions(query, max_results=1)
            if not found:
                if not self._client.search_registered_models(f"name = '{model}'", 1):
                    self._client.create_registered_model(model)
                source = f"runs:/{run}/adapter"
                made = {**tags, DIGEST: digest}
                found = [self._client.create_model_version(model, source, run, made)]
            self._client.set_registered_model_alias(model, ALIAS, str(found[0].version))

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except SettingsError:
            raise
        except Exception as problem:  # MLflow, SQLAlchemy and HTTP raise what they like
            why = reason(problem).replace(self._uri, self._shown)
            if "unsupported URI" in why:
                known = "sqlite:///FILE, postgresql://..., https://..."
                raise SettingsError(
                    f"{self._shown}: MLflow knows no such place, but {known}"
                ) from None
            raise StoreFailed(
                f"MLflow at {self._shown} failed ({why}); what was judged is in the store,"
                " so the same command again makes nothing anew"
            ) from problem


def _client() -> Any:
    """MLflow's own client, without telemetry."""
    os.environ.update(_SILENT)
    for name, value in _USUAL.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", module=r"mlflow(\.|$)")
    try:
        import mlflow
    except ImportError as problem:
        raise SettingsError(
            f"MLflow is asked for and cannot be imported ({reason(problem)}):"
            " pip install 'lora-harness[mlflow]'"
        ) from None
    return mlflow.MlflowClient


def _absolute(uri: str, root: Path) -> str:
    """A file of SQLite lies in the project, as the store does, wherever the command was typed."""
    head = "sqlite:///"
    return f"{head}{root / uri.removeprefix(head)}" if uri.startswith(head) else uri


def _shown(uri: str) -> str:
    """Without what may hold a password."""
    scheme, sign, rest = uri.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2].partition('?')[0]}"[:200]
