"""Find the runs that a candidate is compared with: promoted, pinned, base, baselines.

Tested in tests/flows/evaluation/test_session.py.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import AdapterRefused, EngineFailed
from harness.flows.evaluation.backend import AdapterRef, is_base
from harness.flows.evaluation.backends import is_about_recorded
from harness.judge.bar import moved_bar
from harness.records import BASE, BASE_PROMPT, Benchmark, Decision, Run
from harness.workspace.adapters.served import SERVED

if TYPE_CHECKING:
    from harness.flows.evaluation.candidate import Candidate


class References:
    """The runs that a candidate is compared with on a benchmark."""

    def __init__(
        self, candidate: Candidate, benchmark: Benchmark, cases: frozenset[str] | None
    ) -> None:
        self.candidate, self.benchmark, self.cases = candidate, benchmark, cases
        self.context = candidate.context
        self.promoted_at: str | None = None
        self.overridden = False
        against = self.context.request.against
        decided = None if against else self._decision("promoted")
        self._promoted = self._named(against) if against else self._decided(decided)
        if decided is not None:
            self.promoted_at = decided.at
            self.overridden = decided.override
        self._pinned = None if against else self._pinned_adapter(decided)
        self._base: AdapterRef | None = None
        if self._promoted is None and not is_base(candidate.adapter.name):
            self._base = self._named(BASE)

    def adapters(self) -> list[AdapterRef]:
        """Return the adapters whose runs will be asked for; baselines only for whole runs."""
        found = [self._promoted, self._pinned, self._base]
        if not self.cases:
            found += [self._baseline(name) for name in (BASE, BASE_PROMPT)]
        return [adapter for adapter in found if adapter is not None]

    @property
    def promoted_adapter(self) -> AdapterRef | None:
        """The promoted adapter, or the adapter that the request names."""
        return self._promoted

    @property
    def base_adapter(self) -> AdapterRef | None:
        """The base, where no adapter is promoted yet."""
        return self._base

    def bar_moved(self) -> tuple[str, ...]:
        """Return how the bar differs from the last promotion's, a sentence for each setting."""
        verdicts = self.context.store.verdicts
        decided = None if self.context.request.against else self._decision("promoted")
        kept = verdicts.by_id(decided.verdict) if decided and decided.verdict else None
        if kept is None or kept.benchmark != self.benchmark.name:
            return ()
        return moved_bar(kept, self.benchmark)

    @cached_property
    def promoted(self) -> Run | None:
        """The run of the promoted adapter, or of the adapter that the request names."""
        return self._run(self._promoted) if self._promoted else None

    @cached_property
    def pinned(self) -> Run | None:
        """The run of the pinned reference."""
        return self._run(self._pinned) if self._pinned else None

    @cached_property
    def base(self) -> Run | None:
        """The base's run, where no adapter is promoted yet."""
        return self._run(self._base) if self._base else None

    @property
    def task(self) -> str | None:
        """The benchmark's task; for a guard, which has none, the task that the adapter is for."""
        if self.benchmark.task:
            return self.benchmark.task
        tasks = self.context.project.tasks
        return self.candidate.task or (tasks[0] if len(tasks) == 1 else None)

    def _decision(self, what: str) -> Decision | None:
        if self.task is None:
            return None
        decisions = self.context.store.decisions
        return decisions.promoted(self.task) if what == "promoted" else decisions.pinned(self.task)

    def _pinned_adapter(self, promoted: Decision | None) -> AdapterRef | None:
        """Return the pinned reference if it differs from the promoted adapter."""
        pinned = self._decision("pinned")
        if pinned is None or promoted is None or pinned.digest == promoted.digest:
            return None
        return self._decided(pinned, "pinned")

    def _decided(self, decision: Decision | None, how: str = "promoted") -> AdapterRef | None:
        """Return the adapter of a decision; refuse it if its bytes have changed since.

        Recorded outputs of an adapter that was judged as files have no digest to be compared with.
        """
        if decision is None:
            return None
        self.context.refuse_changed_grounds(decision)
        adapter = self.context.backend.adapter(decision.adapter)
        if self.context.backend.from_files(adapter) and not is_about_recorded(decision):
            return adapter
        if not adapter.has_judged_bytes(decision.digest):
            if adapter.served is not None:
                raise AdapterRefused(
                    f"{decision.adapter}: is {adapter.served.called} now, which is not the name"
                    f" that was {how}; restore its {SERVED}"
                )
            what = "recorded outputs" if self.context.backend.recorded else "bytes"
            remedy = "promote them as they are now with --override"
            if how == "pinned":
                remedy = "pin another adapter with `lora-harness pin`"
            raise AdapterRefused(
                f"{decision.adapter}: its {what} are not those that were {how}"
                f" ({adapter.digest[:12]}, not {decision.digest[:12]}), restore them, or {remedy}"
            )
        return adapter

    def _named(self, name: str) -> AdapterRef:
        adapter = self.context.backend.adapter(name)
        self.context.backend.check(adapter)
        return adapter

    def baseline(self, name: str) -> Run | None:
        """Return the run of `base` or `base+prompt`, which says what fine-tuning was worth.

        None where the request does without, where outputs were recorded elsewhere and not for it,
        and for some of the cases unless it is known already.
        """
        adapter = self._baseline(name)
        if adapter is None:
            return None
        if self.cases:
            return self.context.producer.known(adapter, self.benchmark)
        try:
            return self._run(adapter)
        except EngineFailed as problem:
            raise EngineFailed(f"{problem} (--harness-no-baselines does without it)") from problem

    def _baseline(self, name: str) -> AdapterRef | None:
        context, benchmark = self.context, self.benchmark
        if not context.request.baselines or is_base(self.candidate.adapter.name):
            return None
        if name == BASE_PROMPT and (benchmark.guard or not benchmark.examples):
            return None
        if not context.backend.has_recorded(name, benchmark):
            return None
        return self._named(name)

    def _run(self, adapter: AdapterRef) -> Run:
        """Return a run; a whole run that is known already serves for some of the cases too."""
        producer = self.context.producer
        known = producer.known(adapter, self.benchmark) if self.cases else None
        return known or producer.run(adapter, self.benchmark, self.cases)
