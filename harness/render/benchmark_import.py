"""How a table of cases was understood, and which files were written from it.

Tested in tests/render/test_benchmark.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from harness.render.changes import id_list
from harness.text import safe
from harness.text.figures import count
from harness.text.plain import plain
from harness.text.table import hang, table

MAX_PREVIEWED = 3
"""Cases that are shown."""
NOTHING: Mapping[str, int] = MappingProxyType({})


def understood_text(
    columns: Mapping[str, str],
    unused: Sequence[str],
    cases: Sequence[Mapping[str, Any]],
    left: Mapping[str, int] = NOTHING,
    *,
    read_as: str = "",
    unread: Sequence[str] = (),
    width: int = 80,
) -> str:
    """Return the columns as understood, and the first cases.

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
    return "\n".join([*lines, ""])


def replaced_text(
    same: int,
    new: Sequence[str],
    gone: Sequence[str],
    changed: Mapping[str, Sequence[str]],
    renamed: Mapping[str, str],
    kept: Mapping[str, int],
    unread: int,
    *,
    width: int = 80,
) -> str:
    """Say which cases are new, gone and changed, before anything is written."""
    counts = f"{len(new)} new, {len(gone)} gone, {len(changed)} changed, {same} as they were"
    lines = hang("replaces  ", counts, width)
    differing = [f"{case} ({', '.join(fields)})" for case, fields in changed.items()]
    names = [f"{old} is now {case}" for old, case in renamed.items()]
    groups = {"new": new, "gone": gone, "changed": differing, "renamed": names}
    for title, listed in groups.items():
        if listed:
            lines += hang(f"  {title:<8}", id_list(listed), width)
    if kept:
        taken = ", ".join(f"{name} of {count(number, 'case')}" for name, number in kept.items())
        said = f"{taken}: the file has none, so they stay as a person wrote them"
        lines += hang("  kept    ", safe.ci_log(said, limit=600), width)
    if unread:
        said = f"{count(unread, 'line')} of the old file that could not be read"
        lines += hang("  gone    ", said, width)
    return "\n".join([*lines, ""])


def done_text(
    cases: int,
    written: Sequence[str],
    fingerprint: str | None,
    notes: Sequence[str] = (),
    *,
    width: int = 80,
) -> str:
    """Return the number of cases, the files that were written, and what was not looked at."""
    lines = [f"{count(cases, 'case')}{'' if written else ', nothing was written'}"]
    lines += [f"wrote {safe.ci_log(place)}" for place in written]
    lines += [f"benchmark {fingerprint[:6]}"] if fingerprint else []
    for note in notes:
        lines += hang("note  ", safe.ci_log(note, limit=400), width)
    return "\n".join(lines)


def import_json(
    columns: Mapping[str, str],
    unused: Sequence[str],
    cases: Sequence[Mapping[str, Any]],
    written: Sequence[str],
    fingerprint: str | None,
    left: Mapping[str, int] = NOTHING,
    **more: object,
) -> dict[str, Any]:
    """Return the same for programs; `more` are further keys."""
    found = {
        "columns": columns,
        "unused": unused,
        "left": left,
        "cases": len(cases),
        "first": cases[:MAX_PREVIEWED],
        "written": written,
        "fingerprint": fingerprint,
        **more,
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
