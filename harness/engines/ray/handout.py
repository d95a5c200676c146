"""Which batch an idle worker gets: a lost one, one of the adapter that it has, or another.

Nothing here knows Ray or the time: a real sweep and a simulated one (perf/fleet.py) both ask it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic

from harness.engines.batches import Batch, Tag, Work

MAX_DEATHS = 3
"""Workers that may die over a batch before it is given up."""


@dataclass(eq=False)
class Share(Generic[Tag]):
    """The batches of an adapter that no worker has yet; each is made when a worker asks."""

    batches: Iterator[tuple[Tag, Batch]]


@dataclass
class Assignment(Generic[Tag]):
    """A batch given to a worker, with its tag."""

    tag: Tag
    batch: Batch
    share: Share[Tag]
    """What it was taken from."""
    deaths: int = 0
    """Workers that died over it."""


class Handout(Generic[Tag]):
    """The batches that are still to be done, and the adapter that each worker is at.

    Mounting an adapter and reading its prompts cost time, so a worker stays with an adapter until
    nothing is left of it, then begins the next one. Only when no adapter is left to begin do idle
    workers help others with theirs.
    """

    def __init__(self, work: Work[Tag]) -> None:
        self._unbegun = iter(work)
        self._begun: dict[Share[Tag], None] = {}
        self._at: dict[Hashable, Share[Tag]] = {}
        self.lost: deque[Assignment[Tag]] = deque()
        """Batches whose worker died."""

    def next_for(self, worker: Hashable) -> Assignment[Tag] | None:
        """Return the next batch for an idle worker; None where nothing is left to be given."""
        job = self.lost.popleft() if self.lost else self._next_of(self._choices(worker))
        if job is None:
            self._at.pop(worker, None)
        else:
            self._at[worker] = job.share
        return job

    def _next_of(self, shares: Iterable[Share[Tag]]) -> Assignment[Tag] | None:
        for share in shares:
            found = next(share.batches, None)
            if found is not None:
                return Assignment(*found, share)
            del self._begun[share]
        return None

    def lose(self, job: Assignment[Tag]) -> None:
        """Take back the batch of a dead worker; it is given up once too many died over it."""
        job.deaths += 1
        if job.deaths < MAX_DEATHS:
            self.lost.append(job)

    def _choices(self, worker: Hashable) -> Iterator[Share[Tag]]:
        """Yield shares to take from: the worker's own, then unbegun ones, then other workers'."""
        own = self._at.get(worker)
        if own in self._begun:
            yield own
        for batches in self._unbegun:
            share = Share(iter(batches))
            self._begun[share] = None
            yield share
        crowds = Counter(self._at.values())
        yield from sorted(self._begun, key=lambda share: crowds[share])
