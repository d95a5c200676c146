"""Read `[monitor]`: the lines at which review rates say retrain."""

from __future__ import annotations

from harness.records import FALSE_ALARMS, REVIEWED, RetrainLine
from harness.workspace.formats.fields import Table
from harness.workspace.formats.names import check_plain_name

MIN_RATE = 0.001
MAX_RATE = 0.99
MIN_FALSE_ALARMS = 0.01
MAX_FALSE_ALARMS = 10.0
MAX_SCATTER = 0.5


def read_lines(table: Table) -> dict[str, dict[str, RetrainLine]]:
    """Read `[monitor]`: the lines at which a rate says retrain, by task and rate."""
    found: dict[str, dict[str, RetrainLine]] = {}
    for task in map(str, table.raw):
        section = table.table(check_plain_name(task, f"{table.where}: ", table.error))
        found[task] = {rate: _line(section.table(rate)) for rate in REVIEWED if section.has(rate)}
        section.done()
        if not found[task]:
            raise section.fail(f"draws no line, known are {' and '.join(REVIEWED)}")
    return found


def _line(table: Table) -> RetrainLine:
    """Read `{ acceptable = 0.20, retrain = 0.25 }`, with `false_alarms` and `scatter` or not."""
    line = RetrainLine(
        table.number("acceptable", None, MIN_RATE, MAX_RATE),
        table.number("retrain", None, MIN_RATE, MAX_RATE),
        table.number("false_alarms", FALSE_ALARMS, MIN_FALSE_ALARMS, MAX_FALSE_ALARMS),
        table.number("scatter", None, 0.0, MAX_SCATTER) if table.has("scatter") else None,
    )
    table.done()
    if line.acceptable >= line.retrain:
        raise table.fail(
            f"`retrain` is {line.retrain:g}, above `acceptable` ({line.acceptable:g}) is needed"
        )
    return line
