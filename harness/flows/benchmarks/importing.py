"""Import a benchmark from a table: recognise its columns, check every row, write all or none."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Protocol

from harness.errors import BenchmarkError, RequestError
from harness.findings.benchmark import CaseLine, repeated
from harness.flows.benchmarks.case_table import (
    KIND,
    CaseImportRequest,
    Changing,
    ImportedCases,
    read_cases_of,
    refuse_unread,
)
from harness.flows.benchmarks.fitting import Misfit, changed, misfits
from harness.flows.benchmarks.ideal_tokens import ideal_tokens
from harness.flows.benchmarks.replacing import old_cases, replace_cases
from harness.flows.project import Project, rules
from harness.records import Check
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.names import check_plain_name, inside
from harness.workspace.formats.reading import read_text
from harness.workspace.importers.columns import (
    remember_columns,
)
from harness.workspace.importers.example_scan import MAX_NAMED
from harness.workspace.project.benchmarks import RESERVE, read_draft, read_reserve
from harness.workspace.project.cases import read_case, seen_ids
from harness.workspace.project.conversations import CONTEXT, INPUT
from harness.workspace.project.starter import benchmark_file


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
