"""What a check of a benchmark has found, and what its history says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from harness.records import BenchmarkHealth, CasesNeeded
from harness.text import safe
from harness.text.figures import count, margin, metric_title, percent
from harness.text.plain import plain
from harness.text.table import hang, pad

MAX_TEXT = 1_000
_KIND = 16


class BenchmarkFinding(Protocol):
    """What a finding says."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def line(self) -> int | None: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102


def check_text(
    health: BenchmarkHealth,
    unfit: Sequence[BenchmarkFinding],
    advice: Sequence[BenchmarkFinding],
    *,
    width: int = 80,
) -> str:
    """Return one benchmark's findings, then what its history says."""
    lines = _title(health, width)
    for head, findings in (("unfit", unfit), ("look at", advice)):
        if findings:
            lines += ["", f"  {head}"]
        for one in findings:
            place = "" if one.line is None else f"{one.line}"
            label = f"    {pad(place, 5, '>')}  {pad(safe.ci_log(one.kind), _KIND)}"
            lines += hang(label, safe.ci_log(one.message, limit=MAX_TEXT), width)
    return "\n".join([*lines, "", *_history(health, width), *_answer(unfit, advice, width)])


def check_json(
    health: BenchmarkHealth, unfit: Sequence[BenchmarkFinding], advice: Sequence[BenchmarkFinding]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the benchmark itself, and its findings."""
    findings = [
        plain(
            {
                "kind": one.kind,
                "line": one.line,
                "message": one.message,
                "benchmark": health.name,
                "unfit": bad,
            }
        )
        for bad, some in ((True, unfit), (False, advice))
        for one in some
    ]
    return plain(health) | {"fit": not unfit}, findings


def _title(health: BenchmarkHealth, width: int) -> list[str]:
    parts = [
        safe.ci_log(health.name, limit=80),
        f"task {safe.ci_log(health.task, limit=80)}" if health.task else "guard",
        count(health.cases, "case"),
    ]
    if health.fingerprint:
        parts.append(f"benchmark {health.fingerprint[:6]}")
    return hang("", " · ".join(parts), width)


def _history(health: BenchmarkHealth, width: int) -> list[str]:
    lines: list[str] = []
    for one in health.needed:
        said = f"{count(one.needed, 'case')} for a margin of {margin(one.margin)} on"
        said = f"{said} {metric_title(one.metric)}, at the paired spread between"
        said = f"{said} {_pairs(one)} ({one.spread:.3f}); adapters that write more alike need fewer"
        lines += hang("  needs  ", said, width)
    if health.luck is not None:
        said = f"{count(health.judged, 'candidate')} judged on this version: the risk that one"
        said = f"{said} worse by exactly the margin passed by luck is {percent(health.luck)}"
        lines += hang("  luck   ", said, width)
    for note in health.notes:
        lines += hang("  also   ", safe.ci_log(note, limit=MAX_TEXT), width)
    return lines


def _pairs(one: CasesNeeded) -> str:
    if len(one.pairs) == 1:
        return " and ".join(safe.ci_log(name, limit=80) for name in one.pairs[0])
    return f"{len(one.pairs)} pairs of adapters, the median"


def _answer(
    unfit: Sequence[BenchmarkFinding], advice: Sequence[BenchmarkFinding], width: int
) -> list[str]:
    look = f"{count(len(advice), 'finding')} to look at" if advice else ""
    if unfit:
        said = f"{count(len(unfit), 'finding')} to put right before a verdict can rest on it"
        return hang("  UNFIT  ", f"{said}{', ' if look else ''}{look}", width)
    return hang("  fit    ", look or "nothing found", width)
