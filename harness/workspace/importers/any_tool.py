"""Case files of other tools as the table that an import reads: a row a case, and what was left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError
from harness.workspace.formats.tables import TableRows, read_rows

YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Cases under reading."""

    rows: TableRows
    left: Counter[str] = field(default_factory=Counter)
    """What the file asks for and no case can hold, and how often; complete after the last row."""


def read_case_table(path: Path, data: Path | None, error: type[HarnessError]) -> CaseTable:
    """A table, a promptfoo configuration or an lm-evaluation-harness task; its content says which.

    `data` holds the rows of a task whose dataset lies elsewhere.
    """
    from harness.workspace.formats.yaml_files import read_yaml
    from harness.workspace.importers.lm_eval import is_task, task_table
    from harness.workspace.importers.promptfoo import is_tests, tests_table

    if path.suffix.lower() in YAML:
        raw = read_yaml(path, error)
        if is_task(raw):
            return task_table(raw, path, data, error)
        if is_tests(raw):
            _refuse_data(data, error)
            return tests_table(raw, path, error)
        raise error(
            f"{path}: is neither a promptfoo configuration (`tests`) nor an lm-evaluation-harness"
            " task (`doc_to_text`)"
        )
    _refuse_data(data, error)
    return CaseTable(read_rows(path, error))


def _refuse_data(data: Path | None, error: type[HarnessError]) -> None:
    if data is not None:
        raise error(f"--data {data}: is for lm-evaluation-harness tasks, whose rows lie elsewhere")
