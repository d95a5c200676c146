"""The changes between two versions of a benchmark, and their effect on verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records import BenchmarkDifference, FieldChange, ReserveDifference
from harness.render.changes import id_list
from harness.text import safe
from harness.text.diff import word_diff
from harness.text.plain import plain
from harness.text.table import hang

MAX_TEXT = 1_000


def difference_text(difference: BenchmarkDifference, *, width: int = 80) -> str:
    """Return the changes field by field, and their effect on verdicts."""
    old = _version(difference.old, difference.old_fingerprint)
    new = _version(difference.new, difference.new_fingerprint)
    lines = hang("", f"{old} → {new}", width)
    if difference.settings:
        lines += ["", "benchmark.toml", *_fields(difference.settings, width)]
    for title, cases in (("added", difference.added), ("removed", difference.removed)):
        if cases:
            lines += ["", *hang(f"{title}  ", id_list([case.id for case in cases]), width)]
    for change in difference.changed:
        lines += ["", safe.ci_log(change.case, limit=200), *_fields(change.fields, width)]
    toml = f"{len(difference.settings)} in benchmark.toml"
    counts = [
        f"{len(difference.added)} added",
        f"{len(difference.removed)} removed",
        f"{len(difference.changed)} changed",
        toml if difference.whole else "benchmark.toml not compared",
    ]
    lines += ["", *hang("cases  ", ", ".join(counts), width)]
    if difference.reserve is not None:
        lines += hang("reserve  ", _reserve(difference.reserve), width)
    return "\n".join([*lines, *hang("means  ", meaning(difference), width)])


def _reserve(reserve: ReserveDifference) -> str:
    """Return the ids of the reserve's cases that differ, and whether its beginning is kept."""
    groups = (
        ("added", reserve.added), ("removed", reserve.removed), ("changed", reserve.changed),
    )  # fmt: skip
    parts = [f"{len(ids)} {what} ({id_list(ids)})" for what, ids in groups if ids]
    kept = "it begins as it did" if reserve.begins_alike else "its beginning is not what it was"
    return ", ".join([*parts, kept])


def difference_json(difference: BenchmarkDifference) -> dict[str, Any]:
    """Return the same for programs."""
    more = {"same": difference.same, "means": meaning(difference)}
    return dict(plain(difference)) | more


def meaning(difference: BenchmarkDifference) -> str:
    """Say what a change does to verdicts."""
    it = difference
    if it.same:
        what = "the two" if it.whole else "cases, prompt and metrics"
        return f"{what} are the same, verdicts compare across both"
    if it.old_fingerprint != it.new_fingerprint:
        text = "verdicts never compare across the two fingerprints; the promoted adapter is run"
        text += " again automatically when the next candidate is judged"
        unseen = not (it.whole or it.added or it.removed or it.changed)
        return f"{text} (what differs is the prompt or the metrics)" if unseen else text
    if any(change.field.startswith("generation ") for change in it.settings):
        return (
            "the fingerprint is the same but outputs are made in another way, so the promoted"
            " adapter is run again automatically when the next candidate is judged"
        )
    if it.reserve is not None and not it.reserve.begins_alike:
        return (
            "the fingerprint is the same, but verdicts that looked at the reserve do not compare"
            " across the two: a reserve is only added to"
        )
    return "the fingerprint is the same, verdicts still compare across the two"


def _version(label: str, fingerprint: str) -> str:
    return f"{safe.ci_log(label, limit=200)} ({fingerprint[:6]})"


def _fields(changes: Sequence[FieldChange], width: int) -> list[str]:
    lines: list[str] = []
    for change in changes:
        marked = word_diff(change.old[:MAX_TEXT], change.new[:MAX_TEXT])
        lines += hang(f"  {safe.ci_log(change.field, limit=80)}  ", safe.ci_log(marked), width)
    return lines
