"""Turn a row of a team's table into a review; refuse contradictions by the name of the field.

Tested in tests/flows/reviews/test_importing.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.errors import HarnessError
from harness.flows.evaluation.backend import NO_ADAPTER
from harness.flows.project import Project
from harness.flows.reviews.treatments import treated
from harness.records import RESERVED, Review
from harness.store import Store
from harness.store.keys import key_of
from harness.store.review_rows import MAX_SECONDS, content_of
from harness.text.blanks import is_blank
from harness.workspace.adapters.files import adapter_names, read_adapter
from harness.workspace.adapters.served import is_served, read_served
from harness.workspace.formats.fields import Table, suggestion
from harness.workspace.formats.names import check_name
from harness.workspace.importers.columns import Columns, Wanted
from harness.workspace.importers.dates import NO_ORDER, DateOrder, UnfitDate, read_date
from harness.workspace.importers.given_cells import GIVEN, given_cells
from harness.workspace.project.conversations import Given, read_given

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class KnownAdapters:
    """The tasks and adapters that reviews may name; a folder is hashed when it is first named."""

    def __init__(self, project: Project, store: Store) -> None:
        self._adapters = project.settings.adapters
        self._remembered = store.reviews.digests()
        self._folders = frozenset(adapter_names(self._adapters))
        self._digests: dict[str, tuple[str, ...]] = {}
        self.tasks = project.tasks

    def task(self, name: str) -> str:
        """Return the name; raise a ValueError where no benchmark is for this task."""
        if not name:
            raise ValueError("`task` is empty, every review needs one")
        if name not in self.tasks:
            raise ValueError(
                f"no benchmark is for task {name[:80]!r}{suggestion(name, self.tasks)}"
            )
        return name

    def learn(self, name: str, digest: str) -> None:
        """Know a digest that an adapter got after this was made, as a promotion may give one."""
        known = self._remembered.setdefault(name, [])
        if digest and digest not in known:
            known.append(digest)
            self._digests.pop(name, None)

    def digest(self, name: str, given: str) -> str:
        """Return the given digest if the adapter ever had it; without a given digest its newest."""
        if name not in self._digests:
            self._digests[name] = self._all(name)
        digests = self._digests[name]
        if not given:
            return digests[-1] if digests else ""
        if not _DIGEST.fullmatch(given):
            raise ValueError(f"`digest` is {given[:40]!r}, 64 hexadecimal digits are needed")
        if given not in digests:
            raise ValueError(f"`digest` {given[:12]}… is of no {name} that is known here")
        return given

    def _all(self, name: str) -> tuple[str, ...]:
        """Return every digest that the name ever had, the current digest last."""
        # Reviews of the base model have no adapter folder.
        if name in RESERVED:
            return (*self._remembered.get(name, ()), NO_ADAPTER)
        if not name:
            raise ValueError("`adapter` is empty, every review needs one")
        before = self._remembered.get(name)
        if name not in self._folders and before is None:
            known = {*self._folders, *self._remembered, *RESERVED}
            raise ValueError(f"adapter {name[:80]!r} is unknown{suggestion(name, known)}")
        found = [*(before or ())]
        if name in self._folders:
            try:
                if is_served(self._adapters, name):
                    found.append(read_served(self._adapters, name).digest)
                    return tuple(found)
                files = read_adapter(self._adapters, check_name(name))
                # What 1.0.0 judged keeps its digest: a review of today is of that adapter too.
                old = files.digest not in found and files.weights_digest in found
                found.append(files.weights_digest if old else files.digest)
            except HarnessError as problem:
                raise ValueError(str(problem)) from problem
        return tuple(digest for digest in found if digest)


FIELDS: Wanted = {
    "id": ("review_id", "uuid", "key"),
    "at": ("reviewed_at", "decided_at", "created_at", "timestamp", "datetime", "time", "date"),
    "task": ("use_case",),
    "adapter": ("adapter_name", "model", "model_name"),
    "digest": ("adapter_digest",),
    "input": ("prompt", "source_text", "question"),
    "output": ("draft", "generated", "generation", "completion", "response", "mt"),
    "final": ("final_text", "edited_text", "sent_text", "post_edit", "post_edited", "pe", "edited",
              "sent"),
    "decision": ("status", "action", "outcome", "verdict"),
    "reviewer": ("editor", "user", "reviewed_by", "annotator"),
    "reason": ("comment", "comments", "note", "notes"),
    "seconds": ("duration_seconds", "time_seconds", "edit_seconds", "seconds_spent", "time_s"),
    "milliseconds": ("duration_ms", "time_ms", "edit_ms", "milliseconds_spent", "edit_time_ms"),
    "source": (),
    "slices": (),
    **GIVEN,
}  # fmt: skip
NEEDED = ("at", "task", "adapter", "input", "output")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MAX_NAME = 200
_DURATION = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,9}(?:[.,]\d{1,9})?)", re.ASCII)
"""Seconds, or minutes and seconds, or hours as well."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ReviewReader:
    """A reader that turns the rows of a file into reviews."""

    columns: Columns
    known: KnownAdapters
    now: datetime
    source: str
    """Source of the reviews where the file has no source."""
    dates: DateOrder = NO_ORDER
    asked: str = ""
    """What a decision of yes or no answers: accepted, edited, rejected or sent."""

    def review(self, values: Mapping[str, Any]) -> Review:
        """Return the review of a row; a ValueError names the fault."""

        def text(name: str) -> str:
            return self.columns.text(values, name)

        adapter, output = text("adapter").strip(), _filled("output", text("output"))
        decision, final = treated(text("decision"), output, text("final"), self.asked)
        review = Review(
            id=_whole_id(_seen(_short("id", text("id")))),
            at=read_time(text("at"), self.now, self.dates),
            task=self.known.task(text("task").strip()),
            adapter=adapter,
            digest=self.known.digest(adapter, text("digest").strip().lower()),
            **_given(given_cells(values, self.columns)).fields(),
            output=output,
            decision=decision,
            final=final,
            reviewer=_seen(_short("reviewer", text("reviewer"))),
            reason=_seen(text("reason").strip()),
            slices={
                _short("slices", name): _short(f"slices.{name}", value)
                for name, value in self.columns.slices(values).items()
            },
            source=_short("source", text("source")) or self.source,
            seconds=read_seconds(text("seconds"), text("milliseconds")),
        )
        if review.id:
            return review
        # Without ids the content is the id, so that a second import of the row adds no review.
        made = key_of("review id", content=content_of(review))[:32]
        return replace(review, id=f"made-{made}")


