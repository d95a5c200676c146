"""The page Compare: two adapters on one benchmark, the verdict in words, and every case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Literal

from harness.errors import HarnessError
from harness.flows.project import Project
from harness.flows.queries.next_step import promote_command
from harness.flows.queries.shared import (
    chosen_benchmark,
    chosen_metric,
    promoted_on,
    read_page,
    rules_of,
)
from harness.judge import verdict as judge
from harness.records import (
    BASE,
    LOWER_IS_BETTER,
    RESERVED,
    Benchmark,
    CaseChange,
    CaseResult,
    Compared,
    Flag,
    Run,
    Verdict,
)
from harness.records.holds import EXACT, QUOTING
from harness.store import Store

__all__ = ["Compared", "Flag", "compared", "parts_of"]


def compared(
    new: Run | None, old: Run | None, verdict: Verdict | None, metric: str
) -> list[Compared]:
    """Every case of either run; those without a score on both sides come last."""
    now = {result.case.id: result for result in new.results} if new else {}
    before = {result.case.id: result for result in old.results} if old else {}
    flags = _flags(verdict)
    found = [
        _compared(before.get(case), now.get(case), flags.get(case), metric)
        for case in dict.fromkeys([*now, *before])
    ]
    return sorted(found, key=lambda one: (one.change is None, one.change))


def _flags(verdict: Verdict | None) -> dict[str, tuple[Flag, str | None]]:
    found: dict[str, tuple[Flag, str | None]] = {}
    if verdict is not None:
        groups: tuple[tuple[Flag, tuple[CaseChange, ...]], ...] = (
            ("reworded", verdict.reworded),
            ("fixed", verdict.fixed),
            ("broken", verdict.broken),
        )
        for flag, changes in groups:
            found |= {change.case: (flag, change.accepted) for change in changes}
    return found


def _compared(
    before: CaseResult | None,
    now: CaseResult | None,
    said: tuple[Flag, str | None] | None,
    metric: str,
) -> Compared:
    some = now or before
    assert some is not None
    names = dict.fromkeys([*(before.scores if before else ()), *(now.scores if now else ())])
    scores = {
        name: (
            before.scores.get(name) if before else None,
            now.scores.get(name) if now else None,
        )
        for name in names
    }
    flag, accepted = said or (_flag(before, now), None)
    change = _change(scores.get(metric, (None, None)), metric)
    return Compared(some.case, before, now, scores, change, flag, accepted)


def _flag(before: CaseResult | None, now: CaseResult | None) -> Flag:
    if before is None or now is None:
        return "missing"
    same = [o.text for o in before.outputs] == [o.text for o in now.outputs]
    return "same" if same else "changed"


def _change(scores: tuple[float | None, float | None], metric: str) -> float | None:
    before, now = scores
    if before is None or now is None:
        return None
    return before - now if metric in LOWER_IS_BETTER else now - before


def parts_of(run: Run) -> set[str]:
    """Every slice that a run's cases belong to, as industry=logistics."""
    return {f"{k}={v}" for result in run.results for k, v in result.case.slices.items()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole page."""

    task: str | None = field(metadata=EXACT)
    benchmark: str = field(metadata=EXACT)
    benchmarks: tuple[str, ...] = field(metadata=EXACT)
    """All that can be chosen."""
    adapters: tuple[str, ...] = field(metadata=EXACT)
    """All with a complete run on it, the newest first."""
    metric: str = field(metadata=EXACT)
    metrics: tuple[str, ...] = field(metadata=EXACT)
    candidate: Run | None
    reference: Run | None
    reference_role: Literal["promoted", "base", "chosen"] = field(metadata=EXACT)
    verdict: Verdict | None
    verdict_id: str | None = field(metadata=EXACT)
    """None where it was computed just now, from the two stored runs, and stands nowhere."""
    cases: tuple[Compared, ...]
    """The worst first."""
    slices: tuple[str, ...] = field(metadata=QUOTING)
    """All names, as industry=logistics."""
    command: str = field(metadata=EXACT)
    """What promotes the candidate, or judges it where it was not yet."""
    promoted: bool
    """Whether the candidate is in production already."""
    missing: str = field(metadata=QUOTING)
    """Why there is nothing to compare, and what to do; empty where there is."""


@read_page
def compare(
    project: Project,
    store: Store,
    benchmark: str | None = None,
    candidate: str | None = None,
    reference: str | None = None,
    metric: str | None = None,
) -> Comparison:
    """Without names the newest candidate against what is promoted, or the base."""
    wanted = chosen_benchmark(project, benchmark)
    scored = store.trends.metrics(wanted.name)
    rules = rules_of(wanted, scored)
    name = chosen_metric(rules, scored, metric)
    adapters = [one.adapter for one in store.trends.adapters(wanted.name, name)]
    held = promoted_on(store.decisions.all(), wanted)
    pair = _chosen(store, wanted, held, adapters, candidate, reference)
    new, old = (
        store.runs.newest(one, wanted.name) if one else None for one in (pair.new, pair.old)
    )
    identity, verdict, missing = _verdict(store, wanted, new, old)
    return Comparison(
        task=wanted.task,
        benchmark=wanted.name,
        benchmarks=tuple(project.benchmarks),
        adapters=tuple(adapters),
        metric=name,
        metrics=tuple(rule.name for rule in rules),
        candidate=new,
        reference=old,
        reference_role=pair.role,
        verdict=verdict,
        verdict_id=identity,
        cases=tuple(compared(new, old, verdict, name)),
        slices=tuple(sorted({part for run in (new, old) if run for part in parts_of(run)})),
        command=_command(pair, verdict if identity else None, pair.new == held),
        promoted=pair.new is not None and pair.new == held,
        missing=missing or _missing(pair, (new, old)),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """Who is compared with whom."""

    new: str | None
    old: str | None
    role: Literal["promoted", "base", "chosen"]


def _chosen(
    store: Store,
    benchmark: Benchmark,
    held: str | None,
    adapters: Sequence[str],
    candidate: str | None,
    reference: str | None,
) -> _Pair:
    others = [name for name in adapters if name not in RESERVED]
    newest = next(iter(others), None)
    if candidate is None and reference is None and newest is not None and newest == held:
        return _Pair(held, *_before(store, benchmark, held))
    usual = held or BASE
    role: Literal["promoted", "base", "chosen"] = "promoted" if held else "base"
    old = reference or usual
    new = candidate or next((name for name in others if name != old), None)
    return _Pair(new, old, role if old == usual else "chosen")


def _before(store: Store, benchmark: Benchmark, held: str) -> tuple[str, Literal["base", "chosen"]]:
    """Nothing newer than what is promoted has run: what did it replace?"""
    said = store.verdicts.of_candidate(held, benchmark.name)
    if said is None or said[1].promoted is None:
        return BASE, "base"
    return said[1].promoted, "chosen"


def _verdict(
    store: Store, benchmark: Benchmark, new: Run | None, old: Run | None
) -> tuple[str | None, Verdict | None, str]:
    """What was said about exactly these two runs; else what would be said, or why nothing can."""
    if new is None or old is None:
        return None, None, ""
    identity, verdict = _stored(store, new, old)
    if verdict is not None:
        return identity, verdict, ""
    first = old.adapter == BASE
    try:
        made = judge(
            new,
            None if first else old,
            benchmark.policy,
            metrics=benchmark.metrics,
            base=old if first else None,
            guard=benchmark.guard,
        )
    except HarnessError as problem:
        return None, None, str(problem)
    return None, made, ""


def _stored(store: Store, new: Run, old: Run) -> tuple[str | None, Verdict | None]:
    for identity, verdict in store.trends.verdicts_of(new.id):
        against = verdict.runs.get("promoted") or verdict.runs.get(BASE)
        if against == old.id:
            return identity, verdict
    return None, None


def _command(pair: _Pair, verdict: Verdict | None, promoted: bool) -> str:
    name = pair.new or "NAME"
    if verdict is not None and verdict.outcome == "promote" and verdict.task and not promoted:
        return promote_command(verdict.task, name)
    if pair.old and pair.new and (pair.role == "chosen" or promoted):
        return f"lora-harness compare {quote(pair.old)} {quote(pair.new)}"
    return f"pytest --model {quote(name)}"


def _missing(pair: _Pair, runs: tuple[Run | None, Run | None]) -> str:
    if pair.new is None:
        return "no adapter has run on this benchmark yet: `pytest --model NAME` runs one"
    for name, run in zip((pair.new, pair.old), runs, strict=True):
        if run is None:
            return f"{name} has no complete run on this benchmark: `pytest --model {name}` makes it"
    return ""


def filtered(
    comparison: Comparison, slices: tuple[str, ...] = (), flags: tuple[Flag, ...] = ()
) -> tuple[Compared, ...]:
    """The cases of any of these slices with any of these flags; all where none is named."""
    return tuple(
        one
        for one in comparison.cases
        if (not flags or one.flag in flags)
        and (not slices or any(f"{k}={v}" in slices for k, v in one.case.slices.items()))
    )
