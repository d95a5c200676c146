"""A client for an MLflow server or database: runs under our own ids, and the alias `promoted`.

MLflow is imported when a client is created, never before; it takes about a second.

Tested in tests/flows/test_mlflow.py.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import SettingsError, StoreFailed, reason
from harness.records import Tracker
from harness.store.mlflow_place import MLflowPlace

_log = logging.getLogger(__name__)

RUN, DIGEST = "lora_harness.run", "lora_harness.digest"
"""Tags by which our runs and model versions are found again."""
ALIAS = "promoted"
"""The alias of the model version in production."""
_SILENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
_DEFAULTS = {
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""Used unless the user's environment says otherwise; MLflow's own defaults wait for minutes."""
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""MLflow's error codes for a model, or an alias, that does not exist yet."""


class MLflow:
    """An MLflow server or database; its failures cost no result, as the store has them all."""

    def __init__(self, tracker: Tracker, root: Path, reports: Path) -> None:
        self._place = MLflowPlace.at(tracker.uri, root)
        client, uri = mlflow_client(), self._place.uri
        with self._failures_named():
            self._place.try_database()
            self._client = client(tracking_uri=uri, registry_uri=uri)
            self._experiment = self._found(tracker.experiment) or self._created(tracker, reports)

    # --- runs --------------------------------------------------------------------------------

    def log(
        self,
        key: str,
        name: str,
        figures: Mapping[str, float],
        tags: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> str:
        """Log a run under our key and return MLflow's id; a known run gets only what changed."""
        with self._failures_named():
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

    def _created(self, tracker: Tracker, reports: Path) -> str:
        place = None if self._place.is_server else (reports / "mlflow").resolve().as_uri()
        try:
            return str(self._client.create_experiment(tracker.experiment, place))
        except Exception as problem:  # MLflow raises many kinds
            found = self._found(tracker.experiment)
            if found is None:
                raise
            # Another process created it between our look and our attempt.
            _log.debug("the experiment exists already: %s", type(problem).__name__)
            return found

    def _known(self, key: str) -> Any:
        found = self._client.search_runs([self._experiment], f"tags.`{RUN}` = '{key}'", 1, 1)
        return found[0] if found else None

    # --- the registry ------------------------------------------------------------------------

    def promoted(self, model: str) -> str | None:
        """Return the digest of the version with the alias; None where there is none."""
        with self._failures_named():
            from mlflow.exceptions import MlflowException

            try:
                held = self._client.get_model_version_by_alias(model, ALIAS)
            except MlflowException as problem:
                if problem.error_code in _ABSENT:
                    return None
                raise
            return str(held.tags.get(DIGEST, ""))

    def promote(self, model: str, digest: str, run: str, tags: Mapping[str, str]) -> None:
        """Give the alias to the version of these bytes, created where it does not exist.

        A version points to MLflow's `run`; the weights are not uploaded.
        """
        with self._failures_named():
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
    def _failures_named(self) -> Iterator[None]:
        """Turn any failure of MLflow into a line without a password."""
        try:
            yield
        except SettingsError:
            raise
        except Exception as problem:  # MLflow, SQLAlchemy and HTTP raise what they like
            why = self._place.without_secrets(reason(problem))
            _log.debug("MLflow raised %s", type(problem).__name__)
            if "unsupported URI" in why:
                known = "sqlite:///FILE, postgresql://..., https://..."
                raise SettingsError(
                    f"{self._place.shown}: MLflow knows no such place, but {known}"
                ) from None
            # The cause quotes the whole URI, and so perhaps a password: it is not chained.
            raise StoreFailed(
                f"MLflow at {self._place.shown} failed ({why}); what was judged is in the store,"
                " so the same command again makes nothing anew"
            ) from None


def mlflow_client() -> Any:
    """Import MLflow with telemetry off, and return its class of clients."""
    os.environ.update(_SILENT)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", module=r"mlflow(\.|$)")
    try:
        import mlflow
    except ImportError as problem:
        raise SettingsError(
            f"MLflow is asked for and cannot be imported ({reason(problem)}):"
            " pip install 'lora-harness[mlflow]'"
        ) from problem
    return mlflow.MlflowClient
