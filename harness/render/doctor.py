"""The doctor's checks, a line each with its outcome.

A check is (name, ok, message), as the doctor returns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from harness.text import safe
from harness.text.plain import plain
from harness.text.table import hang, pad

Finding: TypeAlias = tuple[str, bool, str]


def doctor_text(checks: Sequence[Finding], *, width: int = 80) -> str:
    """Return a line per check, and in the last line whether all passed."""
    longest = max((len(name) for name, _, _ in checks), default=0)
    lines: list[str] = []
    for name, ok, message in checks:
        label = f"{'ok' if ok else 'FAIL':<6}{pad(safe.ci_log(name), longest)}  "
        lines += hang(label, safe.ci_log(message), width)
    failed = sum(not ok for _, ok, _ in checks)
    if failed:
        lines.append(f"refused: {failed} of {len(checks)} checks failed")
    else:
        lines.append(f"fit for use: {len(checks)} of {len(checks)} checks passed")
    return "\n".join(lines)


def doctor_json(checks: Sequence[Finding]) -> dict[str, Any]:
    """Return whether all checks passed, and the checks."""
    rows = [{"name": name, "ok": ok, "message": message} for name, ok, message in checks]
    return {"ok": all(ok for _, ok, _ in checks), "checks": plain(rows)}
