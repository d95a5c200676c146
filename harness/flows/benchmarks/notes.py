"""Note on a day what charts should remember: a campaign, a new editor, a client's wish.

Tested in tests/cli/test_note.py.
"""

from __future__ import annotations

from datetime import date

from harness.errors import RequestError
from harness.flows.by_whom import refuse_unsaid
from harness.flows.project import Project, utc_now
from harness.records import VoiceDay
from harness.workspace.formats.locks import locked
from harness.workspace.project.voice_days import add_voice_day, read_voice_days


def add_note(project: Project, task: str | None, text: str, by: str, day: str | None) -> VoiceDay:
    """Add a person's note on a day of a task; it is kept in the benchmark's folder."""
    refuse_unsaid(by, text)
    benchmark = project.task_benchmark(task)
    folder = project.settings.benchmarks / benchmark.name
    with locked(project.settings.reports / ".locks", f"{benchmark.name}.voice"):
        note = VoiceDay(
            *("note", str(benchmark.task), 0, marked_day(project, day), by, text),
            utc_now(project.settings.calendar),
            *(benchmark.name, benchmark.fingerprint),
        )
        return add_voice_day(folder, read_voice_days(folder), note)


def marked_day(project: Project, asked: str | None) -> str:
    """Return the day that is to be marked, today where none is asked for."""
    today = utc_now(project.settings.calendar)[:10]
    if asked is None:
        return today
    try:
        day = date.fromisoformat(asked).isoformat()
    except ValueError as problem:
        raise RequestError(f"--day {asked[:40]}: is no day, write it as 2026-06-01") from problem
    if day > today:
        raise RequestError(f"--day {day}: is not here yet, mark it when it has come")
    return day
