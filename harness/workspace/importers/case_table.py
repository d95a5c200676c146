"""The table of cases that every importer returns.

Tested in `tests/workspace/importers/test_any_tool.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from harness.workspace.formats.tables import TableRows


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Cases of a file as rows, and a count of the parts of it that no case can hold."""

    rows: TableRows
    left: Counter[str] = field(default_factory=Counter)
    """Demands of the file that no case can hold, and how often; complete after the last row."""
    format: str = ""
    """The format of training data that was recognised; empty for a table of cases."""