def _given(cells: dict[str, Any]) -> Given:
    """Return what the adapter was given; a ValueError names the fault."""
    if "messages" not in cells:
        _filled("input", cells["input"])
    try:
        return read_given(Table(cells, "", HarnessError))
    except HarnessError as problem:
        raise ValueError(str(problem).removeprefix(": ")) from problem


def read_time(text: str, now: datetime, dates: DateOrder = NO_ORDER) -> str:
    """Return a time as ISO 8601 in UTC to the millisecond; without an offset it is taken as UTC."""
    example = "such as 2026-11-20T09:12:00Z"
    if is_blank(text):
        raise ValueError(f"`at` is empty, a time is needed {example}")
    try:
        found = read_date(text, dates)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        why = str(problem) if isinstance(problem, UnfitDate) else f"a time is written {example}"
        raise ValueError(f"`at` is {_shown(text)}, {why}") from problem
    # A day of tolerance: the clocks of other machines, and local times without an offset.
    if not EARLIEST <= found <= now + timedelta(days=1):
        raise ValueError(f"`at` is {_shown(text)}, allowed is 2000 to now (and a day)")
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_seconds(seconds: str, milliseconds: str = "") -> float | None:
    """Return how long a review took, None where no cell says so; a time may be 75.5 or 1:15."""
    named = {"seconds": seconds.strip(), "milliseconds": milliseconds.strip()}
    given = {name: text for name, text in named.items() if not is_blank(text)}
    if not given:
        return None
    if len(given) > 1:
        raise ValueError("`seconds` and `milliseconds` are both given, map one of them")
    [(name, text)] = given.items()
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"`{name}` is {_shown(text)}, such as 75.5 is needed (or 1:15)")
    hours, minutes, rest = (float((part or "0").replace(",", ".")) for part in match.groups())
    found = (3600 * hours + 60 * minutes + rest) / (1000 if name == "milliseconds" else 1)
    if found > MAX_SECONDS:
        unit = "; milliseconds are mapped by --map milliseconds=COLUMN" if name == "seconds" else ""
        raise ValueError(
            f"`{name}` is {_shown(text)}, at most {MAX_SECONDS / 3600:g} hours are a time of"
            f" editing{unit}"
        )
    return round(found, 3)


def _filled(name: str, text: str) -> str:
    if is_blank(text):
        raise ValueError(f"`{name}` is empty, every review needs one")
    return text


def _short(name: str, text: str) -> str:
    text = text.strip()
    if len(text) > MAX_NAME or (not text.isprintable() and _CONTROL.search(text)):
        raise ValueError(f"`{name}` has control characters or more than {MAX_NAME} characters")
    return text


def _seen(text: str) -> str:
    """Return a text that may be empty; one that shows nothing is."""
    return "" if is_blank(text) else text


def _whole_id(identity: str) -> str:
    # Two ids that look alike would be two reviews; the store asks for equal ids, letter by letter.
    if any(is_blank(sign) and sign != " " for sign in identity):
        raise ValueError("`id` has letters that do not show, write it without them")
    return identity


def _shown(text: str) -> str:
    return repr(text.strip()[:40])
