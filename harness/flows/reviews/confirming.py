"""Take what a person said about proposed cases, and add the confirmed ones to the reserve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import RequestError
from harness.flows.benchmarks.adding import AddedCases, NewCase, add_to_reserve
from harness.flows.project import Project, utc_now
from harness.flows.reviews.proposals import reserved_benchmark
from harness.records.holds import EXACT
from harness.text.blanks import is_blank
from harness.workspace.formats.fields import kind_of
from harness.workspace.formats.reading import json_object, jsonl_lines
from harness.workspace.project.reserve import Confirmation, add_confirmations

NEVER = "never"
"""In place of true: the case is not to be proposed again."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What became of a file of proposals."""

    benchmark: str = field(metadata=EXACT)
    cases: AddedCases
    declined: tuple[str, ...] = field(metadata=EXACT)
    """Ids of the proposals that are not to come again."""
    waiting: int
    """Proposals that were neither confirmed nor declined."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """A line of a file of proposals."""

    case: NewCase
    benchmark: str | None
    confirmed: bool | None
    """None: declined for ever."""


def read_answers(
    project: Project, file: Path, name: str | None, task: str | None
) -> tuple[str, list[NewCase], list[str], int]:
    """Read a file of proposals: the benchmark, the confirmed, the declined, how many wait."""
    answers = [_answer(file, number, line) for number, line in jsonl_lines(file, RequestError)]
    if not answers:
        raise RequestError(
            f"{file}: holds no proposal, `benchmark propose --output FILE` writes it"
        )
    named = list(dict.fromkeys(one.benchmark for one in answers if one.benchmark))
    if name is None and task is None and len(named) == 1:
        name = named[0]
    benchmark = reserved_benchmark(project, name, task).name
    for one in answers:
        if one.benchmark not in (None, benchmark):
            raise RequestError(
                f"{one.case.place}: is proposed for {one.benchmark}, not {benchmark}"
            )
    confirmed = [one.case for one in answers if one.confirmed]
    declined = [str(one.case.raw.get("id")) for one in answers if one.confirmed is None]
    waiting = sum(one.confirmed is False for one in answers)
    return benchmark, confirmed, declined, waiting


def _answer(file: Path, number: int, line: str) -> _Answer:
    raw = json_object(line, f"{file}:{number}", RequestError)
    said, benchmark = raw.pop("confirmed", False), raw.pop("benchmark", None)
    if not isinstance(said, bool) and said != NEVER:
        shown = repr(said)[:40] if isinstance(said, str) else kind_of(said)
        raise RequestError(
            f'{file}:{number}: `confirmed` is {shown}, allowed are true, false and "{NEVER}"'
        )
    if benchmark is not None and not isinstance(benchmark, str):
        raise RequestError(
            f"{file}:{number}: `benchmark` is {kind_of(benchmark)}, a name is needed"
        )
    return _Answer(
        NewCase(str(file), number, raw), benchmark, None if said == NEVER else bool(said)
    )


def confirm(
    project: Project,
    file: Path,
    *,
    by: str,
    name: str | None = None,
    task: str | None = None,
    dry_run: bool = False,
) -> Confirmed:
    """Add the confirmed proposals of a file to the reserve, all or none; twice changes nothing."""
    benchmark, confirmed, declined, waiting = read_answers(project, file, name, task)
    cases = keep(project, benchmark, confirmed, declined, by=by, dry_run=dry_run)
    return Confirmed(benchmark, cases, tuple(declined), waiting)


def keep(
    project: Project,
    benchmark: str,
    confirmed: Sequence[NewCase],
    declined: Sequence[str] = (),
    *,
    by: str,
    dry_run: bool = False,
) -> AddedCases:
    """Add confirmed cases to the reserve, and remember who confirmed and declined what."""
    if is_blank(by):
        raise RequestError("--by is empty, it names the person who confirms")
    found = add_to_reserve(project, benchmark, confirmed, dry_run=dry_run)
    if not found.bad and not dry_run:
        now = utc_now()
        said = [Confirmation(case, True, by, now) for case in (*found.added, *found.already)]
        said += [Confirmation(case, False, by, now) for case in declined]
        add_confirmations(project.settings.benchmarks / benchmark, said)
    return found
