"""Read a line of an exported history, and refuse one that no export could have written.

Tested in tests/flows/test_history_line.py.
"""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from harness.errors import DataError, HarnessError
from harness.judge.policy import check_policy
from harness.records import EXPORTED, RESERVED, Calendar, Decision, Review, Run, Verdict
from harness.store.codec import decode, encode_whole
from harness.store.review_rows import could_be
from harness.store.seals import seal_of
from harness.workspace.formats.names import check_name, check_plain_name

_log = logging.getLogger(__name__)

_KINDS: dict[str, type] = {
    "calendar": Calendar,
    "run": Run,
    "verdict": Verdict,
    "decision": Decision,
    "review": Review,
}
_BESIDE = {"run": ("key",), "verdict": ("run", "digest", "made")}
"""Fields beside the record that every version has written."""
_MAX_ID = 200


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A record of an exported history, with what stands beside it."""

    where: str
    """File and line."""
    record: Any
    beside: Mapping[str, str]
    sealed: bool
    """Whether the line carried a seal, which fits."""


def read_line(raw: Mapping[str, Any], where: str) -> HistoryLine:
    """Return a line's record; refuse it where its seal, or anything in it, does not fit."""
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise DataError(f"{where}: is no line of an exported history")
    sealed = "seal" in raw
    names = (*_BESIDE.get(kind, ()), *(("id",) if kind == "verdict" and sealed else ()))
    beside = {name: _text(raw, name, where) for name in names}
    if extra := set(raw) - {"kind", "record", "seal", *names}:
        raise DataError(f"{where}: has the unknown field {_shown(min(extra))}")
    record: Any = _record(raw.get("record"), _KINDS[kind], where)
    for fault in _FAULTS[type(record)](record):
        raise DataError(f"{where}: {fault}")
    if sealed and raw["seal"] != seal_of(record, **beside):
        raise DataError(f"{where}: its {kind} does not fit its seal, it was changed by hand")
    return HistoryLine(where, record, beside, sealed)


def _text(raw: Mapping[str, Any], key: str, where: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.isprintable():
        raise DataError(f"{where}: `{key}` is missing, so it is no exported history")
    return value


def _record(raw: Any, kind: type[Any], where: str) -> Any:
    try:
        record: Any = decode(json.dumps(raw), kind)
    except Exception as problem:  # cattrs raises groups of many kinds; all mean: not this record
        _log.debug("%s cannot be decoded", where, exc_info=True)
        known = ", ".join(field.name for field in fields(kind))
        raise DataError(
            f"{where}: is no {kind.__name__.lower()} (its fields: {known})"
        ) from problem
    # decoding takes a number for a text and leaves unknown fields out; this comparison does not
    for fault in _unlike(raw, json.loads(encode_whole(record))):
        raise DataError(f"{where}: is no {kind.__name__.lower()} as a history has it: {fault}")
    return record


def _unlike(raw: Any, read: Any, place: str = "") -> Iterator[str]:
    """Yield where a record differs from what was read of it; defaults may be left out."""
    if isinstance(raw, dict) and isinstance(read, dict):
        for name, value in raw.items():
            inside = f"{place}.{name}" if place else str(name)
            if name not in read:
                yield f"the field {_shown(inside)} is unknown"
            else:
                yield from _unlike(value, read[name], inside)
    elif isinstance(raw, list) and isinstance(read, list):
        for one, other in zip(raw, read, strict=True):
            yield from _unlike(one, other, place)
    elif isinstance(raw, bool) != isinstance(read, bool) or raw != read:
        yield f"{_shown(place)} is of another type"


# --- what a record may say ------------------------------------------------------------------


def _run_faults(run: Run) -> Iterator[str]:
    yield from _names(run.adapter, run.benchmark, run.task)
    if not _is_id(run.id) or {"/", "\\"} & {*run.id}:
        yield f"the run's id {_shown(run.id)} is none"
    if not run.results:
        yield f"the run {run.id} has no result"
    seen: set[str] = set()
    for result in run.results:
        case = result.case.id
        if not _is_id(case):
            yield f"the case's id {_shown(case)} has signs that no id has"
        if case in seen:
            yield f"the run {run.id} has the case {case} twice"
        seen.add(case)
        samples = [one for some in result.sample_scores.values() for one in some]
        for score in (*result.scores.values(), *samples):
            if score is not None and not 0 <= score <= 1:
                yield f"the case {case} has the score {score:g}, allowed is 0 to 1"


def _verdict_faults(verdict: Verdict) -> Iterator[str]:
    names = (verdict.candidate, verdict.promoted, verdict.pinned)
    for name in filter(None, names):
        yield from _names(name, verdict.benchmark, verdict.task)
    try:
        check_policy(verdict.policy)
    except HarnessError as problem:
        yield str(problem)
    for rule in verdict.rules:
        if rule.margin is not None and not 0 < rule.margin < 1:
            yield f"the margin of {rule.name} is {rule.margin:g}, allowed is between 0 and 1"
    for guard in verdict.guards:
        yield from _verdict_faults(guard)


def _decision_faults(decision: Decision) -> Iterator[str]:
    yield from _names(decision.adapter, decision.benchmark, decision.task)
    for name in filter(None, (decision.verdict, decision.case)):
        if not _is_id(name):
            yield f"{_shown(name)} has signs that no id has"


def _review_faults(review: Review) -> Iterator[str]:
    if not could_be(review) or not _is_id(review.id):
        yield "is no review as a history has it"


_FAULTS: dict[type, Callable[[Any], Iterator[str]]] = {
    Calendar: lambda calendar: iter(()),
    Run: _run_faults,
    Verdict: _verdict_faults,
    Decision: _decision_faults,
    Review: _review_faults,
}


def _names(adapter: str, benchmark: str | None, task: str | None) -> Iterator[str]:
    try:
        of, sign, export = adapter.partition(EXPORTED)
        if adapter not in RESERVED:
            check_name(of, DataError)
            if sign:
                check_plain_name(export, "", DataError)
        for name in filter(None, (benchmark, task)):
            check_plain_name(name, "", DataError)
    except DataError as problem:
        yield str(problem)


def _is_id(text: str) -> bool:
    """Return whether a text may be an id: no control letters, no way out of a folder."""
    parts = text.replace("\\", "/").split("/")
    return (
        bool(text.strip())
        and len(text) <= _MAX_ID
        and ".." not in parts
        and not any(unicodedata.category(letter) == "Cc" for letter in text)
    )


def _shown(text: str) -> str:
    return ascii(text[:60])
