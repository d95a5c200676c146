"""Check the rows of a store part by part: a long history on several cores, with progress.

Tested in tests/flows/decisions/test_verify.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from harness.errors import WorldFailed
from harness.flows.rejudge import unexplained
from harness.flows.worker_pool import open_pool, worker_count
from harness.progress import OnProgress
from harness.store import Store
from harness.store.outputs import RESULT_TABLES
from harness.store.seals import grounds_hold

MANY_ROWS = 20_000
"""Rows from which the start of worker processes pays."""
Check = Callable[[Store, Sequence[str]], list[str]]


def _moved(store: Store, hashes: Sequence[str]) -> list[str]:
    """Return the decisions whose runs or verdict are not those that they were made on."""
    return [
        f"decision {one.seq}, {one.kind} {one.adapter}: rests on other results than it was made on"
        for one in store.decisions.unchecked()
        if one.hash in hashes and not grounds_hold(store, one)
    ]


def _not_again(store: Store, identities: Sequence[str]) -> list[str]:
    """Return the verdicts that do not follow from the stored scores."""
    verdicts = (store.verdicts.by_id(identity) for identity in identities)
    return [line for one in verdicts if one is not None for line in unexplained(store, one)]


CHECKS: Mapping[str, tuple[Check, int]] = {
    "runs": (lambda store, some: store.runs.changed(some), 1_000),
    "verdicts": (lambda store, some: store.verdicts.changed(some), 1_000),
    "reviews": (lambda store, some: list(store.reviews.changed(some)), 1_000),
    "results": (lambda store, some: list(store.outputs.changed(some)), 1),
    "grounds": (_moved, 100),
    "judged again": (_not_again, 25),
}
"""By name, what names the wrong rows among some, and how many are checked at once."""


@dataclass(frozen=True, slots=True)
class _Part:
    check: str
    rows: tuple[str, ...]


def check_rows(
    store: Store, wanted: Mapping[str, Sequence[str]], step: str, on_progress: OnProgress
) -> dict[str, list[str]]:
    """Return, by the name of a check, what is wrong among the rows that it is wanted for."""
    parts = [
        _Part(name, tuple(rows[start : start + size]))
        for name, rows in wanted.items()
        for size in (CHECKS[name][1],)
        for start in range(0, len(rows), size)
    ]
    total, done = sum(len(part.rows) for part in parts), 0
    found: dict[_Part, list[str]] = {}
    for part, wrong in _checked(store, parts, total):
        found[part] = wrong
        done += len(part.rows)
        on_progress(step, done, total)
    return {
        name: [line for part in parts if part.check == name for line in found[part]]
        for name in wanted
    }


def rows_of(store: Store) -> dict[str, Sequence[str]]:
    """Return the names of all rows with a seal or a copy of themselves, by check."""
    return {
        "runs": store.runs.ids(),
        "verdicts": [identity for identity, *_ in store.verdicts.heads()],
        "reviews": store.reviews.ids(),
        "results": RESULT_TABLES,
    }


def _checked(store: Store, parts: list[_Part], total: int) -> Iterator[tuple[_Part, list[str]]]:
    workers = min(worker_count(), len(parts))
    in_memory = store.database.url.database in (None, "", ":memory:")
    if total < MANY_ROWS or workers < 2 or in_memory:
        for part in parts:
            yield part, CHECKS[part.check][0](store, part.rows)
        return
    try:
        with open_pool(workers, _open, *store.database.given) as pool:
            under_way: dict[Future[list[str]], _Part] = {
                pool.submit(_check, part.check, part.rows): part for part in parts
            }
            for future in as_completed(under_way):
                yield under_way[future], future.result()
    except BrokenProcessPool as problem:
        raise WorldFailed(
            "a process that checked rows was ended from outside, run the same command again"
        ) from problem


_opened: Store


def _open(url: str, root: Path, project: str) -> None:
    """Open the store in a worker process, which keeps it until it ends."""
    global _opened
    _opened = Store(url, root, project)


def _check(check: str, rows: Sequence[str]) -> list[str]:
    return CHECKS[check][0](_opened, rows)
