"""Understand the columns of a review table by their headings and by what stands in them.

What stays unclear is refused in one line with the options to add; nothing is guessed silently.

Tested in tests/flows/reviews/test_exports.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from harness.errors import DataError
from harness.flows.project import Project
from harness.flows.reviews.headings import Meaning, meaning
from harness.flows.reviews.rows import FIELDS, NEEDED
from harness.flows.reviews.treatments import answer, decision
from harness.store import Store
from harness.text.quoting import COLUMNS, SUGGESTED
from harness.workspace.adapters.files import adapter_names
from harness.workspace.formats.exports import Export, Score
from harness.workspace.formats.tables import TableRow
from harness.workspace.importers.columns import (
    Columns,
    cell_of,
    guessed_by_name,
    remembered_columns,
    text_of,
    understand,
)
from harness.workspace.importers.dates import is_date
from harness.workspace.importers.folding import folded

KIND = "reviews"
"""The kind of import under which columns are remembered."""
Kind = Literal["", "empty", "flag", "verdict", "date", "number", "text"]
"""What stands in the first cells of a column; empty where they have not been read."""
_BY_MEANING, _BY_ANSWER = 1_000, 2_000
"""Ranks from which a heading is understood by its words, and by its cells of yes and no."""
_ONE_ONLY = ("at", "adapter", "input", "output", "final", "decision", "id")
"""Fields of which a second likely column is asked about; of the others the first is taken."""
_TEXTS = ("input", "output", "final")
_USUAL = {
    folded(name): (field, rank)
    for field, usual in reversed(FIELDS.items())
    for rank, name in reversed(list(enumerate((field, *usual))))
}


@dataclass(frozen=True, slots=True)
class Understood:
    """The columns of a table, and what its column of decisions asks."""

    columns: Columns
    asked: str = ""
    """What yes and no answer in the column of decisions: accepted, edited, rejected or sent."""


def fits(told: Mapping[str, str], constants: Mapping[str, str]) -> Callable[[Sequence[str]], Score]:
    """Return a count of the needed fields, and of all fields, that a row of headings names."""

    def count(cells: Sequence[str]) -> Score:
        names = [name.strip() for name in cells if name.strip() and len(name) <= 200]
        here = {field: column for field, column in told.items() if column in names}
        found = {*_likely(names, {}, {**constants, **here}), *here}
        return len(found & {*NEEDED, "final", "decision"}), len(found)

    return count


def understood(
    project: Project,
    store: Store,
    export: Export,
    first: Sequence[TableRow],
    told: Mapping[str, str],
    constants: Mapping[str, str],
    file: Path,
) -> Understood:
    """Match columns to fields; refuse a table that lacks a needed field, or has it twice.

    `first` are the first rows of the table. The task may be the project's only one.
    """
    columns = export.rows.columns
    kinds = {column: _kind(column, first) for column in columns}
    unclear: dict[str, list[str]] = {}

    def guess(taken: Mapping[str, str]) -> dict[str, str]:
        found = _likely(columns, kinds, {**constants, **taken})
        unclear.update({name: some for name, some in found.items() if len(some) > 1})
        slices = guessed_by_name(columns, {"slices": ()}, taken)
        return {name: some[0] for name, some in found.items()} | slices

    remembered = remembered_columns(project.settings.reports, KIND)
    found = understand(columns, FIELDS, told, constants, remembered, DataError, guess)
    if not found.has("task") and len(project.tasks) == 1:
        found = replace(found, constants={**found.constants, "task": project.tasks[0]})
    meant = meaning(found.of["decision"]) if "decision" in found.of else None
    asked = meant.asked if meant else ""
    missing = [name for name in NEEDED if not found.has(name)]
    # A yes or no leaves two decisions open, which only the final tells apart.
    if not found.has("final") and (asked or not found.has("decision")):
        missing.append("final")
    if missing == ["task"] and not unclear:
        project.task_benchmark(None)  # which says that there are several, or none
    if unclear or missing:
        options = _choices(unclear) + _suggested(project, store, found, kinds, unclear, missing)
        said = _said(unclear, missing, options, columns)
        raise DataError(f"{file}:{export.form.head}: {said}")
    return Understood(found, asked)


def _kind(column: str, first: Sequence[TableRow]) -> Kind:
    cells = [_cell(row, column) for row in first if not row.problem]
    filled = [cell for cell in cells if cell]
    if not filled:
        return "empty"
    if all(answer(cell) is not None for cell in filled):
        return "flag"
    if sum(decision(cell) is not None for cell in filled) * 2 > len(filled):
        return "verdict"
    if sum(map(is_date, filled)) * 2 > len(filled):
        return "date"
    return "number" if all(_is_number(cell) for cell in filled) else "text"


def _cell(row: TableRow, column: str) -> str:
    try:
        return text_of(cell_of(row.values, column), column).strip()
    except ValueError:
        return ""


def _is_number(cell: str) -> bool:
    return cell.replace(".", "").replace(",", "").removeprefix("-").isdecimal()


# --- guesses ------------------------------------------------------------------------------------


def _likely(
    columns: Sequence[str], kinds: Mapping[str, Kind], taken: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the likely columns of each field that is not taken; several where it is unclear."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    used = set(taken.values())
    for column in columns:
        if column not in used:
            name, rank = _place(column, kinds.get(column, ""))
            if name and name not in taken:
                ranked.setdefault(name, []).append((rank, column))
    return {name: _best(name, sorted(ranked[name], key=lambda one: one[0])) for name in ranked}


def _best(name: str, ranked: list[tuple[int, str]]) -> list[str]:
    """Return the first column, with the others that are as likely."""
    best = ranked[0][0]
    if name not in _ONE_ONLY or best == 0:
        return [ranked[0][1]]
    if name in _TEXTS:
        # The usual names have an order that is documented; other names have none.
        return [column for rank, column in ranked if rank == best or rank >= _BY_MEANING]
    return [column for rank, column in ranked if rank == best]


def _place(column: str, kind: Kind) -> tuple[str, int]:
    """Return the field that a column is likely to be, and how likely: 0 is its own name."""
    meant = _meant(column)
    name, rank = _USUAL.get(folded(column), ("", 0))
    if not name and meant:
        name, rank = meant.field, _BY_MEANING + (meant.rank if meant.field == "at" else 0)
    if meant and (not name or (name == "final" and rank)):
        # `Sent` may stand over texts, times, or yes and no: the cells say which.
        if kind == "flag" and meant.asked:
            return "decision", _BY_ANSWER
        if kind == "verdict" and meant.asked:
            return "decision", _BY_MEANING
        if kind == "date":
            return ("at", _BY_MEANING + meant.rank) if name else ("", 0)
    if name == "decision" and rank >= _BY_MEANING and kind not in ("", "empty", "verdict"):
        return "", 0  # stars or figures are no decision
    return name, rank


def _meant(column: str) -> Meaning | None:
    """Return what a heading means; of `meta.editor` in an object the last word may say it."""
    meant = meaning(column)
    while meant is None and "." in column:
        column = column.partition(".")[2]
        meant = meaning(column)
        if meant and meant.field == "id":
            return None  # the id of something else
    return meant


# --- what is missing ----------------------------------------------------------------------------


def _said(
    unclear: Mapping[str, list[str]],
    missing: Sequence[str],
    options: Sequence[str],
    columns: Sequence[str],
) -> str:
    """Return what is unclear and what is missing, and the options that would do for this file."""
    said = [
        f"{len(likely)} columns may be `{name}`, choose one with --map {name}=COLUMN"
        for name, likely in unclear.items()
    ]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        name, them = (missing[0], "it") if len(missing) == 1 else ("FIELD", "them")
        said.append(
            f"no column is understood as {names}, name {them} with --map {name}=COLUMN or"
            f" --set {name}=VALUE"
        )
    shown = SUGGESTED.say(" ".join(options)) if options else ""
    return "; ".join(said) + shown + " " + COLUMNS.say(", ".join(columns) or "none")


def _choices(unclear: Mapping[str, list[str]]) -> list[str]:
    return [
        " or ".join(_option("--map", name, column) for column in likely[:5])
        for name, likely in unclear.items()
    ]


def _suggested(
    project: Project,
    store: Store,
    columns: Columns,
    kinds: Mapping[str, Kind],
    unclear: Mapping[str, list[str]],
    missing: Sequence[str],
) -> list[str]:
    """Return options for missing fields, from the columns that are not read and their cells."""
    asked_about = {column for likely in unclear.values() for column in likely}
    free = [column for column in columns.unused if column not in asked_about]
    texts = [column for column in free if kinds[column] in ("text", "verdict")]
    dates = [column for column in free if kinds[column] == "date"]
    found = []
    for name in missing:
        if name in _TEXTS and texts:
            found.append(_option("--map", name, texts.pop(0)))
        elif name == "at" and dates:
            found.append(_option("--map", name, dates[0]))
        elif name == "adapter":
            found.append(_option("--set", name, _likely_adapter(project, store)))
        elif name == "task" and project.tasks:
            found.append(_option("--set", name, project.tasks[0]))
    return found


def _likely_adapter(project: Project, store: Store) -> str:
    """Return the adapter that is in production, or else any that is there."""
    promoted = [store.decisions.promoted(task) for task in project.tasks]
    names = [one.adapter for one in promoted if one] + adapter_names(project.settings.adapters)
    return names[0] if names else "base"


def _option(option: str, name: str, value: str) -> str:
    """Return an option as it is typed; double quotes work in every shell."""
    text = f"{name}={value}"
    plain = all(letter.isalnum() or letter in "=_.-/" for letter in text)
    return f"{option} {text}" if plain else f'{option} "{text}"'
