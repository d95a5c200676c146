"""Find out which column of an imported table is which field: given, remembered or guessed by name.

Mappings that were given are remembered per project and kind of import in `<reports>/columns.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, RequestError
from harness.text.blanks import is_blank
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import kind_of, suggestion
from harness.workspace.formats.reading import parse_json, read_json
from harness.workspace.importers.folding import folded

FILE = "columns.json"
SLICE = re.compile(r"slices?[.:]\s*(.+)", re.IGNORECASE)
Wanted = Mapping[str, tuple[str, ...]]
"""The fields of a kind of import, each with its usual column names, the likeliest first."""
Guess = Callable[[Mapping[str, str]], Mapping[str, str]]
"""A guess of columns by field, for the fields and columns that are not taken yet."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A mapping of fields to columns, and constants for fields without a column."""

    of: Mapping[str, str]
    """Field, or `slices.NAME`, to the name of its column."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Field, or `slices.NAME`, to its value in every row."""
    unused: tuple[str, ...] = ()
    """Columns that are not read."""

    def has(self, name: str) -> bool:
        """Return whether a field has a column or a constant."""
        return name in self.of or name in self.constants

    def text(self, values: Mapping[str, Any], name: str) -> str:
        """Return a field of a row as text, empty if it is missing."""
        if name in self.of:
            value = values.get(self.of[name])
            if isinstance(value, str):  # nearly always, and a table has millions of cells
                return value
            return text_of(cell_of(values, self.of[name]), name)
        return self.constants.get(name, "")

    def slices(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return the slices of a row, from `slices.NAME` columns and an object in `slices`."""
        found = _from_object(cell_of(values, self.of["slices"])) if "slices" in self.of else {}
        for name in (*self.constants, *self.of):
            if name.startswith("slices."):
                found[name.removeprefix("slices.")] = self.text(values, name)
        return {name: value for name, value in found.items() if not is_blank(value)}


def cell_of(values: Mapping[str, Any], column: str) -> Any:
    """Return a cell of a row; `draft.text` is also the `text` inside an object `draft`."""
    value = values.get(column)
    if value is None and "." in column:
        value = values
        for name in column.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text_of(value: Any, name: str) -> str:
    """Return a cell as text; cells of CSV are texts, those of JSON may be numbers or flags."""
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
    given: Mapping[str, str],
    constants: Mapping[str, str],
    remembered: Mapping[str, str],
    error: type[HarnessError],
    guess: Guess | None = None,
) -> Columns:
    """Map fields to columns: as given, else as remembered, else by a guess, usually by the names.

    A field that is given no column (`reason=`) is not read.
    """
    present = list(columns)
    for name, column in given.items():
        if column and column not in present:
            raise error(f"--map {name}={column}: no such column{suggestion(column, present)}")
    # A remembered column that this table lacks is ignored: it may come back with the next file.
    kept = {name: column for name, column in remembered.items() if column in present}
    taken = {**kept, **given}
    guessed = guess(taken) if guess else guessed_by_name(present, wanted, taken)
    chosen = {**guessed, **taken}
    of = {name: column for name, column in chosen.items() if column and name not in constants}
    return Columns(of, constants, tuple(c for c in present if c not in of.values()))


def pairs(texts: Iterable[str], option: str, wanted: Wanted) -> dict[str, str]:
    """Parse the values of `--map final=sent_text` or `--set adapter=v2`."""
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


def guessed_by_name(
    present: Iterable[str], wanted: Wanted, taken: Mapping[str, str]
) -> dict[str, str]:
    """Return for each field that is not taken the column with its likeliest name."""
    present = list(present)
    used = set(taken.values())
    free = {folded(column): column for column in reversed(present) if column not in used}
    found = {}
    for name, usual in wanted.items():
        likely = [free[plain] for plain in map(folded, (name, *usual)) if plain in free]
        if likely and name not in taken:
            found[name] = likely[0]
    for column in present:
        match = SLICE.fullmatch(column.strip())
        if match and column not in used:
            found.setdefault(f"slices.{match[1].strip()}", column)
    return found


def _from_object(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        if is_blank(value):
            return {}
        try:
            value = parse_json(value, "`slices`")
        except HarnessError as problem:
            raise ValueError(str(problem)) from problem
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f'`slices` is {kind_of(value)}, {{"industry": "logistics"}} is one')
    return {name: text_of(item, f"slices.{name}") for name, item in value.items()}


# --- remembered mappings ----------------------------------------------------------------------


def remembered_columns(reports: Path, kind: str) -> dict[str, str]:
    """Return the mapping of an earlier import of this kind; empty if there is none."""
    found = _table(reports).get(kind, {})
    texts = isinstance(found, dict) and all(isinstance(column, str) for column in found.values())
    if not texts:
        raise RequestError(f"{reports / FILE}:1: `{kind}` is no table of texts, use --forget-map")
    return dict(found)


def remember_columns(reports: Path, kind: str, given: Mapping[str, str]) -> None:
    """Remember the mapping that was given for the next import of this kind; guesses are not kept.

    Constants belong to one file: last month's adapter must not be said of this month's reviews.
    """
    table = _table(reports)
    both = {**table.get(kind, {}), **given}
    if both != table.get(kind, {}):
        _write(reports, {**table, kind: both})


def forget_columns(reports: Path, kind: str) -> None:
    """Forget the mapping for this kind, so that the next import guesses again."""
    try:
        table = _table(reports)
    except RequestError:
        table = {}  # an unreadable file is forgotten whole
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
