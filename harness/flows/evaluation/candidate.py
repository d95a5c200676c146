"""An adapter on trial: the adapters it is compared with, its runs, and its verdicts.

Tested in tests/flows/evaluation/test_session.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.contamination import find_contamination
from harness.flows.evaluation.context import Context
from harness.flows.evaluation.export_parity import export_notes
from harness.flows.evaluation.provenance import trained_on_word
from harness.flows.evaluation.references import References
from harness.flows.evaluation.templates import refuse_unchosen
from harness.flows.evaluation.weighing import SentTexts, weigh_finals
from harness.flows.notify.notify import tell
from harness.flows.project import utc_now
from harness.judge import verdict as judge
from harness.judge.paired import excused
from harness.judge.verdict import RESERVE
from harness.records import BASE, BASE_PROMPT, Benchmark, Case, Run, Verdict
from harness.records.holds import EXACT
from harness.render.notices import verdict_notice
from harness.workspace.adapters.files import read_training
from harness.workspace.project.fingerprints import reserve_part


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
        now = utc_now(context.project.settings.calendar)
        verdict_id = store.verdicts.keep(verdict, run.id, self.adapter.digest, now)
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
