"""Two runs side by side, case by case: where they differ, and in which words.

Nothing is judged here. Runs on different cases are refused, not compared.
"""

from __future__ import annotations

from typing import Any

from harness.records import CaseResult, Run
from harness.render.changes import id_list
from harness.render.sidebyside import CaseSideBySide, MetricSideBySide, SideBySide, side_by_side
from harness.text import safe
from harness.text.diff import word_diff
from harness.text.figures import count, metric_title, score, signed
from harness.text.plain import plain
from harness.text.redact import OPEN, Redaction
from harness.text.table import hang, pad, table

MAX_TEXT = 1_000
MAX_NAME = 24


def compare_text(a: Run, b: Run, *, width: int = 80, redaction: Redaction = OPEN) -> str:
    """Return means, then every case whose output differs, in the benchmark's order."""
    both = redaction.record(side_by_side(a, b))
    lines = [*_head(both, width), "", *_means(both), "", *_alone(both, width)]
    for pair in both.pairs:
        if not pair.same:
            lines += ["", *_case(pair, both, width)]
    return "\n".join(lines)


def compare_json(a: Run, b: Run, *, redaction: Redaction = OPEN) -> dict[str, Any]:
    """Return the same for programs, with the cases whose output is the same as well."""
    both = redaction.record(side_by_side(a, b))
    return dict(
        plain(
            {
                "a": a.adapter,
                "b": b.adapter,
                "benchmark": a.benchmark,
                "fingerprint": a.fingerprint,
                "unlike": both.unlike,
                "metrics": both.metrics,
                "cases": [_case_json(pair) for pair in both.pairs],
                "only_a": both.only_a,
                "only_b": both.only_b,
            }
        )
    )


def _head(both: SideBySide, width: int) -> list[str]:
    a, b = both.a, both.b
    told = f"{_name(a)} → {_name(b)} · benchmark {safe.ci_log(a.benchmark, limit=80)} "
    told += f"{safe.ci_log(a.fingerprint[:6])} · {count(len(both.pairs), 'case')}"
    lines = hang("", told, width)
    for what in both.unlike:
        lines += hang("note: ", f"the two runs differ in their {what}", width)
    return lines


def _means(both: SideBySide) -> list[str]:
    head = ["", _name(both.a), _name(both.b), "difference", "cases"]
    return table([head, *(_mean_cells(metric) for metric in both.metrics)], "<>>>>")


def _mean_cells(metric: MetricSideBySide) -> list[str]:
    title = metric_title(metric.name)
    return [title, score(metric.a), score(metric.b), signed(metric.difference), str(metric.n)]


def _alone(both: SideBySide, width: int) -> list[str]:
    """Name the cases that have nothing to be shown side by side."""
    same = [pair.a.case.id for pair in both.pairs if pair.same]
    lines = hang(f"same output in {count(len(same), 'case')}: ", id_list(same) or "none", width)
    for run, ids in ((both.a, both.only_a), (both.b, both.only_b)):
        if ids:
            lines += hang(f"only in {_name(run)}: ", id_list(ids), width)
    return lines


def _case(pair: CaseSideBySide, both: SideBySide, width: int) -> list[str]:
    case = pair.a.case
    names = [_name(both.a), _name(both.b)]
    columns = max(len("ideal"), *map(len, names))
    lines = [safe.ci_log(case.id, limit=80) + (" (critical)" if case.critical else "")]
    texts = [
        case.ideals[0] if case.ideals else "",
        pair.a.text,
        word_diff(pair.a.text, pair.b.text),
    ]
    lines += hang("  ", _score_changes(pair), width)
    for label, text in zip(["ideal", *names], texts, strict=True):
        lines += hang(f"  {pad(label, columns)}  ", _text(text), width)
    for name, result in zip(names, (pair.a, pair.b), strict=True):
        lines += _failed_checks(name, result, width)
    return lines


def _score_changes(pair: CaseSideBySide) -> str:
    return " · ".join(
        f"{metric_title(name)} {score(before)} → {score(after)}"
        for name, (before, after) in pair.scores.items()
    )


def _failed_checks(name: str, result: CaseResult, width: int) -> list[str]:
    lines: list[str] = []
    for check in result.checks:
        if not check.passed:
            told = f"{check.name} ({check.level}): {safe.ci_log(check.message, limit=200)}"
            lines += hang(f"  {name} fails ", told, width)
    return lines


def _case_json(pair: CaseSideBySide) -> dict[str, Any]:
    return {
        "case": pair.a.case.id,
        "critical": pair.a.case.critical,
        "same": pair.same,
        "ideals": pair.a.case.ideals,
        "a": {"text": pair.a.text, "scores": pair.a.scores, "checks": pair.a.checks},
        "b": {"text": pair.b.text, "scores": pair.b.scores, "checks": pair.b.checks},
        "difference": word_diff(pair.a.text, pair.b.text),
    }


def _name(run: Run) -> str:
    return safe.ci_log(run.adapter, limit=MAX_NAME)


def _text(text: str) -> str:
    return safe.ci_log(text, limit=MAX_TEXT) if text.strip() else "(nothing)"
