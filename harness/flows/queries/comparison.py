"""The page Compare: two adapters on a benchmark, with the verdict and every case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Literal

from harness.flows.project import Project
from harness.flows.queries.next_step import promote_command
from harness.flows.queries.pair_verdict import pair_verdict
from harness.flows.queries.shared import (
    promoted_on,
    read_page,
    selection,
)
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
    slice_names,
)
from harness.records.holds import EXACT, QUOTING, TEXT
from harness.store import Store
from harness.text.left_out import same_texts

__all__ = ["Compared", "Flag", "compare", "compared", "filtered"]

_LOOKED_AT = 5
"""The newest judged adapters among which a candidate is looked for, as many as the page Now has."""

ReferenceRole = Literal["promoted", "base", "chosen"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The page Compare."""

    task: str | None = field(metadata=EXACT)
    benchmark: str = field(metadata=EXACT)
    benchmarks: tuple[str, ...] = field(metadata=EXACT)
    """All that can be chosen."""
    adapters: tuple[str, ...] = field(metadata=EXACT)
    """All with a complete run on the benchmark, the newest first."""
    metric: str = field(metadata=EXACT)
    metrics: tuple[str, ...] = field(metadata=EXACT)
    candidate: Run | None
    reference: Run | None
    reference_role: ReferenceRole = field(metadata=EXACT)
    verdict: Verdict | None
    verdict_id: str | None = field(metadata=EXACT)
    """None where the verdict was computed for this page and is not stored."""
    cases: tuple[Compared, ...]
    """The worst first."""
    slices: tuple[str, ...] = field(metadata=QUOTING)
    """All names, as industry=logistics."""
    command: str = field(metadata=EXACT)
    """The command that promotes the candidate, or compares or judges it."""
    promoted: bool
    """Whether the candidate is in production already."""
    missing: str = field(metadata=QUOTING)
    """Why no comparison is possible, and what to do; empty where it is possible."""
    lost: Mapping[str, str] = field(default_factory=dict, metadata=TEXT)
    """Texts that people sent and that the candidate would no longer write, by review."""


@read_page
def compare(
    project: Project,
    store: Store,
    benchmark: str | None = None,
    candidate: str | None = None,
    reference: str | None = None,
    metric: str | None = None,
) -> Comparison:
    """Compare a candidate with a reference: by default the newest with the promoted or the base.

    Where none was judged since the promotion, the promoted adapter with the one it replaced.
    """
    wanted, rules, name = selection(project, store, benchmark, metric)
    adapters = [one.adapter for one in store.trends.adapters(wanted.name, name)]
    held = promoted_on(store.decisions.all(), wanted)
    pair = _chosen(store, wanted, held, adapters, candidate, reference)
    new, old = (
        store.runs.newest(one, wanted.name) if one else None for one in (pair.new, pair.old)
    )
    found = pair_verdict(project, store, wanted, new, old)
    new, old, verdict = found.new, found.old, found.verdict
    results = [result for run in (new, old) if run for result in run.results]
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
        verdict_id=found.identity,
        cases=tuple(compared(new, old, verdict, name)),
        slices=tuple(sorted({name for r in results for name in slice_names(r.case.slices)})),
        command=_command(pair, verdict if found.identity else None, pair.new == held),
        promoted=pair.new is not None and pair.new == held,
        missing=found.missing or _missing(pair, (new, old)),
        lost={} if verdict is None else lost_texts(store, verdict),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """The names of the two adapters, and how the reference was chosen."""

    new: str | None
    old: str | None
    role: ReferenceRole


def _chosen(
    store: Store,
    benchmark: Benchmark,
    held: str | None,
    adapters: Sequence[str],
    candidate: str | None,
    reference: str | None,
) -> _Pair:
    """Choose the adapters that were not named."""
    others = [name for name in adapters if name not in RESERVED]
    newest = next(iter(others), None)
    if candidate is None and reference is None and newest is not None and newest == held:
        # Only the promoted adapter has run lately, as it does every month.
        if waiting := _waiting(store, benchmark, held, others):
            return _Pair(waiting, held, "promoted")
        stored = store.verdicts.of_candidate(held, benchmark.name)
        if stored is None or stored[1].promoted is None:
            return _Pair(held, BASE, "base")
        return _Pair(held, stored[1].promoted, "chosen")
    usual = held or BASE
    role: ReferenceRole = "promoted" if held else "base"
    old = reference or usual
    new = candidate or next((name for name in others if name != old), None)
    return _Pair(new, old, role if old == usual else "chosen")


