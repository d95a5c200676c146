"""Import a benchmark from a table: recognise its columns, check every row, write all or none."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from harness.errors import BenchmarkError, HarnessError, RequestError
from harness.findings.benchmark import CaseLine, repeated
from harness.flows.benchmarks.fitting import Misfit, changed, misfits
from harness.flows.benchmarks.ideal_tokens import ideal_tokens
from harness.flows.benchmarks.replacing import Replaced, old_cases, replace_cases
from harness.flows.benchmarks.rows import FIELDS, NEEDED, case_object, is_said
from harness.flows.project import Project, rules
from harness.records import Benchmark, Check
from harness.records.holds import EXACT
from harness.text.quoting import COLUMNS
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.names import check_plain_name, inside
from harness.workspace.formats.reading import read_text
from harness.workspace.formats.tables import TableRows
from harness.workspace.importers.any_tool import YAML, read_case_table
from harness.workspace.importers.columns import (
    Columns,
    forget_columns,
    remember_columns,
    remembered_columns,
    understand,
)
from harness.workspace.importers.example_columns import ignoring
from harness.workspace.importers.example_scan import MAX_NAMED
from harness.workspace.project.benchmarks import (
    RESERVE,
    read_case,
    read_draft,
    read_reserve,
    seen_ids,
)
from harness.workspace.project.conversations import CONTEXT, INPUT
from harness.workspace.project.starter import benchmark_file

KIND = "benchmark"
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


class ImportDialogue(Protocol):
    """What is told and asked between reading the file and writing the benchmark."""

    def planned(self, found: ImportedCases) -> None:
        """Hear what would be written; called before anything is."""

    def agrees(self, misfit: Misfit, file: str) -> bool:
        """Return whether a setting that does not fit shall be changed."""


class Silent:
    """Says nothing and changes no setting."""

    def planned(self, found: ImportedCases) -> None:
        """Say nothing."""

    def agrees(self, misfit: Misfit, file: str) -> bool:
        """Change nothing."""
        return False


_SILENT = Silent()


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


def import_benchmark(
    project: Project,
    file: Path,
    request: CaseImportRequest,
    dialogue: ImportDialogue = _SILENT,
) -> ImportedCases:
    """Import every row of a table as a case, or none.

    A replaced case whose input stays keeps its id; `dialogue` hears that before anything is
    written.
    """
    shared = _shared(project, request)
    template = _template(project, request)
    found = read_cases_of(project, file, request, shared, template)
    if found.bad:
        return found
    if request.replace:
        _replace(project, request, shared, found, template)
    dialogue.planned(found)
    if not request.dry_run:
        refuse_unread(file, found.unread)
    text = _fitted(project, request, found, dialogue, template)
    if not request.dry_run:
        _write(project, request, found, text)
    return found


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


def _folder(project: Project, request: CaseImportRequest) -> Path:
    return project.settings.benchmarks / request.name


def _shared(project: Project, request: CaseImportRequest) -> tuple[Check, ...]:
    """Refuse a request that may not be written; return an existing benchmark's shared checks."""
    check_plain_name(request.name, "--name ", BenchmarkError)
    if request.task is not None:
        check_plain_name(request.task, "--task ", BenchmarkError)
    if request.task and request.guard:
        raise RequestError("--task and --guard: a guard is for every task, give one of them")
    folder, root = _folder(project, request), project.settings.benchmarks
    for name in ("benchmark.toml", "cases.jsonl"):  # a link could lead out of the folder
        inside(root, folder / name, BenchmarkError)
    if not (folder / "benchmark.toml").exists():
        return ()
    if not request.replace:
        raise BenchmarkError(f"{folder}: is there already, --replace puts these cases in place")
    if request.task or request.guard:
        raise RequestError(f"{folder}/benchmark.toml stays as it is, change its task there")
    return read_draft(root, request.name, project.settings.generation, rules()).shared


