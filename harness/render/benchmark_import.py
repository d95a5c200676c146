"""What was understood of a table of cases, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from harness.text import safe
from harness.text.figures import count
from harness.text.plain import plain
from harness.text.table import hang, table

PREVIEWED = 3
"""Cases that are shown."""
NOTHING: Mapping[str, int] = MappingProxyType({})


def import_text(
    columns: Mapping[str, str],
    unused: Sequence[str],
    cases: Sequence[Mapping[str, Any]],
    written: Sequence[str],
    fingerprint: str | None,
    left: Mapping[str, int] = NOTHING,
    *,
    width: int = 80,
) -> str:
    """Return what was understood of a table, its first cases, and what was written."""
    rows = [[safe.ci_log(name), "←", safe.ci_log(column)] for name, column in columns.items()]
    lines = table(rows, indent=2)
    if unused:
        lines += hang("  not read  ", ", ".join(map(safe.ci_log, unused)), width)
    if left:
        said = (what if often == 1 else f"{what} ({often} times)" for what, often in left.items())
        lines += hang("  not kept  ", "; ".join(map(safe.ci_log, said)), width)
    for case in cases[:PREVIEWED]:
        lines += ["", safe.ci_log(str(case["id"]), limit=200)]
        for name in ("input", "ideal", "slices", "critical", "group", "checks"):
            if name in case:
                lines += hang(f"  {name}  ", safe.ci_log(_told(case[name]), limit=300), width)
    lines += ["", f"{count(len(cases), 'case')}{'' if written else ', nothing was written'}"]
    lines += [f"wrote {safe.ci_log(place)}" for place in written]
    return "\n".join([*lines, *([f"benchmark {fingerprint[:6]}"] if fingerprint else [])])


def import_json(
    columns: Mapping[str, str],
    unused: Sequence[str],
    cases: Sequence[Mapping[str, Any]],
    written: Sequence[str],
    fingerprint: str | None,
    left: Mapping[str, int] = NOTHING,
) -> dict[str, Any]:
    """Return the same for programs."""
    told = {
        "columns": columns,
        "unused": unused,
        "left": left,
        "cases": len(cases),
        "first": cases[:PREVIEWED],
        "written": written,
        "fingerprint": fingerprint,
    }
    return dict(plain(told))


def _told(value: Any) -> str:
    if isinstance(value, list):
        return " | ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
