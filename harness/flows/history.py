"""Export and import a store's history: a JSON object per line; a second import changes no row."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import DataError, RequestError
from harness.records import Decision, Review, Run, Verdict
from harness.store import Store
from harness.store.codec import decode, encode
from harness.store.review_rows import could_be
from harness.text.left_out import without_texts
from harness.workspace.formats.reading import json_object, lines_of
from harness.workspace.formats.tables import MAX_TABLE

Record = TypeVar("Record")

_log = logging.getLogger(__name__)

_REVIEWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class HistoryImport:
    """The counts of imported records that the store did not have."""

    runs: int
    verdicts: int
    decisions: int
    reviews: int = 0


def export_history(store: Store, *, texts: bool = True, reviews: bool = True) -> Iterator[str]:
    """Yield every run, verdict, decision and review as a line, in the order of the store.

    Without `texts`, a digest stands in the place of each input, ideal and output.
    """

    def shown(record: Record) -> Record:
        return record if texts else without_texts(record)

    # runs first: verdicts refer to runs and decisions to verdicts, and an import reads in order
    for identity in store.runs.ids():
        run, key = store.runs.by_id(identity), store.runs.key(identity)
        yield _line("run", shown(run), key=key)
    for kept in store.verdicts.all():
        more = {"run": kept.run, "digest": kept.digest, "made": kept.made}
        yield _line("verdict", shown(kept.verdict), **more)
    for decision in store.decisions.all():
        yield _line("decision", decision)
    for review in store.reviews.each() if reviews else ():
        yield _line("review", review)


def decisions_of(file: Path) -> list[str]:
    """Return the hashes of the decisions in an exported history, in its order."""
    found = []
    for number, line in lines_of(file, DataError, MAX_TABLE):
        if '"decision"' not in line:  # most lines are runs, and long
            continue
        raw = json_object(line, f"{file}:{number}", DataError)
        record = raw.get("record")
        if raw.get("kind") == "decision" and isinstance(record, dict):
            found.append(str(record.get("hash")))
    return found


def _line(kind: str, record: object, **more: Any) -> str:
    return json.dumps({"kind": kind, **more, "record": json.loads(encode(record))})


def import_history(store: Store, file: Path) -> HistoryImport:
    """Import all lines of an exported history or none; records already in the store stay as is."""
    with store.database.together():  # one transaction: a bad line takes back the lines before it
        before = _counts(store)
        reviews: list[Review] = []
        for number, line in lines_of(file, DataError, MAX_TABLE):
            if line.strip():
                where = f"{file}:{number}"
                _keep(store, where, json_object(line, where, DataError), reviews)
            if len(reviews) >= _REVIEWS_AT_ONCE:
                store.reviews.keep(reviews)
                reviews.clear()
        store.reviews.keep(reviews)
        after = _counts(store)
    return HistoryImport(*(now - then for now, then in zip(after, before, strict=True)))


def _counts(store: Store) -> tuple[int, int, int, int]:
    verdicts = sum(1 for _ in store.verdicts.all())
    decisions = len(store.decisions.unchecked())
    return len(store.runs.ids()), verdicts, decisions, store.reviews.count()


def _keep(store: Store, where: str, raw: dict[str, Any], reviews: list[Review]) -> None:
    """Store a line's record at once; reviews are collected and stored in batches."""
    if raw.get("kind") == "review":
        reviews.append(_review(raw.get("record"), where))
        return
    keeper = _keeper(store, where, raw)
    try:
        keeper()
    except RequestError as problem:
        raise type(problem)(f"{where}: {problem}") from problem


def _review(raw: Any, where: str) -> Review:
    review: Review = _record(raw, Review, where)
    # cattrs turns any value into a text; comparing with the line refuses what was no text there
    again = json.loads(encode(review))
    if not could_be(review) or any(raw.get(name, value) != value for name, value in again.items()):
        raise DataError(f"{where}: is no review as a history has it")
    return review


def _keeper(store: Store, where: str, raw: dict[str, Any]) -> Callable[[], object]:
    """Decode a line and return the call that stores it, so that decoding fails before storing."""
    kind, record = raw.get("kind"), raw.get("record")
    if kind == "run":
        return partial(store.runs.keep, _record(record, Run, where), _text(raw, "key", where))
    if kind == "verdict":
        rest = [_text(raw, key, where) for key in ("run", "digest", "made")]
        return partial(store.verdicts.keep, _record(record, Verdict, where), *rest)
    if kind == "decision":
        return partial(store.decisions.carry_over, _record(record, Decision, where))
    raise DataError(f"{where}: is no line of an exported history")


def _text(raw: dict[str, Any], key: str, where: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str):
        raise DataError(f"{where}: `{key}` is missing, so it is no exported history")
    return value


def _record(raw: Any, kind: Any, where: str) -> Any:
    try:
        return decode(json.dumps(raw), kind)
    except Exception as problem:  # cattrs raises groups of many kinds; all mean: not this record
        _log.debug("%s cannot be decoded", where, exc_info=True)
        known = ", ".join(field.name for field in fields(kind))
        raise DataError(
            f"{where}: is no {kind.__name__.lower()} (its fields: {known})"
        ) from problem
