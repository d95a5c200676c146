"""Import the rows of a table into a benchmark's reserve.

Tested in tests/flows/benchmarks/test_adding.py.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import BenchmarkError, RequestError
from harness.flows.benchmarks.adding import AddedCases, NewCase, add_to_reserve
from harness.flows.benchmarks.case_table import (
    KIND,
    CaseImportRequest,
    ImportedCases,
    read_cases_of,
    refuse_unread,
)
from harness.flows.benchmarks.importing import ImportDialogue, Silent
from harness.flows.benchmarks.replacing import made_id
from harness.flows.project import Project, rules
from harness.workspace.importers.columns import remember_columns
from harness.workspace.project.benchmarks import read_draft


def import_reserve(
    project: Project,
    file: Path,
    request: CaseImportRequest,
    dialogue: ImportDialogue | None = None,
) -> tuple[ImportedCases, AddedCases | None]:
    """Add every row of a table to the reserve, or none; None where a row is no case.

    A row without an id gets one made of its content, so that a second import adds nothing.
    """
    if request.replace or request.task or request.guard:
        raise RequestError(
            "--reserve adds cases to a benchmark that is there, without --replace, --task, --guard"
        )
    root, generation = project.settings.benchmarks, project.settings.generation
    draft = read_draft(root, request.name, generation, rules())
    if draft.benchmark.guard:
        raise BenchmarkError(f"{request.name}: a guard benchmark has no reserve, name a task's")
    found = read_cases_of(project, file, request, draft.shared, draft.benchmark.template)
    if found.bad:
        return found, None
    for case, named in zip(found.cases, found.named, strict=True):
        if not named:
            case["id"] = made_id(case)
    (dialogue or Silent()).planned(found)
    if not request.dry_run:
        refuse_unread(file, found.unread)
    rows = [
        NewCase(str(file), line, case) for line, case in zip(found.lines, found.cases, strict=True)
    ]
    added = add_to_reserve(project, request.name, rows, dry_run=request.dry_run)
    if not added.bad and not request.dry_run:
        remember_columns(project.settings.reports, KIND, request.told)
    return found, added
