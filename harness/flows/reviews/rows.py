"""One row of somebody's table to one review; what cannot have happened is refused by name."""

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
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.names import check_name
from harness.workspace.importers.columns import Columns, Wanted

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class KnownAdapters:
    """Looked up once; a folder is hashed when its adapter is first spoken of."""

    def __init__(self, project: Project, store: Store) -> None:
        self._adapters = project.settings.adapters
        self._remembered = store.reviews.digests()
        self._folders = frozenset(adapter_names(self._adapters))
        self._digests: dict[str, tuple[str, ...]] = {}
        self.tasks = project.tasks

    def task(self, name: str) -> str:
        """The name itself; a ValueError where no benchmark is for this task."""
        if not name:
            raise ValueError("`task` is empty, every review needs one")
        if name not in self.tasks:
            raise ValueError(
                f"no benchmark is for task {name[:80]!r}{suggestion(name, self.tasks)}"
            )
        return name

    def digest(self, name: str, given: str) -> str:
        """Of the adapter's bytes: as given where that is one of its own, else its newest."""
        if name not in self._digests:
            self._digests[name] = self._all(name)
        mine = self._digests[name]
        if not given:
            return mine[-1] if mine else ""
        if not _DIGEST.fullmatch(given):
            raise ValueError(f"`digest` is {given[:40]!r}, 64 hexadecimal digits are needed")
        if given not in mine:
            raise ValueError(f"`digest` {given[:12]}… is of no {name} that is known here")
        return given

    def _all(self, name: str) -> tuple[str, ...]:
        """Every digest that this name ever had, the one it has now last."""
        if name in RESERVED:
            return (*self._remembered.get(name, ()), NO_ADAPTER)
        if not name:
            raise ValueError("`adapter` is empty, every review needs one")
        before = self._remembered.get(name)
        if name not in self._folders and before is None:
            known = {*self._folders, *self._remembered, *RESERVED}
            raise ValueError(f"adapter {name[:80]!r} is unknown{suggestion(name, known)}")
        now = (self._now(name),) if name in self._folders else ()
        return tuple(one for one in (*(before or ()), *now) if one)

    def _now(self, name: str) -> str:
        try:
            return read_adapter(self._adapters, check_name(name)).digest
        except HarnessError as problem:
            raise ValueError(str(problem)) from None


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
}  # fmt: skip
NEEDED = ("at", "task", "adapter", "input", "output")
_WORDS: dict[Treatment, tuple[str, ...]] = {
    "accepted": ("accept", "approve", "approved", "sent", "send", "kept", "keep", "ok", "as is"),
    "edited": ("edit", "change", "changed", "modified", "revised", "corrected", "rewritten"),
    "rejected": ("reject", "discard", "discarded", "dismissed", "declined", "deleted", "thrown"),
}
DECISIONS = {word: kind for kind, words in _WORDS.items() for word in (kind, *words)}
FLAGS = ("true", "false", "0", "1")
"""A column such as `edited` may say whether, where what was sent is asked for."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MAX_NAME = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ReviewReader:
    """How the rows of one file become reviews."""

    columns: Columns
    known: KnownAdapters
    now: datetime
    source: str
    """What the reviews are said to come from where the file does not say it."""

    def review(self, values: Mapping[str, Any]) -> Review:
        """The review of one row; a ValueError says what is wrong with it."""

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
            input=_filled("input", text("input")),
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
        return review if review.id else replace(review, id=_own_id(review))


def read_time(text: str, now: datetime) -> str:
    """ISO 8601 to the millisecond in UTC; a time without an offset is taken as UTC."""
    example = "such as 2026-11-20T09:12:00Z"
    if not text.strip():
        raise ValueError(f"`at` is empty, a time is needed {example}")
    try:
        found = datetime.fromisoformat(text.strip())
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"`at` is {_shown(text)}, a time is written {example}") from None
    if not EARLIEST <= found <= now + timedelta(days=1):
        raise ValueError(f"`at` is {_shown(text)}, allowed is 2000 to now (and a day)")
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _treated(word: str, output: str, final: str) -> tuple[Treatment, str | None]:
    """What was done and what was sent; said by the row, or plain from its texts."""
    _filled("output", output)
    same = output.split() == final.split()
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


def _own_id(review: Review) -> str:
    """Made of the content, where the team has no ids: the same row is the same review."""
    return "made-" + key_of("review id", content=content_of(review))[:32]


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
