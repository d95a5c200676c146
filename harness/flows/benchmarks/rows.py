"""Rows of somebody's table as cases: what each field is called, and how a cell is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.errors import HarnessError
from harness.records.holds import Holds
from harness.workspace.formats.fields import kind_of
from harness.workspace.formats.reading import parse_json
from harness.workspace.importers.columns import Columns, text_of

MAX_IDEALS = 9
_MORE = {
    f"ideal{n}": tuple(
        f"{name}{gap}{n}"
        for name in ("ideal", "expected", "reference", "answer")
        for gap in ("_", "")
    )
    for n in range(2, MAX_IDEALS + 1)
}
FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": ("case", "case_id", "key", "nr", "number"),
    "input": ("prompt", "question", "source", "request"),
    "ideal": (
        "ideals", "ideal1", "ideal_1", "ideal_output", "expected", "expected_output",
        "reference", "answer", "target", "completion", "output",
    ),
    **_MORE,
    "critical": ("must_not_break",),
    "group": ("cluster",),
    "slices": (),
    "checks": (),
}  # fmt: skip
"""Each field with the names that people give it, the likeliest first."""
HOLDS: Mapping[str, Holds] = {
    **dict.fromkeys(("id", "critical"), "exact"),
    **dict.fromkeys(("group", "slices"), "quoting"),
}
"""What may be shown of a case without texts; all other keys hold them."""
NEEDED = ("input", "ideal")
_YES = ("true", "yes", "y", "x", "1")
_NO = ("", "false", "no", "n", "0")


def case_object(
    values: Mapping[str, Any], line: int, columns: Columns, separator: str | None
) -> dict[str, Any]:
    """One row as a line of `cases.jsonl`; a ValueError says what cannot be read."""
    found: dict[str, Any] = {
        "id": columns.text(values, "id").strip() or f"row-{line}",
        "input": _tidy(columns.text(values, "input")),
        "ideal": _one_or_several(_ideals(values, columns, separator)),
    }
    rest = {
        "slices": columns.slices(values),
        "critical": _critical(columns.text(values, "critical")),
        "checks": _checks(values, columns),
        "group": columns.text(values, "group").strip(),
    }
    found |= {name: value for name, value in rest.items() if value}
    _refuse_halves(found)
    return found


def is_said(value: object) -> bool:
    """Whether a cell holds anything."""
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _tidy(text: str) -> str:
    """Spreadsheets end lines in two characters, and people leave spaces at the ends of cells."""
    return text.replace("\r\n", "\n").strip()


def _ideals(values: Mapping[str, Any], columns: Columns, separator: str | None) -> list[str]:
    found = []
    for name in ("ideal", *_MORE):
        if columns.has(name):
            cell = values.get(columns.of[name]) if name in columns.of else columns.constants[name]
            found += _texts(cell, name, separator)
    texts = [text for text in map(_tidy, found) if text]
    if not texts:
        raise ValueError("`ideal` is empty, one text at least is needed")
    return texts


def _texts(cell: Any, name: str, separator: str | None) -> list[str]:
    """A cell of one text, of several with a separator, or of a JSON list."""
    if isinstance(cell, str):
        listed = _listed(cell)
        if listed is not None:
            return listed
        return cell.split(separator) if separator else [cell]
    if isinstance(cell, list):
        return [text_of(one, name) for one in cell]
    return [text_of(cell, name)]


def _listed(cell: str) -> list[str] | None:
    if not cell.lstrip().startswith("["):
        return None
    try:
        found = parse_json(cell, "")
    except HarnessError:
        return None  # a text that begins with a bracket
    texts = isinstance(found, list) and all(isinstance(one, str) for one in found)
    return found if texts else None


def _one_or_several(ideals: list[str]) -> str | list[str]:
    distinct = list(dict.fromkeys(ideals))
    return distinct[0] if len(distinct) == 1 else distinct


def _critical(text: str) -> bool:
    word = text.strip().casefold()
    if word not in (*_YES, *_NO):
        raise ValueError(f"`critical` is {text[:40]!r}, allowed are true and false")
    return word in _YES


def _checks(values: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    if "checks" not in columns.of:
        return {}
    cell = values.get(columns.of["checks"])
    if isinstance(cell, str) and cell.strip():
        try:
            cell = parse_json(cell, "`checks`")
        except HarnessError as problem:
            raise ValueError(f'{problem}, {{"max_words": 20}} is an example') from None
    if not is_said(cell):
        return {}
    if not isinstance(cell, dict):
        raise ValueError(f'`checks` is {kind_of(cell)}, {{"max_words": 20}} is one')
    return cell


def _refuse_halves(found: Mapping[str, Any]) -> None:
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair, which is no text") from None