def _waiting(store: Store, benchmark: Benchmark, held: str, others: Sequence[str]) -> str | None:
    """Return the adapter that was judged last against the one in production."""
    judged = [
        one for one in store.trends.judged(benchmark.name, _LOOKED_AT) if one.candidate != held
    ]
    verdicts = store.verdicts.by_ids([one.id for one in judged])
    against = (one.candidate for one in judged if verdicts[one.id].promoted == held)
    return next((name for name in against if name in others), None)


def _command(pair: _Pair, verdict: Verdict | None, promoted: bool) -> str:
    """Return the command to run next; only a stored verdict leads to a promotion."""
    name = pair.new or "NAME"
    if verdict is not None and verdict.outcome == "promote" and verdict.task and not promoted:
        return promote_command(verdict.task, name)
    if pair.old and pair.new and (pair.role == "chosen" or promoted):
        return f"lora-harness compare {quote(pair.old)} {quote(pair.new)}"
    return f"pytest --model {quote(name)}"


def _missing(pair: _Pair, runs: tuple[Run | None, Run | None]) -> str:
    """Return which run is missing and the command that makes it, or an empty string."""
    if pair.new is None:
        return "No adapter has run on this benchmark yet: `pytest --model NAME` runs one"
    for name, run in zip((pair.new, pair.old), runs, strict=True):
        if run is None:
            return f"{name} has no complete run on this benchmark: `pytest --model {name}` makes it"
    return ""


def lost_texts(store: Store, verdict: Verdict) -> dict[str, str]:
    """Return the collapsed finals by the ids of their reviews, as far as the store has them."""
    if verdict.finals is None or not verdict.finals.texts:
        return {}
    return {one.id: one.final or "" for one in store.reviews.by_ids(verdict.finals.texts)}


def compared(
    new: Run | None, old: Run | None, verdict: Verdict | None, metric: str
) -> list[Compared]:
    """Compare two runs case by case, the worst change first, cases with a missing score last."""
    now = {result.case.id: result for result in new.results} if new else {}
    before = {result.case.id: result for result in old.results} if old else {}
    flags: dict[str, tuple[Flag, str | None]] = {}
    if verdict is not None:
        # The order matters: a later list overrides an earlier one.
        groups: tuple[tuple[Flag, tuple[CaseChange, ...]], ...] = (
            ("reworded", verdict.reworded),
            ("fixed", verdict.fixed),
            ("broken", verdict.broken),
        )
        for flag, changes in groups:
            flags |= {change.case: (flag, change.accepted) for change in changes}
    found = [
        _compared(before.get(case), now.get(case), flags.get(case), metric)
        for case in dict.fromkeys([*now, *before])
    ]
    return sorted(found, key=lambda one: (one.change is None, one.change))


def _compared(
    before: CaseResult | None,
    now: CaseResult | None,
    judged: tuple[Flag, str | None] | None,
    metric: str,
) -> Compared:
    """Compare the results of a case before and now; either may be missing."""
    some = now or before
    assert some is not None
    old, new = before.scores if before else {}, now.scores if now else {}
    scores = {name: (old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])}
    first, last = scores.get(metric, (None, None))
    change = None
    if first is not None and last is not None:
        change = first - last if metric in LOWER_IS_BETTER else last - first
    flag, accepted = judged or (_flag(before, now), None)
    return Compared(some.case, before, now, scores, change, flag, accepted)


def _flag(before: CaseResult | None, now: CaseResult | None) -> Flag:
    """Return the flag of a case that the verdict does not mention."""
    if before is None or now is None:
        return "missing"
    same = same_texts([o.scored for o in before.outputs], [o.scored for o in now.outputs])
    return "same" if same else "changed"


def filtered(
    comparison: Comparison, slices: tuple[str, ...] = (), flags: tuple[Flag, ...] = ()
) -> tuple[Compared, ...]:
    """Return the cases in any of the slices and with any of the flags; no names mean all."""
    return tuple(
        one
        for one in comparison.cases
        if (not flags or one.flag in flags)
        and (not slices or not set(slices).isdisjoint(slice_names(one.case.slices)))
    )
