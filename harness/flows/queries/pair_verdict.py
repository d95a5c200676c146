"""The verdict on the two adapters that a page compares, with the runs that it rests on.

An adapter in production is run again every month, so that its newest run is seldom the one that a
verdict rests on. The same bytes on the same cases are still what was judged, so the stored verdict
is shown, and not another one of runs that never decided anything.

Tested in tests/flows/queries/test_comparison.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from shlex import quote

from harness.errors import HarnessError
from harness.flows.project import Project
from harness.judge import verdict as judge
from harness.judge.rule2.judged import UNMEASURED
from harness.records import BASE, BASE_PROMPT, Benchmark, Run, Verdict
from harness.records.holds import EXACT, QUOTING
from harness.store import Store


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """Two runs and the verdict on them."""

    new: Run | None
    old: Run | None
    identity: str | None = field(default=None, metadata=EXACT)
    """None where the verdict was computed for this page and is not stored."""
    verdict: Verdict | None = None
    missing: str = field(default="", metadata=QUOTING)
    """Why the two cannot be judged; empty where they can."""


def pair_verdict(
    project: Project, store: Store, benchmark: Benchmark, new: Run | None, old: Run | None
) -> PairVerdict:
    """Return the stored verdict on the bytes of two runs, else a new one on these very runs."""
    if new is None or old is None:
        return PairVerdict(new, old)
    return _stored(store, new, old) or _judged_now(project, store, benchmark, new, old)


def _stored(store: Store, new: Run, old: Run) -> PairVerdict | None:
    """Find the newest verdict on a whole run of these bytes against those."""
    for identity, verdict in store.verdicts.of_bytes(_bytes(new), new.fingerprint):
        other = verdict.runs.get("promoted") or verdict.runs.get(BASE)
        if (verdict.promoted or BASE) != old.adapter or other is None:
            continue
        mine, theirs = _run(store, new, verdict.runs.get("candidate")), _run(store, old, other)
        if mine is not None and theirs is not None:
            return PairVerdict(mine, theirs, identity, verdict)
    return None


def _run(store: Store, newest: Run, identity: str | None) -> Run | None:
    """Return a run by its id if it is a whole run of the same bytes on the same cases."""
    found = newest if identity == newest.id else store.runs.by_id(identity or "")
    if found is None or not found.complete or found.adapter != newest.adapter:
        return None
    same = (_bytes(found), found.fingerprint) == (_bytes(newest), newest.fingerprint)
    return found if same else None


def _bytes(run: Run) -> str:
    return run.digests.get("adapter") or ""


def _judged_now(
    project: Project, store: Store, benchmark: Benchmark, new: Run, old: Run
) -> PairVerdict:
    """Judge two runs with all that the store has beside them: base, prompt and guards."""
    guards, unrun = ([], []) if benchmark.guard else _guards(project, store, new, old)
    try:
        made = _judge(store, benchmark, new, old, guards)
    except HarnessError as problem:
        return PairVerdict(new, old, missing=str(problem))
    if unrun:
        # The judge knows no project: it takes guards that nobody ran for guards that are not there.
        notes = [_unrun(new, old, unrun) if note == UNMEASURED else note for note in made.notes]
        made = replace(made, notes=tuple(notes))
    return PairVerdict(new, old, None, made)


def _guards(
    project: Project, store: Store, new: Run, old: Run
) -> tuple[list[Verdict], list[Benchmark]]:
    """Judge the newest runs on every guard; return the guards that lack one of the runs as well."""
    found, unrun = [], []
    for guard in project.benchmarks.values():
        if not guard.guard:
            continue
        mine, theirs = (store.runs.newest(run.adapter, guard.name) for run in (new, old))
        if mine is None or theirs is None or mine.fingerprint != theirs.fingerprint:
            unrun.append(guard)
            continue
        try:
            found.append(_judge(store, guard, mine, theirs, ()))
        except HarnessError:  # such as runs of two engines, which tell nothing about each other
            unrun.append(guard)
    return found, unrun


def _judge(
    store: Store, benchmark: Benchmark, new: Run, old: Run, guards: Sequence[Verdict]
) -> Verdict:
    # Against the base the judge sees a first candidate, for which there is no promoted run.
    first = old.adapter == BASE
    return judge(
        new,
        None if first else old,
        benchmark.policy,
        metrics=benchmark.metrics,
        base=old if first else _beside(store, new, BASE),
        prompted=None if benchmark.guard else _beside(store, new, BASE_PROMPT),
        guards=tuple(guards),
        guard=benchmark.guard,
    )


def _beside(store: Store, new: Run, name: str) -> Run | None:
    """Return the newest run of the base on the same cases, or of the base with a prompt."""
    found = store.runs.newest(name, new.benchmark)
    return found if found is not None and found.fingerprint == new.fingerprint else None


def _unrun(new: Run, old: Run, guards: Sequence[Benchmark]) -> str:
    names = " ".join(quote(name) for name in (new.adapter, old.adapter) if name != BASE)
    which = ", ".join(guard.name for guard in guards)
    return (
        f"forgetting was not measured: no runs to compare on the guard {which}, `lora-harness"
        f" sweep {names}` makes them"
    )
