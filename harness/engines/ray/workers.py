"""The workers of an engine on Ray: which are up, which batch each runs, and which died over it.

Ray places workers, starts them and notices that they died. A dead worker's batch goes to the next
idle worker, and another worker is started in its place, wherever Ray has space by then. Ray's own
pool of actors would not say which batch was lost, and its own restarts print to the terminal.

Tested in tests/engines/ray/test_engine.py.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from harness.engines.ray.handout import MAX_DEATHS, Assignment
from harness.engines.ray.losses import Losses
from harness.engines.ray.slices import Slices
from harness.engines.ray.worker import Make, Worker, WorkerInfo, WorkerResult
from harness.errors import EngineFailed

_log = logging.getLogger(__name__)

MAX_REPLACED = 16
"""Replacements for each worker that was asked for, in a row: as long as batches are finished in
between, dead workers are replaced for as many nights as it takes."""

Actor: TypeAlias = Any
"""Ray's handle of a worker; Ray ships no types."""
Pending: TypeAlias = Any
"""Ray's reference to a result to come."""


@dataclass
class Workers:
    """Actors of Ray; each has at most a single batch, so that no batch waits behind another."""

    ray: Any
    """The library; it is imported only for this engine."""
    expected: WorkerInfo
    """The description that every worker must match: this process's own."""
    patience: float
    idle: deque[Actor] = field(default_factory=deque)
    _busy: dict[Pending, tuple[Actor, Assignment[Any]]] = field(default_factory=dict)
    _coming: dict[Pending, Actor] = field(default_factory=dict)
    """Workers that are not up yet."""
    _leaving: dict[Pending, Actor] = field(default_factory=dict)
    """Workers with a batch whose result is no longer wanted."""
    _places: dict[Actor, str] = field(default_factory=dict)
    """The machine of every worker that came up."""
    _losses: Losses = field(default_factory=Losses)
    _hire: Callable[[], Actor] = field(default=lambda: None)
    _asked: int = 0
    """Workers that were asked for."""
    _spare: int = 0
    """Replacements for dead workers that may still be started before a batch is finished."""
    _last: str = "none came up"
    """Why the last worker died."""

    def start(self, make: Make, parts: Slices) -> None:
        """Start all workers at once; work begins with the first that is up."""
        kind = self.ray.remote(Worker).options(num_cpus=parts.cores, num_gpus=parts.gpus)
        self._asked, self._spare = parts.actors, MAX_REPLACED * parts.actors
        self._losses.begin(self.ray.nodes())
        self._hire = lambda: kind.remote(make, parts.cores)
        for _ in range(parts.actors):
            self._add()

    def _add(self) -> None:
        actor = self._hire()
        self._coming[actor.hello.remote()] = actor  # Ray answers when the worker is up

    @property
    def busy(self) -> bool:
        """Whether a wanted result is under way."""
        return bool(self._busy)

    def give(self, job: Assignment[Any]) -> None:
        """Give a batch to the worker that has been idle longest."""
        actor = self.idle.popleft()
        self._busy[actor.run.remote(job.batch)] = (actor, job)

    def wait(self) -> list[tuple[Assignment[Any], WorkerResult | None]]:
        """Wait for a worker; return finished batches, without a result if their worker died."""
        pending = [*self._busy, *self._leaving, *self._coming]
        if not pending:
            raise EngineFailed(f"ray: no worker is left ({self._last})")
        timeout = None if self._busy else self.patience
        ready, _ = self.ray.wait(pending, num_returns=1, timeout=timeout)
        if not ready:
            raise EngineFailed(
                f"ray: no worker came up within {self.patience:g} s; are its cores free, or is"
                " `patience` in [tool.harness.ray] too short?"
            )
        found = (self._answered(answer) for answer in ready)
        return [answer for answer in found if answer is not None]

    def _answered(self, answer: Pending) -> tuple[Assignment[Any], WorkerResult | None] | None:
        job: Assignment[Any] | None = None
        coming = answer in self._coming
        if answer in self._busy:
            actor, job = self._busy.pop(answer)
        else:
            actor = (self._coming if coming else self._leaving).pop(answer)
        try:
            said = self.ray.get(answer)
        except self.ray.exceptions.RayError as problem:
            self._lose(actor, problem, job, replace=not coming or bool(self._places))
            return (job, None) if job else None
        if isinstance(said, WorkerInfo):
            self._refuse_other(said)
            self._places[actor] = said.node
            _log.info("worker up on %s", said.node)
        elif said.parts:
            self._spare = MAX_REPLACED * self._asked
        self.idle.append(actor)
        return (job, said) if job else None

    def _lose(
        self, actor: Actor, problem: Exception, job: Assignment[Any] | None, replace: bool
    ) -> None:
        """Replace a lost worker and say so; not before the first one came up, as none might."""
        self._last = _cause(problem)
        _log.info("worker lost: %s", self._last)
        self.ray.kill(actor)  # one that only became unreachable would keep its cores
        left = len(self.idle) + len(self._busy) + len(self._coming) + len(self._leaving)
        then = [f"{left} of {self._asked} workers {'goes' if left == 1 else 'go'} on"]
        if job is not None and job.deaths + 1 < MAX_DEATHS:
            then.append("its piece is begun again")
        if replace and self._spare:
            self._spare -= 1
            self._add()
            then.append("a new worker is started where there is space")
        elif not left:
            return  # the error that ends the work follows
        place = f" on {self._places[actor]}" if actor in self._places else ""
        self._losses.worker(place, self._last, ", ".join(then), self.ray.nodes())

    def _refuse_other(self, said: WorkerInfo) -> None:
        here = _flat(self.expected)
        for name, value in _flat(said).items():
            if value != here.get(name):
                raise EngineFailed(
                    f"ray: the worker on {said.node} has {name} {value}, here it is"
                    f" {here.get(name)}; outputs are addressed by it, so both must be the same"
                )

    def leave(self) -> None:
        """Ignore the results of running batches; their workers become idle when they finish."""
        self._leaving |= {pending: actor for pending, (actor, _) in self._busy.items()}
        self._busy.clear()

    def dismiss(self) -> None:
        """End all workers."""
        self.leave()
        for actor in [*self.idle, *self._coming.values(), *self._leaving.values()]:
            self.ray.kill(actor)


def _cause(problem: Exception) -> str:
    """Return the worker's exception, which Ray puts below its own text; else the last line."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Failed)\b", line)]
    return (raised or lines or [type(problem).__name__])[-1][:200]


def _flat(said: WorkerInfo) -> dict[str, str]:
    """Flatten a description to values by readable names."""
    found: dict[str, str] = dict(said.versions)
    for key, value in said.origin.items():
        if isinstance(value, dict):
            found |= {str(name): str(inner) for name, inner in value.items()}
        else:
            found[key] = str(value)
    return found
