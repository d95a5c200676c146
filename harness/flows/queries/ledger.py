"""The page Ledger: every decision, whether the chain is unbroken, and what was overridden."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.flows.project import Project
from harness.flows.queries.shared import read_page
from harness.records import Decision, Outcome
from harness.records.holds import EXACT, QUOTING
from harness.store import Store
from harness.store.decisions import broken_links
from harness.store.in_production import in_production


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision, with the state of its row and of its verdict."""

    decision: Decision
    broken: str = field(metadata=QUOTING)
    """What is wrong with the row; empty where it is unchanged since it was recorded."""
    outcome: Outcome | None = field(metadata=EXACT)
    """Of the verdict behind the decision; None without a verdict, or where it was removed."""
    stands: bool
    """Whether this decision put the adapter into production that is there now."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The page Ledger."""

    entries: tuple[Entry, ...]
    """The newest first."""
    tasks: tuple[str, ...] = field(metadata=EXACT)
    total: int
    """Decisions in the store, of every task."""
    matching: int
    """Decisions of the chosen task and kind, of which `entries` is a page."""
    overrides: int
    """Of the chosen task."""
    whole: bool
    """Whether every row is unchanged and follows from the row before it."""
    wrong: tuple[str, ...] = field(metadata=QUOTING)
    """The broken rows, by name."""
    command: str = field(default="lora-harness verify", metadata=EXACT)
    """The command that checks bytes, runs and verdicts as well."""


@read_page
def ledger(
    project: Project,
    store: Store,
    task: str | None = None,
    overrides_only: bool = False,
    start: int = 0,
    limit: int = 200,
) -> Ledger:
    """Return a page of decisions; the chain is always checked over all of them."""
    # Unchecked: a checked read refuses a broken chain, and this page is there to show it.
    found = store.decisions.unchecked()
    wrong = tuple(broken_links(found))
    stands = {d.hash for d in in_production(found).values()}
    matching = [d for d in found if task in (None, d.task) and (d.override or not overrides_only)]
    some = matching[::-1][start : start + limit]
    known = store.trends.verdicts([d.verdict for d in some if d.verdict])
    outcomes = {identity: one.outcome for identity, one in known.items()}
    return Ledger(
        entries=tuple(
            Entry(d, _broken(d, wrong), outcomes.get(d.verdict or ""), d.hash in stands)
            for d in some
        ),
        tasks=tuple(sorted({d.task for d in found})),
        total=len(found),
        matching=len(matching),
        overrides=sum(d.override for d in found if task in (None, d.task)),
        whole=not wrong,
        wrong=wrong,
    )


def _broken(decision: Decision, wrong: tuple[str, ...]) -> str:
    """Return the faults of a decision, without its name in front."""
    name = f"decision {decision.seq}, {decision.kind} {decision.adapter}: "
    return "; ".join(one.removeprefix(name) for one in wrong if one.startswith(name))
