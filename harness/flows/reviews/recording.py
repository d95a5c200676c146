"""Record production outputs and their reviews from a team's own tool, call by call.

The store is opened once per process and kept: a call is then a read and a write. What was recorded
waits in the dashboard's queue beside the files of reports/waiting, and a review lands where
`reviews import` lands.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from harness.errors import DataError, StoreFailed
from harness.flows.project import Project, utc_now
from harness.flows.reviews.edit_rates import rates
from harness.flows.reviews.rows import FIELDS, KnownAdapters, ReviewReader, read_time
from harness.flows.store import open_store
from harness.records import ProductionOutput, Review, Treatment
from harness.store import Store
from harness.store.keys import key_of
from harness.text.given import beside_input
from harness.workspace.formats.fields import Table
from harness.workspace.importers.columns import Columns
from harness.workspace.project.conversations import read_given
from harness.workspace.project.settings import SETTINGS

SOURCE = "python"
"""The source of reviews that a team's own tool records."""


def record_output(
    task: str,
    *,
    output: str,
    input: str | None = None,  # noqa: A002  the project's own word, in every format
    id: str = "",  # noqa: A002
    adapter: str | None = None,
    digest: str = "",
    messages: Sequence[Mapping[str, str]] | None = None,
    system: str | None = None,
    context: str | Sequence[str] = (),
    slices: Mapping[str, str] | None = None,
    at: str | None = None,
    project: str | Path | None = None,
    store: str | None = None,
) -> str:
    """Record an output that was shown to a person, so that it waits for a review; return its id.

    Without `adapter` it is the promoted adapter's. Calls may be repeated, from any number of
    processes: an id is recorded once, and refused with other texts. Without an id the content is
    the id.
    """
    given = {"input": input, "messages": _plain(messages), "system": system, "context": context}
    values = {
        **{name: value for name, value in given.items() if value not in (None, ())},
        "task": task, "adapter": adapter or "", "digest": digest, "output": output,
        "slices": dict(slices or {}),
    }  # fmt: skip
    # In one transaction: to a server, each further one is three more messages there and back.
    with _recorder(project, store) as recorder, recorder.store.database.together():
        return recorder.output(id, at, values)


def record_review(
    id: str,  # noqa: A002
    decision: Treatment | Literal[""] = "",
    final: str | None = None,
    *,
    reviewer: str = "",
    reason: str = "",
    seconds: float | None = None,
    at: str | None = None,
    source: str = SOURCE,
    project: str | Path | None = None,
    store: str | None = None,
) -> bool:
    """Record what a person did with a recorded output; return whether that is new.

    Without a `decision`, a review without a final is rejected, one with an equal final accepted,
    another edited. Calls may be repeated: an id is counted once, and refused with another content.
    """
    said = {
        "id": id, "decision": decision, "final": final or "", "reviewer": reviewer,
        "reason": reason, "source": source, "seconds": "" if seconds is None else seconds,
    }  # fmt: skip
    with _recorder(project, store) as recorder, recorder.store.database.together():
        return recorder.review(said, at)


def _plain(messages: Sequence[Mapping[str, str]] | None) -> list[dict[str, str]] | None:
    return None if messages is None else [dict(message) for message in messages]


