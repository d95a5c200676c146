"""Read cases from any supported file: a table, training data, promptfoo, lm-evaluation-harness."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.workspace.formats.tables import read_rows
from harness.workspace.formats.yaml_files import read_yaml
from harness.workspace.importers.case_table import CaseTable
from harness.workspace.importers.example_cases import example_cases
from harness.workspace.importers.lm_eval import is_task, task_table
from harness.workspace.importers.promptfoo import is_tests, tests_table

YAML = (".yaml", ".yml")


def read_case_table(
    path: Path,
    data: Path | None,
    error: type[HarnessError],
    *,
    as_columns: bool = False,
    ideals: Collection[str] = ("ideal",),
) -> CaseTable:
    """Read a table, training data, a promptfoo configuration or an lm-evaluation-harness task.

    The content of a YAML file says which tool it belongs to. `data` is the file with the rows of a
    task whose dataset lies elsewhere. `as_columns`: the user says which column is which, so a table
    is not looked at for a format of training data; `ideals` are the usual names of the ideal's.
    """
    is_yaml = path.suffix.lower() in YAML
    raw: Any = read_yaml(path, error) if is_yaml else None
    # Tasks are asked first: a task may have a key `tests` as well, promptfoo has no `doc_to_text`.
    if is_yaml and is_task(raw):
        return task_table(raw, path, data, error)
    if is_yaml and not is_tests(raw):
        raise error(
            f"{path}: is neither a promptfoo configuration (`tests`) nor an lm-evaluation-harness"
            " task (`doc_to_text`)"
        )
    if data is not None:
        raise error(f"--data {data}: is for lm-evaluation-harness tasks, whose rows lie elsewhere")
    if is_yaml:
        return tests_table(raw, path, error)
    rows = read_rows(path, error)
    return (None if as_columns else example_cases(rows, ideals)) or CaseTable(rows)