def _template(project: Project, request: CaseImportRequest) -> str:
    """Return the template of the benchmark; a new one gets what its cases need."""
    if not (_folder(project, request) / "benchmark.toml").exists():
        return CONTEXT + INPUT
    root, generation = project.settings.benchmarks, project.settings.generation
    return read_draft(root, request.name, generation, rules()).benchmark.template


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
            named = has_id and bool(found.columns.text(row.values, "id").strip())
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


def _replace(
    project: Project,
    request: CaseImportRequest,
    shared: tuple[Check, ...],
    found: ImportedCases,
    template: str,
) -> None:
    """Give the cases the ids of those they replace, and check them once more as they will stand."""
    file = _folder(project, request) / "cases.jsonl"
    old, unread = old_cases(file)
    if not old and not unread:
        return
    carries = found.columns.has
    found.cases, found.replaced = replace_cases(old, found.cases, found.named, carries)
    found.replaced.unread = unread
    root, generation = project.settings.benchmarks, project.settings.generation
    draft = read_draft(root, request.name, generation, rules())
    # The reserve stays: no case may have an id of it.
    reserve = read_reserve(draft, (), rules())
    seen = seen_ids(reserve, draft.reserve)
    cases = [
        CaseLine(n, read_case(case, f"{file}: {case['id']}", shared, rules(), seen, template))
        for n, case in enumerate(found.cases, start=1)
    ]
    known = [CaseLine(n, case, RESERVE) for n, case in enumerate(reserve, start=1)]
    twice = list(repeated(cases, known))[:MAX_NAMED] if known else []
    found.notes += [
        f"{one.message}; take one of them out" for one in twice if RESERVE in one.message
    ]


def _fitted(
    project: Project,
    request: CaseImportRequest,
    found: ImportedCases,
    dialogue: ImportDialogue,
    template: str,
) -> str:
    """Return the text of benchmark.toml, with the settings changed that may be."""
    file = _folder(project, request) / "benchmark.toml"
    task = None if request.guard else request.task or request.name
    is_new = not file.exists()
    if is_new:
        context = any("context" in case for case in found.cases)
        text = benchmark_file(request.name, task, context)
    else:
        text = read_text(file, BenchmarkError)
    limit = _limit(project, text)
    seen: dict[str, str] = {}
    cases = [read_case(case, "", (), rules(), seen, template) for case in found.cases]
    tokens = ideal_tokens(project, cases)
    if tokens.note:
        found.notes.append(tokens.note)
    longest = list(zip((case.id for case in cases), tokens.longest, strict=False))
    for misfit in misfits(text, limit, longest, request.name):
        may = misfit.text is not None and not request.dry_run
        made = may and dialogue.agrees(misfit, str(file))
        if made:
            text = changed(text, misfit.key, limit, longest, request.name)
        found.settings.append(Changing(misfit, str(file), made))
    return text


def _limit(project: Project, text: str) -> int:
    generation = tomllib.loads(text).get("generation", {})
    own = generation.get("max_new_tokens") if isinstance(generation, dict) else None
    return own if isinstance(own, int) else project.settings.generation.max_new_tokens


def _write(project: Project, request: CaseImportRequest, found: ImportedCases, toml: str) -> None:
    """Write the cases, then the settings: a folder without settings is no benchmark."""
    folder = _folder(project, request)
    cases, settings = folder / "cases.jsonl", folder / "benchmark.toml"
    text = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in found.cases)
    is_new = not settings.exists()
    # Cases without settings are left by an interrupted import, or were written by a person.
    guarded = is_new and cases.exists() and not request.replace
    if guarded and read_text(cases, BenchmarkError) != text:
        raise BenchmarkError(f"{cases}: is there already, --replace puts these cases in place")
    write_atomically(cases, text)
    remember_columns(project.settings.reports, KIND, request.told)
    changes = is_new or any(setting.made for setting in found.settings)
    if changes:
        write_atomically(settings, toml)
    found.written = (str(cases), str(settings)) if changes else (str(cases),)
    found.benchmark = project.benchmark(request.name)
