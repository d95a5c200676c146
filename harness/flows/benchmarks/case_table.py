"""Read the rows of a table as cases: its columns recognised, every row checked, nothing written.

Tested in tests/flows/benchmarks/test_importing.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, HarnessError
from harness.flows.benchmarks.fitting import Misfit
from harness.flows.benchmarks.replacing import Replaced
from harness.flows.benchmarks.rows import FIELDS, NEEDED, case_object, is_said
from harness.flows.project import Project, rules
from harness.records import Benchmark, Check
from harness.records.holds import EXACT
from harness.text.blanks import is_blank
from harness.text.quoting import COLUMNS
from harness.workspace.formats.tables import TableRows
from harness.workspace.importers.any_tool import YAML, read_case_table
from harness.workspace.importers.columns import (
    Columns,
    forget_columns,
    remembered_columns,
    understand,
)
from harness.workspace.importers.example_columns import ignoring
from harness.workspace.importers.example_scan import MAX_NAMED
from harness.workspace.project.cases import read_case

KIND = "benchmark"
"""The name under which the meaning of columns is remembered."""
MAX_ROWS = 100_000
"""Rows of an import; a benchmark is read into memory completely at every use."""


@dataclass(frozen=True, slots=True)
class CaseImportRequest:
    """The options of an import: how to read the file and what to write."""

    name: str
    task: str | None = None
    """By default the benchmark's name."""
    guard: bool = False
    told: Mapping[str, str] = field(default_factory=dict)
    """Columns by field, which take precedence over guesses."""
    constants: Mapping[str, str] = field(default_factory=dict)
    data: Path | None = None
    """The rows of a task of lm-evaluation-harness, if its dataset is a separate file."""
    separator: str | None = None
    """The text between several ideals in a cell."""
    ignore: tuple[str, ...] = ()
    """Columns that are left out; any other that is filled and not read is refused."""
    replace: bool = False
    reserve: bool = False
    """Add the cases to the reserve of a benchmark that is there."""
    forget: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Changing:
    """A setting of benchmark.toml that does not fit the cases, and whether it was changed."""

    misfit: Misfit
    file: str = field(metadata=EXACT)
    made: bool = False


@dataclass(slots=True)
class ImportedCases:
    """The cases of an imported file, with its columns and the rows that are no cases."""

    columns: Columns
    cases: list[dict[str, Any]] = field(default_factory=list)
    """The objects of cases.jsonl."""
    bad: list[str] = field(default_factory=list)
    """`file:line: problem` of every row that is no case; if there are any, no file is written."""
    left: Mapping[str, int] = field(default_factory=dict)
    """Counts of another tool's features that no case can hold, by feature."""
    format: str = ""
    """The format of training data that was recognised; empty for a table of cases."""
    unread: tuple[str, ...] = ()
    """Columns that are filled, not read and not ignored; with any, no file is written."""
    named: list[bool] = field(default_factory=list)
    """For each case, whether its id stands in the file."""
    lines: list[int] = field(default_factory=list)
    """For each case, its line in the file."""
    replaced: Replaced | None = None
    """What becomes of the cases that are replaced; None where there are none."""
    settings: list[Changing] = field(default_factory=list)
    """Settings that do not fit the cases."""
    notes: list[str] = field(default_factory=list)
    """What was not looked at, and why."""
    written: tuple[str, ...] = ()
    benchmark: Benchmark | None = None
    """The benchmark, read back from the written files."""


def read_cases_of(
    project: Project,
    file: Path,
    request: CaseImportRequest,
    shared: tuple[Check, ...],
    template: str,
) -> ImportedCases:
    """Read every row of a table as a case, or say why it is none; nothing is written."""
    if request.forget:
        forget_columns(project.settings.reports, KIND)
    as_columns = bool({"input", "ideal"} & request.told.keys())
    ideals = ("ideal", *FIELDS["ideal"])
    table = read_case_table(
        file, request.data, BenchmarkError, as_columns=as_columns, ideals=ideals
    )
    found = ImportedCases(_understood(project, table.rows, request, file), format=table.format)
    _read(file, table.rows, request, shared, found, template)
    found.left = {feature: table.left[feature] for feature in sorted(table.left)}
    if not found.cases and not found.bad:
        raise BenchmarkError(f"{file}: holds no row, at least one case is needed")
    return found


def refuse_unread(file: Path, unread: tuple[str, ...]) -> None:
    """Refuse columns that carry something and would be lost without a word."""
    if unread:
        named = ", ".join(f"`{name[:60]}`" for name in unread[:MAX_NAMED])
        raise BenchmarkError(
            f"{file}: not read: {named}; {ignoring(unread[:MAX_NAMED])} leaves out what is not"
            " needed, --slice COLUMN and --map FIELD=COLUMN take it"
        )


def _understood(
    project: Project, rows: TableRows, request: CaseImportRequest, file: Path
) -> Columns:
    remembered = remembered_columns(project.settings.reports, KIND)
    columns = understand(
        rows.columns, FIELDS, request.told, request.constants, remembered, BenchmarkError
    )
    given = ("input",) if columns.has("messages") else ()
    missing = [name for name in NEEDED if name not in given and not columns.has(name)]
    if missing:
        raise BenchmarkError(
            f"{file}:1: no column is understood as `{missing[0]}`, name it with --map"
            f" {missing[0]}=COLUMN " + COLUMNS.say(", ".join(rows.columns) or "none")
        )
    return columns


def _may_be_lost(file: Path, columns: Columns, request: CaseImportRequest) -> list[str]:
    """Return the columns that nothing reads and that the user has not left out."""
    if file.suffix.lower() in YAML:
        return []  # of another tool's file any variable is a column, for --map only
    # `--map context=` leaves out whatever would be taken for the context
    empty = {name for name, column in request.told.items() if not column}
    usual = {other for name in empty for other in (name, *FIELDS.get(name, ()))}
    ignored = {*request.ignore, *usual}
    return [name for name in columns.unused if name not in ignored and name.lower() not in usual]


def _read(
    file: Path,
    rows: TableRows,
    request: CaseImportRequest,
    shared: tuple[Check, ...],
    found: ImportedCases,
    template: str,
) -> None:
    seen: dict[str, str] = {}
    read = rules()
    may_be_lost = _may_be_lost(file, found.columns, request)
    lost: dict[str, None] = {}
    has_id = found.columns.has("id")
    place = 0
    for row in rows.each:
        if not row.problem and not any(is_said(value) for value in row.values.values()):
            continue  # an empty line
        if len(found.cases) + len(found.bad) >= MAX_ROWS:
            raise BenchmarkError(f"{file}:{row.line}: at most {MAX_ROWS:,} cases are read")
        where = f"{file}:{row.line}"
        lost.update((name, None) for name in may_be_lost if is_said(row.values.get(name)))
        try:
            if row.problem:
                raise ValueError(row.problem)
            # Ids are made of lines; the items of a JSON list may share one.
            place = max(row.line, place + 1)
            case = case_object(row.values, place, found.columns, request.separator)
            named = has_id and not is_blank(found.columns.text(row.values, "id"))
            # The reader of benchmarks has the last word. Row numbers are no ids yet where cases are
            # replaced, so they cannot stand twice.
            ids = seen if named or not (request.replace or request.reserve) else {}
            read_case(case, where, shared, read, ids, template)
            found.cases.append(case)
            found.named.append(named)
            found.lines.append(row.line)
        except ValueError as problem:
            found.bad.append(str(BenchmarkError(f"{where}: {problem}")))
        except HarnessError as problem:
            found.bad.append(str(problem))
    found.unread = tuple(lost)
