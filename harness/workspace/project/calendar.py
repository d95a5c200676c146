"""Read `[tool.harness.calendar]`: the declared today of a project whose history is replayed."""

from __future__ import annotations

from datetime import UTC, datetime

from harness.records import Calendar
from harness.workspace.formats.fields import Table

MAX_WHY = 200


def read_calendar(table: Table) -> Calendar:
    """Read `[calendar]`; without the section the clock of the machine tells the time."""
    if not table.raw:
        table.done()
        return Calendar()
    said, why = table.text("now"), table.text("why")
    table.done()
    if len(why) > MAX_WHY or not why.isprintable():
        raise table.fail(f"`why` is longer than {MAX_WHY} letters, or not a single line")
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise table.fail(f"`now` is {said[:40]!r}, a time such as 2026-11-30T17:00:00Z is needed")
    written = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return Calendar(written.replace("+00:00", "Z"), why)
