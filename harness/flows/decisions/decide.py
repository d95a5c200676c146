"""Make decisions other than promotion: reject, roll back, pin; record them, or only show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from harness.errors import AdapterRefused, RequestError
from harness.flows.by_whom import refuse_unsaid
from harness.flows.committed_history import refuse_lost
from harness.flows.decisions.promoted_file import write_committed
from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.flows.evaluation.backends import open_backend
from harness.flows.mlflow import follow
from harness.flows.notify.notify import tell
from harness.flows.project import Project, utc_now
from harness.flows.promoted_entries import read_promoted_file, refuse_unknown
from harness.flows.store import open_store
from harness.records import RESERVED, Benchmark, Decision, exported_adapter
from harness.render.notices import decision_notice
from harness.store import Store
from harness.store.decisions import FIRST, CurrentDecisions, standing_of
from harness.store.in_production import not_taken_back, rejected
from harness.store.keys import key_of
from harness.store.seals import seal_of_grounds
from harness.workspace.adapters.decision_keys import signer
from harness.workspace.formats.fields import suggestion


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """A person's wish to decide: name, reason, task, and whether to record the decision."""

    by: str
    why: str
    task: str | None = None
    store: str | None = None
    dry_run: bool = False
    key: Path | None = None
    """The private key that signs the decision."""

    def __post_init__(self) -> None:
        refuse_unsaid(self.by, self.why)

    def open(self, project: Project) -> Store:
        """Open the store; what is added to its ledger is signed with the key.

        A promoted file that was edited is no obstacle: the decision writes it anew.
        """
        sign = signer(self.key) if self.key and not self.dry_run else None
        store = open_store(project, self.store, checked=False)
        store.decisions.sign = sign
        return store


def decide(
    project: Project,
    ask: DecisionRequest,
    make: Callable[[Store, Benchmark], tuple[Decision, str | CurrentDecisions | None]],
) -> Decision:
    """Make a decision on the current ledger, record it, and write what the project commits.

    `make` returns the decision with the state it was made in; if the ledger has moved on by the
    time of writing, the store refuses the decision.
    """
    benchmark = project.task_benchmark(ask.task)
    with open_to_decide(project, ask) as store:
        decision, after = make(store, benchmark)
        decision = replace(decision, rests_on=seal_of_grounds(store, decision))
        if ask.dry_run:
            return decision
        made = store.decisions.add(decision, after)
        write_committed(project, store)
        tell(project, [decision_notice(made)])
        follow(project, store)
        return made


@contextmanager
def open_to_decide(project: Project, ask: DecisionRequest) -> Iterator[Store]:
    """Open the store for a decision, which may renew a promoted file that was edited."""
    with closing(ask.open(project)) as store:
        refuse_unknown(project, store)
        refuse_lost(project, store)
        yield store


def drafted(
    kind: Literal["promote", "reject", "rollback", "pin"],
    project: Project,
    backend: Backend,
    benchmark: Benchmark,
    ask: DecisionRequest,
    adapter: AdapterRef,
) -> Decision:
    """Return a decision with the digests of everything that it rests on."""
    return Decision(
        kind,
        str(benchmark.task),
        adapter.name,
        adapter.digest,
        ask.by,
        ask.why,
        utc_now(project.settings.calendar),
        base=backend.base_of(adapter),
        benchmark=benchmark.name,
        fingerprint=benchmark.fingerprint,
        policy=key_of("policy", policy=asdict(benchmark.policy)),
    )


def look(project: Project, name: str, engine: str | None = None) -> tuple[Backend, AdapterRef]:
    """Return a backend and the adapter with its current digest, without loading any model."""
    if name in RESERVED:
        raise RequestError(
            f"{name} is the base model, only adapters are promoted, rejected or pinned"
        )
    if (of := exported_adapter(name)) is not None:
        raise RequestError(
            f"{name} is an export of {of}; decisions are about {of}, whose verdict allows them"
        )
    backend = open_backend(project, engine, lambda: project.settings.root)
    return backend, backend.adapter(name)


