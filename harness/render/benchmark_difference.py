"""What changed between two versions of a benchmark, and what that does to verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records import BenchmarkDifference, FieldChange
from harness.render.changes import id_list
from harness.text import safe
from harness.text.diff import word_diff
from harness.text.plain import plain
from harness.text.table import hang

MAX_TEXT = 1_000


def difference_text(difference: BenchmarkDifference, *, width: int = 80) -> str:
    """Return what changed, field by field, and what that means for verdicts."""
    it = difference
    lines = hang("", f"{_side(it.old, it.old_fingerprint)} → ", width)
    lines = hang("", lines[0].rstrip() + f" {_side(it.new, it.new_fingerprint)}", width)
    if it.settings:
        lines += ["", "benchmark.toml", *_fields(it.settings, width)]
    for title, cases in (("added", it.added), ("removed", it.removed)):
        if cases:
            lines += ["", *hang(f"{title}  ", id_list([case.id for case in cases]), width)]
    for one in it.changed:
        lines += ["", safe.ci_log(one.case, limit=200), *_fields(one.fields, width)]
    return "\n".join([*lines, "", *_counts(it, width), *hang("means  ", meaning(it), width)])


def difference_json(difference: BenchmarkDifference) -> dict[str, Any]:
    """Return the same for programs."""
    it = difference
    return dict(plain(it)) | {"same": it.same, "means": meaning(it)}


def meaning(difference: BenchmarkDifference) -> str:
    """Say what a change does to verdicts."""
    it = difference
    if it.same:
        what = "the two" if it.whole else "cases, prompt and metrics"
        return f"{what} are the same, verdicts compare across both"
    if it.old_fingerprint != it.new_fingerprint:
        said = "verdicts never compare across the two fingerprints; the promoted adapter is run"
        said = f"{said} again automatically when the next candidate is judged"
        unseen = not (it.whole or it.added or it.removed or it.changed)
        return f"{said} (what differs is the prompt or the metrics)" if unseen else said
    if any(one.field.startswith("generation ") for one in it.settings):
        return (
            "the fingerprint is the same but outputs are made in another way, so the promoted"
            " adapter is run again automatically when the next candidate is judged"
        )
    return "the fingerprint is the same, verdicts still compare across the two"


def _side(label: str, fingerprint: str) -> str:
    return f"{safe.ci_log(label, limit=200)} ({fingerprint[:6]})"


def _fields(fields: Sequence[FieldChange], width: int) -> list[str]:
    lines: list[str] = []
    for one in fields:
        shown = word_diff(one.old[:MAX_TEXT], one.new[:MAX_TEXT])
        lines += hang(f"  {safe.ci_log(one.field, limit=80)}  ", safe.ci_log(shown), width)
    return lines


def _counts(it: BenchmarkDifference, width: int) -> list[str]:
    parts = [
        f"{len(it.added)} added",
        f"{len(it.removed)} removed",
        f"{len(it.changed)} changed",
        f"{len(it.settings)} in benchmark.toml" if it.whole else "benchmark.toml not compared",
    ]
    return hang("cases  ", ", ".join(parts), width)