@dataclass
class Recorder:
    """A project and its store, open for as long as the process lives."""

    project: Project
    store: Store
    known: KnownAdapters
    stamp: object
    """The settings file as it was; another one opens the project anew."""

    def output(self, identity: str, at: str | None, values: dict[str, Any]) -> str:
        """Record an output and return its id."""
        given = read_given(Table(values, "the output", DataError))
        try:
            task = self.known.task(str(values["task"]).strip())
            adapter, digest = self._author(task, values["adapter"], values["digest"])
            time = read_time(at or utc_now(), datetime.now(UTC))
        except ValueError as problem:
            raise DataError(f"the output cannot be recorded: {problem}") from problem
        made = ProductionOutput(
            identity, time, task, adapter, digest,
            output=values["output"], slices=values["slices"], **given.fields(),
        )  # fmt: skip
        if not identity:
            said = {"input": made.input, "output": made.output, **beside_input(made)}
            key = key_of("waiting", task=task, adapter=adapter, digest=digest, **said)
            made = replace(made, id=key)
        # By the rules of an import, so that a review of it cannot be refused for its output.
        self._read({"id": made.id, "decision": "rejected", **_row(made)})
        self.store.production.keep(made)
        return made.id

    def review(self, said: dict[str, Any], at: str | None) -> bool:
        """Record a review and return whether it is new."""
        output = self.store.production.by_id(said["id"])
        if output is None:
            raise DataError(f"output {said['id'][:80]!r} is not recorded, record_output does that")
        self.known.learn(output.adapter, output.digest)  # another process may have recorded it
        row = said | _row(output)
        try:
            return self._kept(row | {"at": at or utc_now()})
        except DataError:
            # Known already, from an earlier call: a repeated one says the same at its moment.
            known = self.store.reviews.by_ids([said["id"]])
            if at is not None or not known:
                raise
            return self._kept(row | {"at": known[0].at})

    def _kept(self, row: Mapping[str, Any]) -> bool:
        return bool(self.store.reviews.keep([self._rated(self._read(row))]))

    def _author(self, task: str, adapter: str, digest: str) -> tuple[str, str]:
        """Return the adapter with its digest: as given, else what is promoted at this moment."""
        held = self.store.decisions.promoted(task)
        if held is not None and adapter in ("", held.adapter) and digest in ("", held.digest):
            self.known.learn(held.adapter, held.digest)
            return held.adapter, held.digest
        if not adapter:
            raise ValueError(f"nothing is promoted for {task}, say which `adapter` wrote it")
        return adapter, self.known.digest(adapter, digest)

    def _read(self, row: Mapping[str, Any]) -> Review:
        columns = Columns({name: name for name in FIELDS if name in row})
        try:
            return ReviewReader(columns, self.known, datetime.now(UTC), SOURCE).review(row)
        except ValueError as problem:
            raise DataError(f"{row['id'][:80]!r} cannot be recorded: {problem}") from problem

    def _rated(self, review: Review) -> Review:
        [both] = rates([(review.output, review.final)])
        if both is None:
            return review
        return replace(review, edit_rate=both[0], character_rate=both[1])


def _row(output: ProductionOutput) -> dict[str, Any]:
    """Return what a row of an import says of the output."""
    row = {
        "at": output.at, "task": output.task, "adapter": output.adapter, "digest": output.digest,
        "input": output.input, "output": output.output, "slices": dict(output.slices),
        **beside_input(output),
    }  # fmt: skip
    if "messages" in row:  # which end with the input
        del row["input"]
    return row


_opened: dict[tuple[int, str, str | None], Recorder] = {}
_lock = threading.Lock()


@contextmanager
def _recorder(project: str | Path | None, store: str | None) -> Iterator[Recorder]:
    """Lend the process's recorder; after a failure of the store it is opened anew next time."""
    # The process's number, as a connection must not be used on both sides of a fork.
    place = (os.getpid(), str(project or Path.cwd()), store)
    with _lock:
        found = _opened.get(place)
        if found is None or found.stamp != _stamp(found.project):
            opened = Project.here(Path(place[1]))
            kept = open_store(opened, store)
            found = Recorder(opened, kept, KnownAdapters(opened, kept), _stamp(opened))
            # An earlier one is not closed: another thread may be using it at this moment.
            _opened[place] = found
    try:
        yield found
    except StoreFailed:
        with _lock:
            if _opened.get(place) is found:
                del _opened[place]
        raise


def _stamp(project: Project) -> object:
    """Return what changes with the settings, or with a benchmark that is added."""
    settings = project.settings
    places = (settings.root / SETTINGS, settings.benchmarks)
    return [(place.stat().st_mtime_ns, place.stat().st_size) for place in places if place.exists()]