def reject(project: Project, name: str, ask: DecisionRequest) -> Decision:
    """Record that an adapter is not to be promoted; another adapter in production stays."""
    backend, adapter = look(project, name)

    def make(store: Store, benchmark: Benchmark) -> tuple[Decision, str]:
        held = store.decisions.promoted(str(benchmark.task))
        if held is not None and adapter.has_judged_bytes(held.digest):
            raise RequestError(f"{name}: is promoted, `lora-harness rollback` takes it back")
        made = drafted("reject", project, backend, benchmark, ask, adapter)
        made = replace(made, verdict=_last_verdict(store, benchmark, adapter))
        # only the promotion matters: a rejection recorded meanwhile does not stop this one
        return made, held.hash if held else FIRST

    return decide(project, ask, make)


def pin(project: Project, name: str, ask: DecisionRequest) -> Decision:
    """Make an adapter the fixed reference that stops slow slides."""
    backend, adapter = look(project, name)

    def make(store: Store, benchmark: Benchmark) -> tuple[Decision, None]:
        made = drafted("pin", project, backend, benchmark, ask, adapter)
        return replace(made, verdict=_last_verdict(store, benchmark, adapter)), None

    return decide(project, ask, make)


def _last_verdict(store: Store, benchmark: Benchmark, adapter: AdapterRef) -> str | None:
    """Return the id of the last verdict on these bytes, None if they were not judged."""
    place = (adapter.digest, benchmark.name)
    mine = [one.id for one in store.verdicts.all() if (one.digest, one.verdict.benchmark) == place]
    return mine[-1] if mine else None


def rollback(project: Project, name: str | None, ask: DecisionRequest) -> Decision:
    """Put the last good adapter back, or a named adapter that was in production before."""

    def make(store: Store, benchmark: Benchmark) -> tuple[Decision, CurrentDecisions]:
        task = str(benchmark.task)
        mine = store.decisions.all(task)
        # From the rows just read, not from a second query: a promotion may come in between.
        seen = standing_of(mine)
        latest = seen.promoted
        if latest is None:
            raise RequestError(f"{task}: nothing is promoted, so there is nothing to roll back")
        if name in (None, latest.adapter):
            # any other name says how far to go back, so repeating it goes no step too far
            _finish_cut_off(project, store, mine, latest)
        target = _target(mine, name, task)
        backend, adapter = look(project, target.adapter)
        if not adapter.has_judged_bytes(target.digest):
            raise AdapterRefused(
                f"{target.adapter}: its bytes are not those that were in production, restore them"
            )
        made = drafted("rollback", project, backend, benchmark, ask, adapter)
        made = replace(made, verdict=target.verdict, override=target.override)
        return made, seen

    return decide(project, ask, make)


def _finish_cut_off(project: Project, store: Store, mine: list[Decision], latest: Decision) -> None:
    """Finish a decision that was killed before the promoted file was written, and refuse.

    A rollback repeated after such a kill would otherwise go back a second step.
    """
    entry = read_promoted_file(project).get(latest.task)
    before = {decision.hash for decision in mine} - {latest.hash}
    if entry is not None and entry["decision"] in before:
        write_committed(project, store)
        raise RequestError(
            f"{latest.task}: the last {latest.kind}, {latest.adapter} by {latest.by}, was recorded"
            " but cut off before it was done; it is done now, `lora-harness status` shows it"
        )


def decided(project: Project, store: Store, task: str | None = None) -> list[Decision]:
    """Return every decision, the oldest first, or those of a task; refuse an unknown task."""
    found = store.decisions.all()
    known = {*project.tasks, *(decision.task for decision in found)}
    if task is not None and task not in known:
        raise RequestError(f"{task}: no such task{suggestion(task, known)}")
    return [decision for decision in found if task in (None, decision.task)]


def _target(mine: list[Decision], name: str | None, task: str) -> Decision:
    """Return the decision to go back to; without a name, the last that was not rejected."""
    earlier = not_taken_back(mine)
    held = earlier[-1]
    before = [d for d in earlier[:-1] if d.digest != held.digest]
    if name is None:
        good = [d for d in before if not rejected(mine, d.digest)]
        if not good:
            raise RequestError(f"{task}: {held.adapter} is the first, there is nothing before it")
        return good[-1]
    named = [d for d in before if d.adapter == name]
    if not named:
        if name == held.adapter:
            raise RequestError(f"{name}: is promoted, name the one to go back to")
        known = ", ".join(dict.fromkeys(d.adapter for d in before)) or "none"
        raise RequestError(
            f"{name}: was not in production before {held.adapter} (those that were: {known})"
        )
    return named[-1]
