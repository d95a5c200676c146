"""Turn a row of a team's table into a review; refuse contradictions by the name of the field.

Tested in tests/flows/reviews/test_importing.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from harness.errors import HarnessError
from harness.flows.evaluation.backend import NO_ADAPTER
from harness.flows.project import Project
from harness.records import RESERVED, Review, Treatment
from harness.store import Store
from harness.store.keys import key_of
from harness.store.review_rows import content_of
from harness.workspace.adapters.files import adapter_names, read_adapter
from harness.workspace.formats.fields import Table, suggestion
from harness.workspace.formats.names import check_name
from harness.workspace.importers.columns import Columns, Wanted
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
                found.append(read_adapter(self._adapters, check_name(name)).digest)
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
    "source": (),
    "slices": (),
    **GIVEN,
}  # fmt: skip
NEEDED = ("at", "task", "adapter", "input", "output")
_WORDS: dict[Treatment, tuple[str, ...]] = {
    "accepted": ("accept", "approve", "approved", "sent", "send", "kept", "keep", "ok", "as is"),
    "edited": ("edit", "change", "changed", "modified", "revised", "corrected", "rewritten"),
    "rejected": ("reject", "discard", "discarded", "dismissed", "declined", "deleted", "thrown"),
}
DECISIONS = {word: kind for kind, words in _WORDS.items() for word in (kind, *words)}
FLAGS = ("true", "false", "0", "1")
"""Values that show that a column is a flag, such as `edited`, instead of the text that was sent."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MAX_NAME = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ReviewReader:
    """A reader that turns the rows of a file into reviews."""

    columns: Columns
    known: KnownAdapters
    now: datetime
    source: str
    """Source of the reviews where the file has no source."""

    def review(self, values: Mapping[str, Any]) -> Review:
        """Return the review of a row; a ValueError names the fault."""

        def text(name: str) -> str:
            return self.columns.text(values, name)

        adapter, output = text("adapter").strip(), text("output")
        decision, final = _treated(text("decision"), output, text("final"))
        review = Review(
            id=_short("id", text("id")),
            at=read_time(text("at"), self.now),
            task=self.known.task(text("task").strip()),
            adapter=adapter,
            digest=self.known.digest(adapter, text("digest").strip().lower()),
            **_given(given_cells(values, self.columns)).fields(),
            output=output,
            decision=decision,
            final=final,
            reviewer=_short("reviewer", text("reviewer")),
            reason=text("reason").strip(),
            slices={
                _short("slices", name): _short(f"slices.{name}", value)
                for name, value in self.columns.slices(values).items()
            },
            source=_short("source", text("source")) or self.source,
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


def read_time(text: str, now: datetime) -> str:
    """Return a time as ISO 8601 in UTC to the millisecond; without an offset it is taken as UTC."""
    example = "such as 2026-11-20T09:12:00Z"
    if not text.strip():
        raise ValueError(f"`at` is empty, a time is needed {example}")
    try:
        found = datetime.fromisoformat(text.strip())
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise ValueError(f"`at` is {_shown(text)}, a time is written {example}") from problem
    # A day of tolerance: the clocks of other machines, and local times without an offset.
    if not EARLIEST <= found <= now + timedelta(days=1):
        raise ValueError(f"`at` is {_shown(text)}, allowed is 2000 to now (and a day)")
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _treated(word: str, output: str, final: str) -> tuple[Treatment, str | None]:
    """Return the decision and the final: as the row says, or as its texts show."""
    _filled("output", output)
    same = output.split() == final.split()  # white space is no edit
    if final.strip().lower() in FLAGS and not same:
        raise ValueError(f"`final` is {_shown(final)}, a text is needed: --map final=COLUMN")
    if not word.strip():
        guessed: Treatment = "accepted" if same else "edited"
        return (guessed, final) if final.strip() else ("rejected", None)
    decision = DECISIONS.get(re.sub(r"[\s_-]+", " ", word.strip().lower()))
    if decision is None:
        allowed = ", ".join(get_args(Treatment))
        raise ValueError(f"`decision` is {_shown(word)}, allowed are {allowed}")
    if decision == "accepted":
        if final.strip() and not same:
            raise ValueError("accepted, but the final differs from the output: that is edited")
        return decision, final if final.strip() else output
    if decision == "edited" and not final.strip():
        raise ValueError("edited, but there is no final: what was sent is needed")
    if decision == "rejected" and final.strip():
        raise ValueError("rejected, but there is a final: rejected is what was never sent")
    return decision, final if decision == "edited" else None


def _filled(name: str, text: str) -> str:
    if not text.strip():
        raise ValueError(f"`{name}` is empty, every review needs one")
    return text


def _short(name: str, text: str) -> str:
    text = text.strip()
    if len(text) > MAX_NAME or (not text.isprintable() and _CONTROL.search(text)):
        raise ValueError(f"`{name}` has control characters or more than {MAX_NAME} characters")
    return text


def _shown(text: str) -> str:
    return repr(text.strip()[:40])
