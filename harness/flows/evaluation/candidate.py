"""An adapter on trial: the adapters it is compared with, its runs, and its verdicts.

Tested in tests/flows/evaluation/test_session.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from harness.errors import AdapterRefused, EngineFailed
from harness.flows.evaluation.backend import AdapterRef, is_base
from harness.flows.evaluation.backends import is_about_recorded
from harness.flows.evaluation.contamination import find_contamination
from harness.flows.evaluation.context import Context
from harness.flows.evaluation.export_parity import export_notes
from harness.flows.evaluation.provenance import trained_on_word
from harness.flows.evaluation.templates import refuse_unchosen
from harness.flows.evaluation.weighing import SentTexts, weigh_finals
from harness.flows.notify.notify import tell
from harness.flows.project import utc_now
from harness.judge import verdict as judge
from harness.judge.bar import moved_bar
from harness.judge.paired import excused
from harness.judge.verdict import RESERVE
from harness.records import BASE, BASE_PROMPT, Benchmark, Case, Decision, Run, Verdict
from harness.records.holds import EXACT
from harness.render.notices import verdict_notice
from harness.workspace.adapters.files import read_training
from harness.workspace.adapters.served import SERVED
from harness.workspace.project.benchmarks import reserve_part


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A run with its verdict, and since when its reference is promoted."""

    run: Run
    verdict: Verdict
    promoted_at: str | None = field(default=None, metadata=EXACT)
    overridden: bool = False
    """Whether that promotion was against or without a verdict."""
    verdict_id: str = field(default="", metadata=EXACT)
    """In the store."""
    reserve: Run | None = None
    """The candidate's run on the reserve cases that the verdict took."""
    excused: frozenset[tuple[str, str]] = field(default=frozenset(), metadata=EXACT)
    """Cases and `must` checks that fail here and fail with the reference too."""
    made_again: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Sentences on runs that an older version of the engine had made already."""


@dataclass
class Candidate:
    """An adapter on trial, with its runs and verdicts; each is made only once."""

    context: Context
    adapter: AdapterRef
    _evaluations: dict[tuple[str, frozenset[str] | None], Evaluation] = field(default_factory=dict)

    @property
    def task(self) -> str | None:
        """The task that the adapter was trained for, where it says so."""
        folder, served = self.adapter.folder, self.adapter.served
        training = read_training(folder) if folder else None
        task = (training or {}).get("task") or (served.task if served else None)
        return task if isinstance(task, str) and task in self.context.project.tasks else None

    def evaluate(self, benchmark: Benchmark, cases: frozenset[str] | None = None) -> Evaluation:
        """Make the missing runs and judge; a verdict on some `cases` can never promote."""
        if cases is not None and cases >= {case.id for case in benchmark.cases}:
            cases = None
        place = (benchmark.name, cases)
        if place not in self._evaluations:
            self._evaluations[place] = self._evaluate(benchmark, cases)
        return self._evaluations[place]

    def _evaluate(self, benchmark: Benchmark, cases: frozenset[str] | None) -> Evaluation:
        # Before any run is made: that of the base alone may take minutes.
        for asked in (benchmark, *(() if benchmark.guard else self.context.guards())):
            refuse_unchosen(self.context.project, self.context.backend, self.adapter, asked)
        # Also before: an export that lacks weights is refused, and cannot be run at all.
        told = () if benchmark.guard else export_notes(self.context, self.adapter, benchmark)
        context, references = self.context, References(self, benchmark, cases)
        promoted, pinned, first = references.promoted, references.pinned, references.base
        refresh = context.request.refresh
        context.backend.expect([self.adapter, *references.adapters()])
        run = context.producer.run(self.adapter, benchmark, cases, refresh=refresh)
        base = first or references.baseline(BASE)
        prompted = references.baseline(BASE_PROMPT)
        guards = () if benchmark.guard or cases is not None else tuple(self._guard_verdicts())
        store = context.store
        before = store.verdicts.candidates(benchmark.fingerprint)
        # a candidate that is judged again keeps its place in the count
        place = [*before, self.adapter.digest].index(self.adapter.digest)
        given = partial(
            judge,
            run,
            promoted,
            benchmark.policy,
            metrics=benchmark.metrics,
            pinned=pinned,
            base=base,
            prompted=prompted,
            accepted=store.decisions.accepted(run.id),
            guards=guards,
            candidates_judged=place + 1,
            guard=benchmark.guard,
            left_out=self._left_out(benchmark, run, promoted, pinned),
            trained_on="" if benchmark.guard else self._trained_on(),
        )
        verdict = self._with_more(given, benchmark, references, cases)
        verdict = replace(verdict, bar_moved=references.bar_moved(), notes=(*verdict.notes, *told))
        if (bar := context.project.bar) is not None:
            verdict = replace(verdict, bar_commit=bar.commit, bar_differs=bar.differs)
        known = store.verdicts.of_run(run.id)
        verdict_id = store.verdicts.keep(verdict, run.id, self.adapter.digest, utc_now())
        if known is None or known.outcome != verdict.outcome:  # told once
            self._tell(verdict, benchmark, cases)
        if context.tracking is not None:
            context.tracking.judged(run, verdict)
        again = context.producer.made_again
        pairs = [(one.adapter, benchmark.name) for one in (run, promoted, pinned) if one]
        return Evaluation(
            run,
            verdict,
            references.promoted_at,
            references.overridden,
            verdict_id,
            self._run_named(verdict.runs.get(RESERVE)),
            frozenset(excused(run, promoted or base)),
            tuple(again[pair] for pair in pairs if pair in again),
        )

    def _tell(self, verdict: Verdict, benchmark: Benchmark, cases: frozenset[str] | None) -> None:
        """Tell the team of a whole verdict on a task, against what is promoted there."""
        if benchmark.task and cases is None and self.context.request.against is None:
            tell(self.context.project, [verdict_notice(verdict)])

    def _run_named(self, identity: str | None) -> Run | None:
        return None if identity is None else self.context.store.runs.by_id(identity)

    def _with_more(
        self,
        given: Callable[..., Verdict],
        benchmark: Benchmark,
        references: References,
        cases: frozenset[str] | None,
    ) -> Verdict:
        """Judge with what people sent, then with reserve cases while the verdict is open."""
        request, promoted = self.context.request, references.promoted_adapter
        if benchmark.guard or cases is not None:
            return given()
        sent = SentTexts(why_not="" if request.finals else "finals: left out on request")
        if request.finals and promoted is not None:
            sent = weigh_finals(self.context, benchmark, self.adapter, promoted)
        reserve = self._reserve(benchmark, promoted) if request.reserve else ()
        given = partial(given, finals=sent.weighed, reserve_available=len(reserve))
        verdict, other = given(), promoted or references.base_adapter
        while other is not None and verdict.reserve is not None and verdict.reserve.wanted:
            part = reserve_part(replace(benchmark, reserve=reserve), verdict.reserve.wanted)
            runs = [self.context.producer.run(each, part) for each in (self.adapter, other)]
            verdict = given(reserve=(runs[0], runs[1]))
        unused = [sent.why_not] if sent.why_not else []
        if benchmark.reserve and not request.reserve:
            unused.append("reserve: left out on request")
        return replace(verdict, notes=(*verdict.notes, *unused))

    def _reserve(self, benchmark: Benchmark, promoted: AdapterRef | None) -> tuple[Case, ...]:
        """Return the reserve's cases that no compared adapter has seen in training."""
        if not benchmark.reserve:
            return ()
        asked, seen = replace(benchmark, cases=benchmark.reserve), set[str]()
        for adapter in (self.adapter, promoted):
            if adapter is not None and adapter.folder is not None:
                folder = self.context.project.settings.adapters
                seen |= set(find_contamination(folder, adapter.name, asked).cases)
        return tuple(case for case in benchmark.reserve if case.id not in seen)

    def needs(
        self, benchmark: Benchmark, cases: frozenset[str] | None = None
    ) -> Iterator[tuple[AdapterRef, Benchmark]]:
        """Yield every adapter and benchmark whose run the verdict rests on, its own first."""
        yield self.adapter, benchmark
        for adapter in References(self, benchmark, cases).adapters():
            yield adapter, benchmark
        if not benchmark.guard and cases is None:
            for guard in self.context.guards():
                yield from self.needs(guard)

    def _trained_on(self) -> str:
        """Return the sentence on the base that the adapter was trained on, where it has one."""
        files = self.adapter.files
        return trained_on_word(self.context.project, files) if files else ""

    def _left_out(self, benchmark: Benchmark, *runs: Run | None) -> Mapping[str, str]:
        """Return the cases that any of the compared adapters has seen in training."""
        found: dict[str, str] = {}
        for run in runs:
            if run is not None and self.context.backend.adapter(run.adapter).folder is not None:
                adapters = self.context.project.settings.adapters
                # the candidate's own place for a case goes before a reference's
                found = {**find_contamination(adapters, run.adapter, benchmark).cases, **found}
        return found

    def _guard_verdicts(self) -> Iterator[Verdict]:
        for guard in self.context.guards():
            yield self.evaluate(guard).verdict


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
