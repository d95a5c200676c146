"""The findings of a benchmark check, and what the benchmark's past verdicts say about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from harness.records import BenchmarkHealth
from harness.render.folded import FoldedFinding, folded
from harness.render.reserve import reserve_word
from harness.text import safe
from harness.text.figures import count, margin, metric_title, percent
from harness.text.plain import plain
from harness.text.table import hang, pad

MAX_TEXT = 1_000
MAX_NAME = 80
_KIND = 16
"""Columns of a finding's kind."""


class BenchmarkFinding(Protocol):
    """A finding to show."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def line(self) -> int | None: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102
    @property
    def file(self) -> str: ...  # noqa: D102


def check_text(
    health: BenchmarkHealth,
    unfit: Sequence[BenchmarkFinding],
    advice: Sequence[BenchmarkFinding],
    *,
    width: int = 80,
) -> str:
    """Return a benchmark's findings, its history, and whether it is fit for verdicts."""
    parts = [
        safe.ci_log(health.name, limit=MAX_NAME),
        f"task {safe.ci_log(health.task, limit=MAX_NAME)}" if health.task else "guard",
        count(health.cases, "case"),
    ]
    if health.reserve:
        parts.append(f"{health.reserve} in reserve")
    if health.fingerprint:
        parts.append(f"benchmark {health.fingerprint[:6]}")
    lines = hang("", " · ".join(parts), width)
    for head, findings in (("unfit", unfit), ("look at", advice)):
        for file in dict.fromkeys(finding.file for finding in findings):
            lines += ["", f"  {head}" + (f" in {file}" if file else "")]
            for fold in folded([finding for finding in findings if finding.file == file]):
                lines += _finding(fold, width)
    lines += ["", *_history(health, width)]
    look = f"{count(len(advice), 'finding')} to look at" if advice else ""
    if unfit:
        repair = f"{count(len(unfit), 'finding')} to put right before a verdict can rest on it"
        lines += hang("  UNFIT  ", f"{repair}{', ' if look else ''}{look}", width)
    else:
        lines += hang("  fit    ", look or "nothing found", width)
    return "\n".join(lines)


def _finding(fold: FoldedFinding, width: int) -> list[str]:
    # a finding on the whole benchmark has no line
    place = "" if fold.first.line is None else f"{fold.first.line}"
    label = f"    {pad(place, 5, '>')}  {pad(safe.ci_log(fold.first.kind), _KIND)}"
    return hang(label, safe.ci_log(fold.message, limit=MAX_TEXT), width)


def check_json(
    health: BenchmarkHealth, unfit: Sequence[BenchmarkFinding], advice: Sequence[BenchmarkFinding]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the benchmark itself, and its findings."""
    findings = [
        plain(
            {
                "kind": finding.kind,
                "line": finding.line,
                "message": finding.message,
                "benchmark": health.name,
                "unfit": bad,
                **({"file": finding.file} if finding.file else {}),
            }
        )
        for bad, some in ((True, unfit), (False, advice))
        for finding in some
    ]
    return plain(health) | {"fit": not unfit}, findings


def _history(health: BenchmarkHealth, width: int) -> list[str]:
    """Return lines on the cases needed, the risk of a lucky pass, and notes."""
    lines: list[str] = []
    for needed in health.needed:
        pairs = f"{len(needed.pairs)} pairs of adapters, the median"
        if len(needed.pairs) == 1:
            pairs = " and ".join(safe.ci_log(name, limit=MAX_NAME) for name in needed.pairs[0])
        text = f"{count(needed.needed, 'case')} for a margin of {margin(needed.margin)} on"
        text += f" {metric_title(needed.metric)}, at the paired spread between"
        text += f" {pairs} ({needed.spread:.3f}); adapters that write more alike need fewer"
        lines += hang("  needs  ", text, width)
    if health.luck is not None:
        text = f"{count(health.judged, 'candidate')} judged on this version: the risk that one"
        text += f" worse by exactly the margin passed by luck is {percent(health.luck)}"
        lines += hang("  luck   ", text, width)
    if health.reserve:
        used = f"; verdicts have looked at {health.looked_at}" if health.looked_at else ""
        word = reserve_word(health.reserve, health.reserve_looks)
        lines += hang("  reserve", f" {word}{used}", width)
    for note in health.notes:
        lines += hang("  also   ", safe.ci_log(note, limit=MAX_TEXT), width)
    return lines
