"""Stand in for the library Ray: workers that only take time, by a clock that only counts.

The product's own engine on Ray talks to it, so what is given to which worker, and given again after
a loss, is decided by the code of a real sweep. Tested in tests/perf/test_fleet.py.
"""

from __future__ import annotations

import random
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.engines.batches import Batch, BatchResult
from harness.engines.local.adapters import MAX_HELD
from harness.engines.ray.worker import WorkerResult, describe, joined

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Costs:
    """The seconds that a worker takes for a part of its work."""

    load: float
    """To start, and to load the base."""
    mount: float
    """To mount an adapter, and to show that it is applied."""
    piece: float
    """To write a piece, besides what each of its cases takes."""
    case: float
    """To read a case's prompt and write its text."""
    weigh: float
    """To weigh a case's ideal behind a prompt that the worker has just read."""
    read: float
    """To read a case's prompt once more, where another worker wrote its text."""


@dataclass(eq=False)
class Answer:
    """A result to come: Ray calls it an object reference."""

    worker: SimulatedWorker
    ends: float
    value: Any
    spent: Counter[str]
    """Seconds by what they go to."""
    begun: float
    lost: bool = False


class SimulatedWorker:
    """An actor that loads a base, mounts adapters and runs batches, all in simulated time."""

    def __init__(self, cluster: SimulatedRay) -> None:
        self._cluster = cluster
        self._held: OrderedDict[str, None] = OrderedDict()
        self._loaded = False
        self._read: set[tuple[str, str]] = set()
        """Adapter and case of the prompts whose reading it still holds."""
        self.hello = Method(self._hello)
        self.run = Method(self._run)

    def _hello(self) -> Answer:
        return self._answer(describe(self._cluster.here), Counter())

    def _run(self, batch: Batch) -> Answer:
        costs, spent = self._cluster.costs, Counter[str]()
        digest = batch.adapter.digest
        if not self._loaded:  # a worker loads the base with its first batch
            self._loaded = True
            spent["load"] = costs.load
        if digest not in self._held:
            again = digest in self._cluster.mounted
            spent["mounted again" if again else "mount"] += costs.mount
            self._cluster.mounted.add(digest)
            self._read.clear()
        self._held[digest] = self._held.pop(digest, None)
        while len(self._held) > MAX_HELD:
            self._held.popitem(last=False)
        self._compute(batch, spent)
        return self._answer(WorkerResult(joined(list(self._cluster.results(batch)))), spent)

    def _compute(self, batch: Batch, spent: Counter[str]) -> None:
        costs, digest = self._cluster.costs, batch.adapter.digest
        if batch.prompts:
            spent["write"] += costs.piece + costs.case * len(batch.prompts)
            self._read |= {(digest, prompt.case) for prompt in batch.prompts}
        known = sum((digest, prompt.case) in self._read for prompt in batch.ideals)
        spent["weigh"] += costs.weigh * len(batch.ideals)
        spent["read again"] += costs.read * (len(batch.ideals) - known)

    def _answer(self, value: Any, spent: Counter[str]) -> Answer:
        now = self._cluster.now
        return Answer(self, now + spent.total(), value, spent, now)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an actor, called as Ray calls it."""

    remote: Callable[..., Any]


class Lost(Exception):
    """The error by which the stand-in says that a worker is gone."""


class _Errors:
    RayError = Lost


@dataclass
class SimulatedRay:
    """Workers, the clock that they share with the driver, and what their time went to."""

    here: Any
    """The engine that describes this machine, as every worker's does."""
    costs: Costs
    workers: int
    results: Callable[[Batch], Iterable[BatchResult]] = lambda batch: [BatchResult()]
    """What a worker brings back."""
    seed: int = 0
    lost_every: float = HOUR
    """Seconds between two losses on average; 0 for none."""
    now: float = 0.0
    spent: Counter[str] = field(default_factory=Counter)
    """Worker seconds by what they went to."""
    losses: int = 0
    mounted: set[str] = field(default_factory=set)
    """Digests that some worker has mounted."""
    exceptions = _Errors

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._next_loss = self._drawn()
        self._asked = 0

    @contextmanager
    def reached(self) -> Iterator[SimulatedRay]:
        """Connect, as the product does with the real library."""
        yield self

    # --- what the product calls ---------------------------------------------------------------

    def nodes(self) -> list[Mapping[str, Any]]:
        """Return one large machine; none where the product asks which machines still answer."""
        self._asked += 1
        found = {"CPU": float(self.workers), "GPU": float(self.workers)}
        return [{"Alive": True, "Resources": found, "NodeID": "1"}] if self._asked == 1 else []

    def remote(self, kind: type) -> SimulatedRay:
        """Make actors of any class: simulated workers."""
        return self

    def options(self, **resources: float) -> Method:
        """Place an actor: there is always room for another one."""
        return Method(lambda *made_with: SimulatedWorker(self))

    def wait(
        self, pending: Sequence[Answer], num_returns: int, timeout: float | None
    ) -> tuple[list[Answer], list[Answer]]:
        """Go on to the next answer, or to the loss of a worker that comes before it."""
        first = min(pending, key=lambda answer: answer.ends)
        if self._next_loss < first.ends:
            first = self._dice.choice(list(pending))
            first.ends, first.lost = max(self.now, self._next_loss), True
            self._next_loss = first.ends + self._drawn()
        self.now = max(self.now, first.ends)
        return [first], [answer for answer in pending if answer is not first]

    def get(self, answer: Answer) -> Any:
        """Return a result and book its time; raise where the worker was lost over it."""
        if answer.lost:
            self.losses += 1
            passed = answer.ends - answer.begun
            loading = min(passed, answer.spent["load"])
            self.spent += Counter({"load": loading, "lost": passed - loading})
            raise Lost("the simulated worker died")
        self.spent += answer.spent
        return answer.value

    def kill(self, actor: SimulatedWorker) -> None:
        """Do nothing: a lost worker is gone, and others end with the simulation."""

    # --- the driver's own time ----------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Let the driver work: workers go on meanwhile, and wait for it where they are done."""
        self.now += seconds

    def _drawn(self) -> float:
        return self._dice.expovariate(1 / self.lost_every) if self.lost_every else float("inf")
