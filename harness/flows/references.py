"""What a candidate is compared with on one benchmark, as runs; base and prompt among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import AdapterRefused, EngineFailed
from harness.flows.opening import RecordedRoom, Side, is_base
from harness.records import BASE, BASE_PROMPT, Benchmark, Decision, Run

if TYPE_CHECKING:
    from harness.flows.evaluate import Trial


class References:
    """What the candidate is compared with on one benchmark, as runs."""

    def __init__(self, trial: Trial, benchmark: Benchmark, cases: frozenset[str] | None) -> None:
        self.trial, self.benchmark, self.cases = trial, benchmark, cases
        self.bench = trial.bench
        self.promoted_at: str | None = None
        self.overridden = False
        against = self.bench.request.against
        decided = None if against else self._decision("promoted")
        self.promoted = self._named(against) if against else self._decided(decided)
        if decided is not None:
            self.promoted_at = decided.at
            self.overridden = decided.override
        self.pinned = None if against else self._pinned(decided)
        self.base: Run | None = None
        if self.promoted is None and not is_base(trial.side.name):
            self.base = self._named(BASE)

    @property
    def task(self) -> str | None:
        """A guard has no task: it is kept for the task that the adapter is for."""
        if self.benchmark.task:
            return self.benchmark.task
        tasks = {b.task for b in self.bench.project.benchmarks.values() if b.task}
        return self.trial.task or (next(iter(tasks)) if len(tasks) == 1 else None)

    def _decision(self, what: str) -> Decision | None:
        if self.task is None:
            return None
        decisions = self.bench.store.decisions
        return decisions.promoted(self.task) if what == "promoted" else decisions.pinned(self.task)

    def _pinned(self, promoted: Decision | None) -> Run | None:
        """The pinned reference where it is another adapter than the promoted one."""
        pinned = self._decision("pinned")
        if pinned is None or promoted is None or pinned.digest == promoted.digest:
            return None
        return self._decided(pinned)

    def _decided(self, decision: Decision | None) -> Run | None:
        if decision is None:
            return None
        side = self.bench.room.side(decision.adapter)
        if side.files is not None and side.digest != decision.digest:
            raise AdapterRefused(
                f"{decision.adapter}: its bytes are not those that were promoted"
                f" ({side.digest[:12]}, not {decision.digest[:12]}), restore them"
            )
        return self._run(side)

    def _named(self, name: str) -> Run:
        side = self.bench.room.side(name)
        self.bench.room.refuse_unsound(side)
        return self._run(side)

    def baseline(self, name: str) -> Run | None:
        """A run that only says what fine-tuning was worth, so none is made for some of the cases.

        Nor where nobody asked, nor where it would have to be recorded elsewhere and was not.
        """
        bench, benchmark = self.bench, self.benchmark
        room = bench.room
        if not bench.request.baselines or is_base(self.trial.side.name):
            return None
        if name == BASE_PROMPT and (benchmark.guard or not benchmark.examples):
            return None
        if isinstance(room, RecordedRoom) and not room.holds(name, benchmark):
            return None
        if self.cases:
            return bench.producer.known(room.side(name), benchmark)
        try:
            return self._named(name)
        except EngineFailed as problem:
            raise EngineFailed(f"{problem} (--harness-no-baselines does without it)") from problem

    def _run(self, side: Side) -> Run:
        """For some of the cases, the whole run does as well, where it is there already."""
        producer = self.bench.producer
        known = producer.known(side, self.benchmark) if self.cases else None
        return known or producer.run(side, self.benchmark, self.cases)
