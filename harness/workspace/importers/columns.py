"""Which column of somebody's table is which field: guessed by name, told, or remembered.

What was told is remembered per project and kind of import in `<reports>/columns.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, RequestError
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import kind_of, suggestion
from harness.workspace.formats.reading import parse_json, read_json

FILE = "columns.json"
SLICE = re.compile(r"slices?[.:]\s*(.+)", re.IGNORECASE)
Wanted = Mapping[str, tuple[str, ...]]
"""The fields of one kind of import, each with the names people give it, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How a table is read: fields to columns, and constants for what it does not say."""

    of: Mapping[str, str]
    """Field, or `slices.NAME`, to the name of its column."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Field, or `slices.NAME`, to what it is in every row."""
    unused: tuple[str, ...] = ()
    """Columns that nothing is read from."""

    def has(self, name: str) -> bool:
        """Whether a field is said at all."""
        return name in self.of or name in self.constants

    def text(self, values: Mapping[str, Any], name: str) -> str:
        """A field of one row as text, empty where there is none."""
        if name in self.of:
            return text_of(values.get(self.of[name]), name)
        return self.constants.get(name, "")

    def slices(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Every slice of one row: from columns of their own, and from one that holds an object."""
        found = _from_object(values.get(self.of["slices"])) if "slices" in self.of else {}
        for name in (*self.constants, *self.of):
            if name.startswith("slices."):
                found[name.removeprefix("slices.")] = self.text(values, name)
        return {name: value for name, value in found.items() if value.strip()}


def text_of(value: Any, name: str) -> str:
    """What stands in a cell as text: CSV knows nothing else, JSON does."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    raise ValueError(f"`{name}` is {kind_of(value)}, a text is needed")


def understand(
    columns: Iterable[str],
    wanted: Wanted,
    told: Mapping[str, str],
    constants: Mapping[str, str],
    remembered: Mapping[str, str],
    error: type[HarnessError],
) -> Columns:
    """What was told goes before what is remembered, and that before what can be guessed.

    A field that is told to be in no column (`reason=`) is not read.
    """
    there = list(columns)
    for name, column in told.items():
        if column and column not in there:
            raise error(f"--map {name}={column}: no such column{suggestion(column, there)}")
    kept = {name: column for name, column in remembered.items() if column in there}
    chosen = {**_guessed(there, wanted, {**kept, **told}), **kept, **told}
    of = {n: column for n, column in chosen.items() if column and n not in constants}
    return Columns(of, constants, tuple(one for one in there if one not in of.values()))


def pairs(texts: Iterable[str], option: str, wanted: Wanted) -> dict[str, str]:
    """`--map final=sent_text` or `--set adapter=v2`, as often as they were given."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign or not (name in wanted or name.startswith("slices.")):
            known = suggestion(name, [*wanted, "slices.NAME"])
            what = "VALUE" if option == "--set" else "COLUMN"
            raise RequestError(f"{option} {text}: must look like FIELD={what}{known}")
        found[name] = value
    return found


def _guessed(there: list[str], wanted: Wanted, taken: Mapping[str, str]) -> dict[str, str]:
    """For each field that nobody spoke of, the column with its likeliest name."""
    free = {_plain(column): column for column in there if column not in taken.values()}
    found = {}
    for name, names in wanted.items():
        likely = [free[one] for one in (name, *names) if one in free]
        if likely and name not in taken:
            found[name] = likely[0]
    for column in there:
        match = SLICE.fullmatch(column.strip())
        if match and column not in taken.values():
            found.setdefault(f"slices.{match[1].strip()}", column)
    return found


def _plain(column: str) -> str:
    return re.sub(r"\W+", "_", column.strip().casefold()).strip("_")


def _from_object(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        if not value.strip():
            return {}
        try:
            value = parse_json(value, "`slices`")
        except HarnessError as problem:
            raise ValueError(str(problem)) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f'`slices` is {kind_of(value)}, {{"industry": "logistics"}} is one')
    return {name: text_of(one, f"slices.{name}") for name, one in value.items()}


# --- what is remembered -----------------------------------------------------------------------


def remembered_columns(reports: Path, kind: str) -> dict[str, str]:
    """What was understood the last time; nothing where there was none."""
    found = _table(reports).get(kind, {})
    texts = isinstance(found, dict) and all(isinstance(one, str) for one in found.values())
    if not texts:
        raise RequestError(f"{reports / FILE}:1: `{kind}` is no table of texts, use --forget-map")
    return dict(found)


def remember_columns(reports: Path, kind: str, told: Mapping[str, str]) -> None:
    """What was told, for the next import of this kind; what was guessed is guessed again.

    Constants belong to one file: last month's adapter must not be said of this month's reviews.
    """
    table = _table(reports)
    both = {**table.get(kind, {}), **told}
    if both != table.get(kind, {}):
        _write(reports, {**table, kind: both})


def forget_columns(reports: Path, kind: str) -> None:
    """Guess anew the next time."""
    try:
        table = _table(reports)
    except RequestError:
        table = {}  # what cannot be read is forgotten whole
    if table.pop(kind, None) is not None or (reports / FILE).exists():
        _write(reports, table)


def _table(reports: Path) -> dict[str, Any]:
    file = reports / FILE
    if not file.exists():
        return {}
    found = read_json(file, RequestError, limit=1024 * 1024)
    if not isinstance(found, dict):
        raise RequestError(f"{file}:1: is {kind_of(found)}, remove it and map the columns again")
    return found


def _write(reports: Path, table: Mapping[str, Any]) -> None:
    text = json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False)
    write_atomically(reports / FILE, text + "\n")
