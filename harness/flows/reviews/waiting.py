"""Outputs that wait for a review: recorded, in reports/waiting/, or of the newest run.

Tested in tests/flows/queries/test_review_queue.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import DataError
from harness.flows.project import Project
from harness.records import Benchmark, Message, ProductionOutput
from harness.records.holds import EXACT, LABELS, TEXT
from harness.store import Store
from harness.store.keys import key_of
from harness.text.blanks import is_blank
from harness.text.given import WithTurns, beside_input
from harness.workspace.formats.fields import Table
from harness.workspace.formats.reading import read_jsonl
from harness.workspace.project.conversations import read_given

Origin = Literal["benchmark", "file", "production", "second"]
FOLDER = "waiting"
"""Below the reports: JSONL files with an output of production on each line."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An output that waits for a review."""

    key: str = field(metadata=EXACT)
    """Address of task, adapter, input and output; a review with this id ends the waiting."""
    task: str = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
    """Not to be shown in a blind comparison."""
    digest: str = field(metadata=EXACT)
    input: str = field(metadata=TEXT)
    output: str = field(metadata=TEXT)
    slices: Mapping[str, str] = field(metadata=LABELS)
    origin: Origin = field(metadata=EXACT)
    """`benchmark`: of the adapter's newest run; `file`: of reports/waiting/*.jsonl; `production`:
    by `harness.record_output`; `second`: another person reviewed it."""
    where: str = field(metadata=EXACT)
    """The case's id, or the file's name."""
    turns: tuple[Message, ...] = ()
    system: str | None = field(default=None, metadata=TEXT)
    context: tuple[str, ...] = field(default=(), metadata=TEXT)


def outputs_of(project: Project, store: Store, benchmark: Benchmark, adapter: str) -> list[Waiting]:
    """Return an adapter's outputs, reviewed or not: production first, then its newest run."""
    found = [
        one
        for one in read_waiting(project)
        if one.adapter == adapter and one.task == benchmark.task
    ]
    if run := store.runs.newest(adapter, benchmark.name):
        found += [
            waiting_for(
                task=str(run.task),
                adapter=run.adapter,
                digest=run.digests.get("adapter", ""),
                given=result.case,
                output=result.text,
                slices=result.case.slices,
                origin="benchmark",
                where=result.case.id,
            )
            for result in run.results
            if not is_blank(result.text)
        ]
    # Of equal outputs the first counts: reversed, so that it is the last to enter the dict.
    return list({one.key: one for one in reversed(found)}.values())[::-1]


def production_waiting(store: Store, task: str, adapter: str, limit: int) -> list[Waiting]:
    """Return the outputs without a review that a team's own tool recorded, the oldest first."""
    return [waiting_of(one) for one in store.production.waiting(task, adapter, limit)]


def waiting_of(one: ProductionOutput) -> Waiting:
    """Return a recorded output as it waits, under the id that its review will have."""
    return Waiting(
        one.id, one.task, one.adapter, one.digest, one.input, one.output, dict(one.slices),
        "production", "production", one.turns, one.system, one.context,
    )  # fmt: skip


def read_waiting(project: Project) -> Iterator[Waiting]:
    """Read every output in reports/waiting/, file by file."""
    for file in sorted((project.settings.reports / FOLDER).glob("*.jsonl")):
        for where, raw in read_jsonl(file, DataError):
            yield _read(Table(raw, where, DataError), file.name)


def _read(table: Table, name: str) -> Waiting:
    slices: Mapping[str, Any] = table.table("slices").raw
    found = waiting_for(
        task=table.text("task"),
        adapter=table.text("adapter"),
        digest=table.text("digest", "", blank=True),
        given=read_given(table),
        output=table.text("output"),
        slices={str(key): str(value) for key, value in slices.items()},
        origin="file",
        where=name,
    )
    table.done()  # refuses unknown fields
    return found


def waiting_for(
    *,
    task: str,
    adapter: str,
    digest: str,
    given: WithTurns,
    output: str,
    slices: Mapping[str, str],
    origin: Origin,
    where: str,
) -> Waiting:
    """Build a waiting output with the key that its review will have."""
    beside = beside_input(given)  # left out where it is not set, so that earlier keys stay
    key = key_of(
        "waiting",
        task=task,
        adapter=adapter,
        digest=digest,
        input=given.input,
        output=output,
        **beside,
    )
    return Waiting(
        key,
        task,
        adapter,
        digest,
        given.input,
        output,
        dict(slices),
        origin,
        where,
        given.turns,
        given.system,
        given.context,
    )
