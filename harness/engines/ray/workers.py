"""The workers of one engine on Ray: who is up, who does what, and who died over it.

Ray places workers, starts them and notices that they died. A piece that a dead one had goes to
whoever is free next, and another is started in its place, wherever Ray has room by then. Ray's own
pool of actors would not say which piece was lost, and its own restarts talk to the terminal.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.engines.batches import Batch
from harness.engines.ray.slices import Slices
from harness.engines.ray.worker import Make, Worker, WorkerInfo, WorkerResult
from harness.errors import EngineFailed, HarnessError

TRIES = 3
"""Workers that may die over one piece before it is given up."""
REPLACED = 16
"""Dead workers for each that was asked for, before none is started any more."""


@dataclass
class Assignment:
    """A piece on its way, with whose it is."""

    whose: Any
    piece: Batch
    deaths: int = 0
    """Workers that died over it."""


@dataclass
class Workers:
    """Actors of Ray; each has at most one piece, so that nobody sits on another's work."""

    ray: Any
    expected: WorkerInfo
    """What every worker must be, as this process would say it of itself."""
    patience: float
    idle: deque[Any] = field(default_factory=deque)
    _busy: dict[Any, tuple[Any, Assignment]] = field(default_factory=dict)
    _coming: dict[Any, Any] = field(default_factory=dict)
    """By what they were asked, workers that are not up yet."""
    _leaving: dict[Any, Any] = field(default_factory=dict)
    """By what they were asked, workers that still do what nobody waits for any more."""
    _hire: Callable[[], Any] = field(default=lambda: None)
    _spare: int = 0
    """How many may still be started in the place of dead ones."""
    _last: str = "none came up"

    def start(self, make: Make, parts: Slices) -> None:
        """All workers at once; work begins with the first that is up."""
        kind = self.ray.remote(Worker).options(num_cpus=parts.cores, num_gpus=parts.gpus)
        self._spare = REPLACED * parts.actors
        self._hire = lambda: kind.remote(make, parts.cores)
        for _ in range(parts.actors):
            self._greet(self._hire())

    def _greet(self, actor: Any) -> None:
        """Ray answers when the worker is up."""
        self._coming[actor.hello.remote()] = actor

    def _replace(self) -> None:
        if self._spare:
            self._spare -= 1
            self._greet(self._hire())

    @property
    def busy(self) -> bool:
        """Whether anybody does anything."""
        return bool(self._busy)

    def give(self, job: Assignment) -> None:
        """To the one that has been idle longest."""
        actor = self.idle.popleft()
        self._busy[actor.do.remote(job.piece)] = (actor, job)

    def wait(self) -> list[tuple[Assignment, WorkerResult | None]]:
        """What is finished now; no result where the worker died over it."""
        asked = [*self._busy, *self._leaving, *self._coming]
        if not asked:
            raise EngineFailed(f"ray: no worker is left ({self._last})")
        timeout = None if self._busy else self.patience
        ready, _ = self.ray.wait(asked, num_returns=1, timeout=timeout)
        if not ready:
            raise EngineFailed(
                f"ray: no worker came up within {self.patience:g} s; are its cores free, or is"
                " `patience` in [tool.harness.ray] too short?"
            )
        found = (self._answered(one) for one in ready)
        return [answer for answer in found if answer is not None]

    def _answered(self, asked: Any) -> tuple[Assignment, WorkerResult | None] | None:
        coming = asked in self._coming
        actor, job = self._pop(asked)
        try:
            said = self.ray.get(asked)
        except self.ray.exceptions.RayError as problem:
            self._last = _cause(problem)
            if not coming:  # who could not even come up is not tried again
                self._replace()
            return (job, None) if job else None
        if isinstance(said, WorkerInfo):
            self._refuse_other(said)
        self.idle.append(actor)
        return (job, said) if job else None

    def _pop(self, asked: Any) -> tuple[Any, Assignment | None]:
        if asked in self._busy:
            return self._busy.pop(asked)
        return (self._coming if asked in self._coming else self._leaving).pop(asked), None

    def _refuse_other(self, said: WorkerInfo) -> None:
        here = _flat(self.expected)
        for name, value in _flat(said).items():
            if value != here.get(name):
                raise EngineFailed(
                    f"ray: the worker on {said.node} has {name} {value}, here it is"
                    f" {here.get(name)}; outputs are addressed by it, so both must be the same"
                )

    def leave(self) -> None:
        """Whoever is busy goes on for nobody, and is there again afterwards."""
        self._leaving |= {asked: actor for asked, (actor, _) in self._busy.items()}
        self._busy.clear()

    def dismiss(self) -> None:
        """End all workers."""
        self.leave()
        for actor in [*self.idle, *self._coming.values(), *self._leaving.values()]:
            self.ray.kill(actor)


def _cause(problem: Exception) -> str:
    """What a worker met, which Ray puts below all that it has to say itself; else Ray's words."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Failed)\b", line)]
    return (raised or lines or [type(problem).__name__])[-1][:200]


def _flat(said: WorkerInfo) -> dict[str, str]:
    """Every figure by a name that a person understands."""
    found: dict[str, str] = dict(said.versions)
    for key, value in said.origin.items():
        if isinstance(value, dict):
            found |= {str(name): str(inner) for name, inner in value.items()}
        else:
            found[key] = str(value)
    return found


def given_up(job: Assignment) -> HarnessError:
    """Why a piece is not tried again."""
    return EngineFailed(
        f"{job.piece.adapter.name}: {job.deaths} workers died over the same piece (is their memory"
        " too small?), run the same command again to go on"
    )
