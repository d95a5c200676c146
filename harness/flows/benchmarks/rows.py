"""Turn the rows of a table into cases: the names of each field, and the reading of a cell.

Tested in tests/flows/benchmarks/test_importing.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.errors import HarnessError
from harness.records.holds import Holds
from harness.text.blanks import is_blank
from harness.text.encodable import is_encodable
from harness.workspace.formats.fields import kind_of
from harness.workspace.formats.reading import parse_json
from harness.workspace.importers.columns import Columns, text_of
from harness.workspace.importers.given_cells import GIVEN, given_cells

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
    **GIVEN,
}  # fmt: skip
"""Each field with the names that tables give it, the likeliest first."""
HOLDS: Mapping[str, Holds] = {
    **dict.fromkeys(("id", "critical"), "exact"),
    **dict.fromkeys(("group", "slices"), "quoting"),
}
"""The keys of a case that may be shown when texts may not; all other keys hold texts."""
NEEDED = ("input", "ideal")
_YES = ("true", "yes", "y", "x", "1")
_NO = ("", "false", "no", "n", "0")


def case_object(
    values: Mapping[str, Any], line: int, columns: Columns, separator: str | None
) -> dict[str, Any]:
    """Return a row as an object of `cases.jsonl`; raise ValueError for an unreadable cell."""
    ideals = list(dict.fromkeys(_ideals(values, columns, separator)))
    found: dict[str, Any] = {
        "id": _given_id(columns.text(values, "id")) or f"row-{line}",
        **_tidied(given_cells(values, columns)),
        "ideal": ideals[0] if len(ideals) == 1 else ideals,
    }
    rest = {
        "slices": columns.slices(values),
        "critical": _critical(columns.text(values, "critical")),
        "checks": _checks(values, columns),
        "group": columns.text(values, "group").strip(),
    }
    found |= {name: value for name, value in rest.items() if value}
    if not is_encodable(json.dumps(found, ensure_ascii=False)):
        raise ValueError("holds half of a surrogate pair, which is no text")
    return found


def _given_id(cell: str) -> str:
    return "" if is_blank(cell) else cell.strip()


def is_said(value: object) -> bool:
    """Return whether a cell is filled."""
    return not is_blank(value) if isinstance(value, str) else value is not None


def _tidy(text: str) -> str:
    # spreadsheets end lines in two characters, and people leave spaces at the ends of cells
    return text.replace("\r\n", "\n").strip()


def _tidied(cells: dict[str, Any]) -> dict[str, Any]:
    return {name: _tidy(text) if isinstance(text, str) else text for name, text in cells.items()}


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
    """Return the texts of a cell: a single text, several with a separator, or a JSON list."""
    if isinstance(cell, list):
        return [text_of(item, name) for item in cell]
    if not isinstance(cell, str):
        return [text_of(cell, name)]
    if cell.lstrip().startswith("["):
        try:
            found = parse_json(cell, "")
        except HarnessError:
            found = None  # no JSON, so a text that begins with a bracket
        if isinstance(found, list) and all(isinstance(item, str) for item in found):
            return found
    return cell.split(separator) if separator else [cell]


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
            raise ValueError(f'{problem}, {{"max_words": 20}} is an example') from problem
    if not is_said(cell):
        return {}
    if not isinstance(cell, dict):
        raise ValueError(f'`checks` is {kind_of(cell)}, {{"max_words": 20}} is one')
    return cell
