"""Log verdicts to MLflow, for teams that use it: scores as metrics, the verdict as tags.

Off unless `[tool.harness.mlflow]` or `--harness-mlflow` names a place. Inputs, outputs and weights
are never sent. The promoted adapter is an alias in MLflow's registry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.errors import HarnessError, SettingsError, StoreFailed
from harness.flows.project import Project
from harness.records import Decision, Run, Verdict
from harness.store import Store
from harness.store.in_production import in_production
from harness.store.tracker import MLflow
from harness.text.encodable import is_encodable
from harness.text.redact import Redaction
from harness.text.safe import terminal

_MAX_LENGTH = 480
"""Characters of a tag or parameter; every store of MLflow holds that many."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """An MLflow server with the privacy rules of the project that logs to it."""

    place: MLflow
    redaction: Redaction
    """The project's, because MLflow is read by more people than the store."""

    def judged(self, run: Run, verdict: Verdict) -> str:
        """Log a run with its verdict and return MLflow's id; logging it again updates it."""
        name = f"{run.adapter} on {run.benchmark}"
        parameters = {
            "adapter": run.adapter,
            "benchmark": run.benchmark,
            "task": run.task or "guard",
            "fingerprint": run.fingerprint,
            "complete": str(run.complete).lower(),
            "engine": str(run.origin.get("engine", "")),
            **{f"digest.{name}": digest for name, digest in run.digests.items()},
        }
        texts = {key: _text(text) for key, text in parameters.items()}
        return self.place.log(run.id, name, _figures(verdict), self._tags(verdict), texts)

    def follow(self, store: Store) -> None:
        """Move every task's alias to the adapter that the ledger says is promoted."""
        for decision in in_production(store.decisions.all()).values():
            model = f"lora-harness-{decision.task}"
            # `_run_of` logs to MLflow as well, so an alias that is up to date is left alone
            if self.place.promoted(model) != decision.digest:
                tags = {
                    "lora_harness.adapter": decision.adapter,
                    "lora_harness.override": str(decision.override).lower(),
                }
                self.place.promote(model, decision.digest, self._run_of(decision, store), tags)

    def _run_of(self, decision: Decision, store: Store) -> str:
        """Return MLflow's id of the decision's run; a decision without a verdict gets a new run."""
        verdict = store.verdicts.by_id(decision.verdict) if decision.verdict else None
        run = store.runs.by_id(verdict.runs["candidate"]) if verdict else None
        if run is not None and verdict is not None:
            return self.judged(run, verdict)
        key = f"decision {decision.hash}"
        return self.place.log(key, f"{decision.adapter}, promoted", {}, {}, {})

    def _tags(self, verdict: Verdict) -> dict[str, str]:
        found = {
            "verdict": verdict.outcome,
            "verdict.reasons": self.redaction.words("; ".join(verdict.reasons)),
            "promoted": verdict.promoted or "none",
            "pinned": verdict.pinned or "none",
        }
        return {f"lora_harness.{name}": _text(text) for name, text in found.items()}


def follow(project: Project, store: Store) -> None:
    """Bring MLflow's aliases in line with the ledger after a decision."""
    try:
        tracking = open_tracking(project)
        if tracking is not None:
            tracking.follow(store)
    except HarnessError as problem:
        raise StoreFailed(
            f"the decision stands, but {problem}; after that, `lora-harness promote` of what is"
            " promoted tells MLflow"
        ) from problem


def open_tracking(project: Project, uri: str | None = None) -> Tracking | None:
    """Open the MLflow at `uri`, or at the settings' address; None without either."""
    tracker, settings = project.settings.tracker, project.settings
    tracker = replace(tracker, uri=uri) if uri else tracker
    if not tracker.uri:
        return None
    if not is_encodable(tracker.uri):  # MLflow would try such an address again for minutes
        raise SettingsError("the address of MLflow holds bytes that are no UTF-8")
    return Tracking(MLflow(tracker, settings.root, settings.reports), project.redaction)


def _figures(verdict: Verdict) -> dict[str, float]:
    """Return a verdict's numbers by name; missing numbers are left out, since they are not zero."""
    found: dict[str, float | None] = {
        "n": verdict.n,
        "broken": len(verdict.broken),
        "fixed": len(verdict.fixed),
        "certifiable_margin": verdict.certifiable_margin,
    }
    for one in verdict.metrics:
        found[one.name] = one.candidate
        place = f"{one.name}/{one.against}"
        found |= {place: one.reference, f"{place}/difference": one.difference}
        found |= {f"{place}/low": one.low, f"{place}/high": one.high}
    return {name: float(value) for name, value in found.items() if value is not None}


def _text(text: str) -> str:
    # escaping comes after `terminal` applies its limit, and MLflow's limit is strict
    return terminal(text, limit=_MAX_LENGTH)[:_MAX_LENGTH]
