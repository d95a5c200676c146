"""Reviews of an adapter counted by week, with the seconds that people took.

Sums are of whole milliseconds and billionths, so that the order of an import changes no bit.

Tested in tests/flows/queries/test_worth.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select

from harness.records import NOT_COUNTED, SYNTHETIC, WeekTimes
from harness.store import schema
from harness.store.database import Database
from harness.store.tallies import by_adapter

_MS, _UNIT = 1000, 1_000_000_000


def week_times(
    database: Database, task: str, made_by: tuple[str, str], since: str = "", until: str = ""
) -> list[WeekTimes]:
    """Return the weeks of an adapter's production reviews, the oldest first.

    `made_by` is its name and digest; `since` and `until` are times, empty for no limit.
    """
    about = (task, made_by, since, until)
    return database.memory.of(("week times", about), lambda: _week_times(database, *about))


def _week_times(
    database: Database, task: str, made_by: tuple[str, str], since: str, until: str
) -> list[WeekTimes]:
    table = schema.reviews
    kinds = {
        **{word: table.c.decision == word for word in ("accepted", "edited", "rejected")},
        "synthetic": table.c.source == SYNTHETIC,
    }
    asked = (
        select(
            table.c.week,
            *(func.sum(case((of, 1), else_=0)).label(name) for name, of in kinds.items()),
            func.count(table.c.seconds).label("timed"),
            func.coalesce(func.sum(_whole(table.c.seconds, _MS)), 0).label("ms"),
            func.coalesce(func.sum(_whole(table.c.seconds * table.c.seconds, _MS)), 0).label("ms2"),
            func.count(table.c.edit_rate).label("edit_n"),
            func.coalesce(func.sum(_whole(table.c.edit_rate, _UNIT)), 0).label("parts"),
            func.coalesce(func.sum(_whole(table.c.edit_rate * table.c.edit_rate, _UNIT)), 0).label(
                "parts2"
            ),
        )
        .where(table.c.task == task, by_adapter(*made_by), table.c.source.not_in(NOT_COUNTED))
        .group_by(table.c.week)
        .order_by(table.c.week)
    )
    asked = asked.where(table.c.at >= since) if since else asked
    asked = asked.where(table.c.at < until) if until else asked
    with database.read() as connection:
        return [
            WeekTimes(
                row.week, int(row.accepted), int(row.edited), int(row.rejected), int(row.timed),
                int(row.ms) / _MS, int(row.ms2) / _MS, int(row.edit_n), int(row.parts) / _UNIT,
                int(row.parts2) / _UNIT, int(row.synthetic),
            )
            for row in connection.execute(asked)
        ]  # fmt: skip


def _whole(column: ColumnElement[Any], unit: int) -> ColumnElement[int]:
    return cast(func.round(column * unit), BigInteger)
