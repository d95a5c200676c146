"""What a candidate is compared with on one benchmark, as runs; base and prompt among them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import AdapterRefused, EngineFailed
from harness.flows.store import AdapterRef, RecordedBackend, is_base
from harness.records import BASE, BASE_PROMPT, Benchmark, Decision, Run

if TYPE_CHECKING:
    from harness.flows.evaluation.session import Candidate


class References:
    """What the candidate is compared with on one benchmark, as runs."""

    def __init__(
        self, trial: Candidate, benchmark: Benchmark, cases: frozenset[str] | None
    ) -> None:
        self.trial, self.benchmark, self.cases = trial, benchmark, cases
        self.bench = trial.bench
        self.promoted_at: str | None = None
        self.overridden = False
        against = self.bench.request.against
        decided = None if against else self._decision("promoted")
        self._promoted = self._named(against) if against else self._decided(decided)
        if decided is not None:
            self.promoted_at = decided.at
            self.overridden = decided.override
        self._pinned = None if against else self._pinned_side(decided)
        self._base: AdapterRef | None = None
        if self._promoted is None and not is_base(trial.side.name):
            self._base = self._named(BASE)

    def sides(self) -> list[AdapterRef]:
        """Everybody whose run will be asked for; of some of the cases no baseline's is made."""
        found = [self._promoted, self._pinned, self._base]
        if not self.cases:
            found += [self._baseline(name) for name in (BASE, BASE_PROMPT)]
        return [side for side in found if side is not None]

    @cached_property
    def promoted(self) -> Run | None:
        """The run of what is in production, or of whom the request names."""
        return self._run(self._promoted) if self._promoted else None

    @cached_property
    def pinned(self) -> Run | None:
        """The run of the pinned reference."""
        return self._run(self._pinned) if self._pinned else None

    @cached_property
    def base(self) -> Run | None:
        """The base's run, where nothing is in production yet."""
        return self._run(self._base) if self._base else None

    @property
    def task(self) -> str | None:
        """A guard has no task: it is kept for the task that the adapter is for."""
        if self.benchmark.task:
            return self.benchmark.task
        tasks = self.bench.project.tasks
        return self.trial.task or (tasks[0] if len(tasks) == 1 else None)

    def _decision(self, what: str) -> Decision | None:
        if self.task is None:
            return None
        decisions = self.bench.store.decisions
        return decisions.promoted(self.task) if what == "promoted" else decisions.pinned(self.task)

    def _pinned_side(self, promoted: Decision | None) -> AdapterRef | None:
        """The pinned reference where it is another adapter than the promoted one."""
        pinned = self._decision("pinned")
        if pinned is None or promoted is None or pinned.digest == promoted.digest:
            return None
        return self._decided(pinned)

    def _decided(self, decision: Decision | None) -> AdapterRef | None:
        if decision is None:
            return None
        side = self.bench.room.side(decision.adapter)
        if side.files is not None and side.digest != decision.digest:
            raise AdapterRefused(
                f"{decision.adapter}: its bytes are not those that were promoted"
                f" ({side.digest[:12]}, not {decision.digest[:12]}), restore them"
            )
        return side

    def _named(self, name: str) -> AdapterRef:
        side = self.bench.room.side(name)
        self.bench.room.refuse_unsound(side)
        return side

    def baseline(self, name: str) -> Run | None:
        """A run that only says what fine-tuning was worth, so none is made for some of the cases.

        Nor where nobody asked, nor where it would have to be recorded elsewhere and was not.
        """
        side = self._baseline(name)
        if side is None:
            return None
        if self.cases:
            return self.bench.producer.known(side, self.benchmark)
        try:
            return self._run(side)
        except EngineFailed as problem:
            raise EngineFailed(f"{problem} (--harness-no-baselines does without it)") from problem

    def _baseline(self, name: str) -> AdapterRef | None:
        bench, benchmark = self.bench, self.benchmark
        room = bench.room
        if not bench.request.baselines or is_base(self.trial.side.name):
            return None
        if name == BASE_PROMPT and (benchmark.guard or not benchmark.examples):
            return None
        if isinstance(room, RecordedBackend) and not room.holds(name, benchmark):
            return None
        return self._named(name)

    def _run(self, side: AdapterRef) -> Run:
        """For some of the cases, the whole run does as well, where it is there already."""
        producer = self.bench.producer
        known = producer.known(side, self.benchmark) if self.cases else None
        return known or producer.run(side, self.benchmark, self.cases)
