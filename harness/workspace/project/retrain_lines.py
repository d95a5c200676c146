"""`[tool.harness.monitor.TASK]`: the lines that a team draws for the rates of its reviews."""

from __future__ import annotations

from harness.records import REVIEWED, RetrainLine
from harness.workspace.formats.fields import Table
from harness.workspace.formats.names import check_plain_name

SMALLEST = 0.001
LARGEST = 0.99


def read_lines(table: Table) -> dict[str, dict[str, RetrainLine]]:
    """The lines by task and rate."""
    return {str(task): _task(table, str(task)) for task in table.raw}


def _task(table: Table, task: str) -> dict[str, RetrainLine]:
    mine = table.table(check_plain_name(task, f"{table.where}: ", table.error))
    found: dict[str, RetrainLine] = {
        rate: _line(mine.table(rate)) for rate in REVIEWED if mine.has(rate)
    }
    mine.done()
    if not found:
        raise mine.fail(f"draws no line, known are {' and '.join(REVIEWED)}")
    return found


def _line(table: Table) -> RetrainLine:
    """`{ acceptable = 0.20, retrain = 0.25 }`."""
    line = RetrainLine(
        table.number("acceptable", None, SMALLEST, LARGEST),
        table.number("retrain", None, SMALLEST, LARGEST),
    )
    table.done()
    if line.acceptable >= line.retrain:
        raise table.fail(
            f"`retrain` is {line.retrain:g}, above `acceptable` ({line.acceptable:g}) is needed"
        )
    return line
