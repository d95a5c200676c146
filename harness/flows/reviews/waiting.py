"""Outputs that wait for a review: from a run, or from production, laid in reports/waiting/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import DataError
from harness.flows.project import Project
from harness.records.holds import EXACT, LABELS, TEXT
from harness.store.keys import key_of
from harness.workspace.formats.fields import Table
from harness.workspace.formats.reading import read_jsonl

Origin = Literal["benchmark", "file"]
FOLDER = "waiting"
"""Below the reports: JSONL files with one output of production a line."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One output that waits for a review."""

    key: str = field(metadata=EXACT)
    """Address of task, adapter, input and output: reviewed once, it waits no more."""
    task: str = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
    """Not to be shown in a blind comparison."""
    digest: str = field(metadata=EXACT)
    input: str = field(metadata=TEXT)
    output: str = field(metadata=TEXT)
    slices: Mapping[str, str] = field(metadata=LABELS)
    origin: Origin = field(metadata=EXACT)
    """`benchmark`: of the adapter's newest run; `file`: of reports/waiting/*.jsonl."""
    where: str = field(metadata=EXACT)
    """The case's id, or the file's name."""


def waiting_for(
    *,
    task: str,
    adapter: str,
    digest: str,
    input: str,  # noqa: A002 - the word of the review
    output: str,
    slices: Mapping[str, str],
    origin: Origin,
    where: str,
) -> Waiting:
    """With the key that its review will have."""
    key = key_of("waiting", task=task, adapter=adapter, digest=digest, input=input, output=output)
    return Waiting(key, task, adapter, digest, input, output, dict(slices), origin, where)


def read_waiting(project: Project) -> Iterator[Waiting]:
    """Every output of production that somebody laid down for review, file by file."""
    for file in sorted((project.settings.reports / FOLDER).glob("*.jsonl")):
        for where, raw in read_jsonl(file, DataError):
            yield _read(Table(raw, where, DataError), file.name)


def _read(table: Table, name: str) -> Waiting:
    slices: Mapping[str, Any] = table.table("slices").raw
    found = waiting_for(
        task=table.text("task"),
        adapter=table.text("adapter"),
        digest=table.text("digest", "", blank=True),
        input=table.text("input"),
        output=table.text("output"),
        slices={str(key): str(value) for key, value in slices.items()},
        origin="file",
        where=name,
    )
    table.done()
    return found
