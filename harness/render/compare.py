"""Two runs side by side, case by case: where their outputs differ, and in which words.

No verdict is given here. Runs on different versions of a benchmark are refused.
"""

from __future__ import annotations

from typing import Any

from harness.records import CaseResult, Run
from harness.render.changes import id_list
from harness.render.sidebyside import CaseSideBySide, SideBySide, side_by_side
from harness.text import safe
from harness.text.diff import word_diff
from harness.text.figures import count, metric_title, score, signed
from harness.text.given import beside_input, given, is_plain
from harness.text.plain import plain
from harness.text.redact import OPEN, Redaction
from harness.text.table import hang, pad, table

MAX_TEXT = 1_000
MAX_GIVEN = 300
"""Characters of a turn or a context: they are only to remind of the case."""
MAX_NAME = 24


def compare_text(a: Run, b: Run, *, width: int = 80, redaction: Redaction = OPEN) -> str:
    """Return means, then every case whose output differs, in the benchmark's order."""
    # masked before the words are compared, so that no difference shows a masked word
    return side_by_side_text(redaction.record(side_by_side(a, b)), width)


def side_by_side_text(both: SideBySide, width: int = 80) -> str:
    """Return a comparison whose texts are masked already."""
    first, second = _name(both.a), _name(both.b)
    title = f"{first} → {second} · benchmark {safe.ci_log(both.a.benchmark, limit=80)} "
    title += f"{safe.ci_log(both.a.fingerprint[:6])} · {count(len(both.pairs), 'case')}"
    lines = hang("", title, width)
    for what in both.unlike:
        lines += hang("note: ", f"the two runs differ in their {what}", width)
    means = [
        [metric_title(it.name), score(it.a), score(it.b), signed(it.difference), str(it.n)]
        for it in both.metrics
    ]
    lines += ["", *table([["", first, second, "difference", "cases"], *means], "<>>>>")]
    lines += ["", *_not_shown(both, width)]
    for pair in both.pairs:
        if not pair.same:
            lines += ["", *_case(pair, both, width)]
    return "\n".join(lines)


def compare_json(a: Run, b: Run, *, redaction: Redaction = OPEN) -> dict[str, Any]:
    """Return the same for programs, with the cases whose output is the same as well."""
    return side_by_side_json(redaction.record(side_by_side(a, b)))


def side_by_side_json(both: SideBySide) -> dict[str, Any]:
    """Return a comparison whose texts are masked already."""
    a, b = both.a, both.b
    cases = [
        {
            "case": pair.a.case.id,
            "critical": pair.a.case.critical,
            "same": pair.same,
            "input": pair.a.case.input,
            **beside_input(pair.a.case),
            "ideals": pair.a.case.ideals,
            "a": _side(pair.a),
            "b": _side(pair.b),
            "difference": word_diff(pair.a.text, pair.b.text),
        }
        for pair in both.pairs
    ]
    return dict(
        plain(
            {
                "a": a.adapter,
                "b": b.adapter,
                "benchmark": a.benchmark,
                "fingerprint": a.fingerprint,
                "unlike": both.unlike,
                "metrics": both.metrics,
                "cases": cases,
                "only_a": both.only_a,
                "only_b": both.only_b,
            }
        )
    )


def _side(result: CaseResult) -> dict[str, Any]:
    """Return a side of a case; `whole` has the thoughts as well, where they were taken out."""
    found = {"text": result.text, "scores": result.scores, "checks": result.checks}
    if result.whole is None:
        return found
    return found | {"whole": result.whole, "unended": result.unended}


def _not_shown(both: SideBySide, width: int) -> list[str]:
    """Name the cases that are not shown: equal outputs, and cases of a single run."""
    same = [pair.a.case.id for pair in both.pairs if pair.same]
    lines = hang(f"same output in {count(len(same), 'case')}: ", id_list(same) or "none", width)
    for run, ids in ((both.a, both.only_a), (both.b, both.only_b)):
        if ids:
            lines += hang(f"only in {_name(run)}: ", id_list(ids), width)
    return lines


def _case(pair: CaseSideBySide, both: SideBySide, width: int) -> list[str]:
    case = pair.a.case
    names = [_name(both.a), _name(both.b)]
    # an output is hardly understood without the turns before it
    before = [] if is_plain(case) else given(case)
    columns = max(len("ideal"), *map(len, names), *(len(name) for name, _ in before))
    lines = [safe.ci_log(case.id, limit=80) + (" (critical)" if case.critical else "")]
    scores = " · ".join(
        f"{metric_title(name)} {score(before)} → {score(after)}"
        for name, (before, after) in pair.scores.items()
    )
    lines += hang("  ", scores, width)
    for name, text in before:
        lines += hang(f"  {pad(name, columns)}  ", safe.ci_log(text, limit=MAX_GIVEN), width)
    ideal = case.ideals[0] if case.ideals else ""
    texts = [ideal, pair.a.text, word_diff(pair.a.text, pair.b.text)]
    for label, text in zip(["ideal", *names], texts, strict=True):
        shown = safe.ci_log(text, limit=MAX_TEXT) if text.strip() else "(nothing)"
        lines += hang(f"  {pad(label, columns)}  ", shown, width)
    for name, result in zip(names, (pair.a, pair.b), strict=True):
        if result.unended:
            lines += hang(f"  {name} ", "never ended its thinking, and counts as empty", width)
        for check in result.checks:
            if not check.passed:
                found = f"{check.name} ({check.level}): {safe.ci_log(check.message, limit=200)}"
                lines += hang(f"  {name} fails ", found, width)
    return lines


def _name(run: Run) -> str:
    return safe.ci_log(run.adapter, limit=MAX_NAME)
