"""The request of an evaluation, and the project opened for it: store, backend, runs.

Tested in tests/flows/evaluation/test_session.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import RowChanged
from harness.flows.evaluation.backend import Backend
from harness.flows.evaluation.runs import Producer
from harness.flows.mlflow import Tracking
from harness.flows.project import Project
from harness.records import Benchmark, Decision
from harness.store import Store
from harness.store.seals import grounds_hold


@dataclass(frozen=True, slots=True)
class Request:
    """The options of an evaluation, as a command, the plugin or Python code gives them."""

    benchmarks: tuple[str, ...] = ()
    """Names; empty means all."""
    against: str | None = None
    """Compare with this adapter instead of the promoted one."""
    engine: str | None = None
    store: str | None = None
    reports: Path | None = None
    samples: int | None = None
    refresh: bool = False
    """Forget what the store knows about the candidate's run and make it again."""
    baselines: bool = True
    """Whether `base` and `base+prompt` are run as well, to say what fine-tuning was worth."""
    reserve: bool = True
    """Whether reserve cases are used while a verdict is open."""
    finals: bool = True
    """Whether texts that people sent are weighed."""
    texts: bool = True
    """Whether faces may show texts, where the project's settings let them."""
    mlflow: str | None = None
    """Log verdicts to this place of MLflow's instead of the settings' one."""
    base_ref: str | None = None
    """The commit that sets the bar: its benchmark, policy, settings, history, promoted adapter."""


@dataclass
class Context:
    """A project opened for evaluation: its store, its backend and the maker of its runs."""

    project: Project
    request: Request
    store: Store
    backend: Backend
    producer: Producer
    tracking: Tracking | None = None
    """Where verdicts are logged besides the store."""
    _held: set[str] = field(default_factory=set)
    """Hashes of the decisions whose grounds were found as they were."""

    def refuse_changed_grounds(self, decision: Decision) -> None:
        """Refuse to compare with an adapter whose runs or verdict were changed since."""
        if decision.hash in self._held:
            return
        if not grounds_hold(self.store, decision):
            raise RowChanged(
                f"decision {decision.seq} ({decision.kind} {decision.adapter}): what it rests on"
                " was changed by hand, see `lora-harness verify`"
            )
        self._held.add(decision.hash)

    def benchmark(self, name: str) -> Benchmark:
        """Return a benchmark, with the samples that the request asks for."""
        found = self.project.known(name)
        if self.request.samples is None:
            return found
        samples = self.request.samples
        warm = found.generation.temperature or (0.7 if samples > 1 else 0.0)
        return replace(
            found, generation=replace(found.generation, samples=samples, temperature=warm)
        )

    def guards(self) -> list[Benchmark]:
        """Return the benchmarks that every adapter must keep."""
        return [self.benchmark(name) for name, b in self.project.benchmarks.items() if b.guard]
