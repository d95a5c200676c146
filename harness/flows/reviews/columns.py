"""Understand the columns of a review table by their headings and by what stands in them.

What stays unclear is kept as such; `questions` asks about it.

Tested in tests/cli/test_review_exports.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.errors import DataError
from harness.flows.project import Project
from harness.flows.reviews.headings import Meaning, meaning
from harness.flows.reviews.rows import FIELDS, NEEDED
from harness.flows.reviews.treatments import answer, decision
from harness.workspace.formats.exports import Score
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
_OWN = ("adapter", "input", "output", "final", "reviewer", "reason")
_PATH = re.compile(r"[^.\s]+(?:\.[^.\s]+)+")
"""The name of a value inside objects, such as `draft.text`."""
_USUAL = {
    folded(name): (field, rank)
    for field, usual in reversed(list(FIELDS.items()))
    for rank, name in reversed(list(enumerate((field, *usual))))
}


@dataclass(frozen=True, slots=True)
class Cells:
    """What stands in the first cells of a column."""

    kind: Kind = ""
    length: float = 0.0
    """Mean number of characters of the filled cells."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The columns of a table as far as they are understood."""

    columns: Columns
    cells: Mapping[str, Cells]
    """By column."""
    asked: str = ""
    """What yes and no answer in the column of decisions: accepted, edited, rejected or sent."""
    missing: tuple[str, ...] = ()
    """Needed fields without a column."""
    unclear: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Fields with several columns that are as likely."""

    def free(self, *kinds: Kind) -> list[str]:
        """Return the columns with such cells that are neither read nor asked about."""
        asked_about = {column for likely in self.unclear.values() for column in likely}
        return [
            column
            for column in self.columns.unused
            if column not in asked_about and self.cells[column].kind in kinds
        ]


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
    columns: Sequence[str],
    first: Sequence[TableRow],
    told: Mapping[str, str],
    constants: Mapping[str, str],
) -> Understood:
    """Match columns to fields; the task may be the project's only one.

    `first` are the first rows of the table.
    """
    cells = {column: _cells(column, first) for column in columns}
    unclear: dict[str, list[str]] = {}

    def guess(taken: Mapping[str, str]) -> dict[str, str]:
        found = _likely(columns, cells, {**constants, **taken})
        unclear.update({name: some for name, some in found.items() if len(some) > 1})
        slices = guessed_by_name(columns, {"slices": ()}, taken)
        return {name: some[0] for name, some in found.items()} | slices

    remembered = remembered_columns(project.settings.reports, KIND)
    found = understand(columns, FIELDS, told, constants, remembered, DataError, guess)
    if not found.has("task") and len(project.tasks) == 1:
        found = replace(found, constants={**found.constants, "task": project.tasks[0]})
    meant = meaning(found.of["decision"]) if "decision" in found.of else None
    asked = meant.asked if meant else ""
    given = ("input",) if found.has("messages") else ()
    missing = [name for name in NEEDED if name not in given and not found.has(name)]
    # A yes or no leaves two decisions open, which only the final tells apart.
    if not found.has("final") and (asked or not found.has("decision")):
        missing.append("final")
    return Understood(found, cells, asked, tuple(missing), unclear)


def _cells(column: str, first: Sequence[TableRow]) -> Cells:
    filled = [cell for row in first if not row.problem and (cell := _cell(row, column))]
    if not filled:
        return Cells("empty")
    return Cells(_kind(filled), sum(map(len, filled)) / len(filled))


def _kind(filled: Sequence[str]) -> Kind:
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
    columns: Sequence[str], cells: Mapping[str, Cells], taken: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return the likely columns of each field that is not taken; several where it is unclear."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    used = set(taken.values())
    for column in columns:
        if column not in used:
            name, rank = _place(column, cells.get(column, Cells()).kind)
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
    if _PATH.fullmatch(column):
        last = meaning(column.rpartition(".")[2])
        # Inside an object a time, a state or an id may be that of something else.
        if last and (last.field in _OWN or (meant is None and last.field in ("at", "decision"))):
            return last
    return meant
