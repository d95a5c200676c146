"""A benchmark from somebody's table: understood, checked, then written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, HarnessError, RequestError
from harness.flows.benchmarks.rows import FIELDS, NEEDED, case_object, is_said
from harness.flows.project import Project, rules
from harness.records import Benchmark, Check
from harness.text.quoting import COLUMNS
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.names import check_plain_name, inside
from harness.workspace.formats.reading import read_text
from harness.workspace.formats.tables import TableRow, TableRows
from harness.workspace.importers.any_tool import read_case_table
from harness.workspace.importers.columns import (
    Columns,
    forget_columns,
    remember_columns,
    remembered_columns,
    understand,
)
from harness.workspace.project.benchmarks import read_case, read_draft
from harness.workspace.project.starter import benchmark_file

KIND = "benchmark"
MAX_ROWS = 100_000
"""A benchmark is read whole whenever it is used."""


@dataclass(frozen=True, slots=True)
class CaseImportRequest:
    """How a person wants a file to be read, and what is to come of it."""

    name: str
    task: str | None = None
    """The benchmark's name where nobody says so."""
    guard: bool = False
    told: Mapping[str, str] = field(default_factory=dict)
    """Fields to columns, over what would be guessed."""
    constants: Mapping[str, str] = field(default_factory=dict)
    data: Path | None = None
    """The rows of a task of lm-evaluation-harness whose dataset lies elsewhere."""
    separator: str | None = None
    """What stands between several ideals in one cell."""
    replace: bool = False
    forget: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class ImportedCases:
    """What was understood of a file, and what became of it."""

    columns: Columns
    cases: list[dict[str, Any]] = field(default_factory=list)
    """As they stand in cases.jsonl."""
    bad: list[str] = field(default_factory=list)
    """`file:line: what is wrong`, of every row that is no case; then nothing is written."""
    left: Mapping[str, int] = field(default_factory=dict)
    """What another tool's file asks for and no case can hold, and how often."""
    written: tuple[str, ...] = ()
    benchmark: Benchmark | None = None
    """As the ordinary reader reads it back."""


def import_benchmark(project: Project, file: Path, asked: CaseImportRequest) -> ImportedCases:
    """Every row of a table becomes a case, or none does."""
    shared = _shared(project, asked)
    reports = project.settings.reports
    if asked.forget:
        forget_columns(reports, KIND)
    table = read_case_table(file, asked.data, BenchmarkError)
    found = ImportedCases(_understood(project, table.rows, asked, file))
    _read(file, table.rows, asked, shared, found)
    found.left = {what: table.left[what] for what in sorted(table.left)}
    if not found.cases and not found.bad:
        raise BenchmarkError(f"{file}: holds no row, at least one case is needed")
    if not found.bad and not asked.dry_run:
        _write(project, asked, found)
    return found


def _folder(project: Project, asked: CaseImportRequest) -> Path:
    return project.settings.benchmarks / asked.name


def _shared(project: Project, asked: CaseImportRequest) -> tuple[Check, ...]:
    """Refuse what may not be written; of a benchmark that stays, the checks of all its cases."""
    check_plain_name(asked.name, "--name ", BenchmarkError)
    if asked.task is not None:
        check_plain_name(asked.task, "--task ", BenchmarkError)
    if asked.task and asked.guard:
        raise RequestError("--task and --guard: a guard is for every task, give one of them")
    folder, root = _folder(project, asked), project.settings.benchmarks
    for one in ("benchmark.toml", "cases.jsonl"):
        inside(root, folder / one, BenchmarkError)
    if not (folder / "benchmark.toml").exists():
        return ()
    if not asked.replace:
        raise BenchmarkError(f"{folder}: is there already, --replace puts these cases in place")
    if asked.task or asked.guard:
        raise RequestError(f"{folder}/benchmark.toml stays as it is, change its task there")
    return read_draft(root, asked.name, project.settings.generation, rules()).shared


def _understood(project: Project, rows: TableRows, asked: CaseImportRequest, file: Path) -> Columns:
    remembered = remembered_columns(project.settings.reports, KIND)
    columns = understand(
        rows.columns, FIELDS, asked.told, asked.constants, remembered, BenchmarkError
    )
    missing = [name for name in NEEDED if not columns.has(name)]
    if missing:
        raise BenchmarkError(
            f"{file}:1: no column is understood as `{missing[0]}`, name it with --map"
            f" {missing[0]}=COLUMN " + COLUMNS.say(", ".join(rows.columns) or "none")
        )
    return columns


def _read(
    file: Path,
    rows: TableRows,
    asked: CaseImportRequest,
    shared: tuple[Check, ...],
    found: ImportedCases,
) -> None:
    seen: dict[str, str] = {}
    read = rules()
    for row in rows.each:
        if not row.problem and not any(is_said(value) for value in row.values.values()):
            continue  # an empty line
        if len(found.cases) + len(found.bad) >= MAX_ROWS:
            raise BenchmarkError(f"{file}:{row.line}: at most {MAX_ROWS:,} cases are read")
        where = f"{file}:{row.line}"
        try:
            case = _object(row, found.columns, asked.separator)
            read_case(case, where, shared, read, seen)
            found.cases.append(case)
        except ValueError as problem:
            found.bad.append(str(BenchmarkError(f"{where}: {problem}")))
        except HarnessError as problem:
            found.bad.append(str(problem))


def _object(row: TableRow, columns: Columns, separator: str | None) -> dict[str, Any]:
    if row.problem:
        raise ValueError(row.problem)
    return case_object(row.values, row.line, columns, separator)


def _write(project: Project, asked: CaseImportRequest, found: ImportedCases) -> None:
    """The settings come last: a folder without them is no benchmark."""
    folder = _folder(project, asked)
    text = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in found.cases)
    _refuse_others(folder, text, asked)
    write_atomically(folder / "cases.jsonl", text)
    remember_columns(project.settings.reports, KIND, asked.told)
    written = ["cases.jsonl"]
    if not (folder / "benchmark.toml").exists():
        task = None if asked.guard else asked.task or asked.name
        write_atomically(folder / "benchmark.toml", benchmark_file(asked.name, task))
        written.append("benchmark.toml")
    found.written = tuple(str(folder / one) for one in written)
    found.benchmark = project.benchmark(asked.name)


def _refuse_others(folder: Path, text: str, asked: CaseImportRequest) -> None:
    """Cases without settings are what an interrupted import leaves, or what somebody wrote."""
    file = folder / "cases.jsonl"
    alone = file.exists() and not (folder / "benchmark.toml").exists()
    if alone and not asked.replace and read_text(file, BenchmarkError) != text:
        raise BenchmarkError(f"{file}: is there already, --replace puts these cases in place")
