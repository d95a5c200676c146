"""How a table of cases was understood, and which files were written from it.

Tested in tests/render/test_benchmark.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from harness.text import safe
from harness.text.figures import count
from harness.text.plain import plain
from harness.text.table import hang, table

MAX_PREVIEWED = 3
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
    read_as: str = "",
    unread: Sequence[str] = (),
    width: int = 80,
) -> str:
    """Return the columns as understood, the first cases, and the files that were written.

    `read_as` is the format of training data, `unread` the columns that need a word of the user;
    `left` counts, by its description, each thing of the table that a case cannot keep.
    """
    rows = [[safe.ci_log(name), "←", safe.ci_log(column)] for name, column in columns.items()]
    lines = table(rows, indent=2)
    if read_as:
        lines.insert(0, f"{read_as}, {count(len(cases), 'case')}")
    if unused:
        lines += hang("  not read  ", ", ".join(map(safe.ci_log, unused)), width)
    if unread:
        wanted = f"{', '.join(map(safe.ci_log, unread))} (--ignore, --slice or --map)"
        lines += hang("  to decide  ", wanted, width)
    if left:
        lost = (what if often == 1 else f"{what} ({often} times)" for what, often in left.items())
        lines += hang("  not kept  ", "; ".join(map(safe.ci_log, lost)), width)
    for case in cases[:MAX_PREVIEWED]:
        lines += ["", safe.ci_log(str(case["id"]), limit=200)]
        for name, value in _shown(case):
            lines += hang(f"  {safe.ci_log(name)}  ", safe.ci_log(_value(value), limit=300), width)
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
    *,
    read_as: str = "",
    unread: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the same for programs."""
    found = {
        "format": read_as,
        "unread": unread,
        "columns": columns,
        "unused": unused,
        "left": left,
        "cases": len(cases),
        "first": cases[:MAX_PREVIEWED],
        "written": written,
        "fingerprint": fingerprint,
    }
    return dict(plain(found))


def _shown(case: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a case as people read them, a turn of its conversation as a field."""
    for name in ("system", "messages", "context", "input", "ideal", *_MORE):
        if name == "messages":
            turns = case.get(name) or ()
            # With texts left out, the keys of a turn are gone as well.
            yield from ((turn.get("role", name), turn.get("content", "")) for turn in turns)
        elif name in case:
            yield name, case[name]


_MORE = ("slices", "critical", "group", "checks")


def _value(value: Any) -> str:
    if isinstance(value, list):
        return " | ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
