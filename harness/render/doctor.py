"""The doctor's list, one line per check, with a verdict for each.

Each check is (name, ok, message), as the doctor hands them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from harness.text import safe
from harness.text.plain import plain
from harness.text.table import hang, pad

Finding: TypeAlias = tuple[str, bool, str]


def doctor_text(checks: Sequence[Finding], *, width: int = 80) -> str:
    """Return one line per check, and whether all is well in the last one."""
    longest = max((len(name) for name, _, _ in checks), default=0)
    lines: list[str] = []
    for name, ok, message in checks:
        label = f"{'ok' if ok else 'FAIL':<6}{pad(safe.ci_log(name), longest)}  "
        lines += hang(label, safe.ci_log(message), width)
    return "\n".join([*lines, _conclusion(checks)])


def doctor_json(checks: Sequence[Finding]) -> dict[str, Any]:
    """Return `ok` and the checks, as DESIGN 7 names them."""
    rows = [{"name": name, "ok": ok, "message": message} for name, ok, message in checks]
    return {"ok": all(ok for _, ok, _ in checks), "checks": plain(rows)}


def _conclusion(checks: Sequence[Finding]) -> str:
    failed = sum(not ok for _, ok, _ in checks)
    if failed:
        return f"refused: {failed} of {len(checks)} checks failed"
    return f"fit for use: {len(checks)} of {len(checks)} checks passed"
