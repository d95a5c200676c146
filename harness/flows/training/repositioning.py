"""Reposition a task: teach a new voice, retire the old one, and mark the day.

The training set, its versions and the marked day are files that are committed together. A command
that was killed is run again: what is done already is not done twice.
"""

from __future__ import annotations

import json
import math
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import DataError, RequestError
from harness.findings.dataset import case_inputs, overlaps
from harness.flows.benchmarks.notes import marked_day
from harness.flows.by_whom import refuse_unsaid
from harness.flows.evaluation.contamination import read_training_of
from harness.flows.project import Project, utc_now
from harness.flows.store import open_store
from harness.flows.training.check_data import clean_scan
from harness.flows.training.data_versions import find_set, make_version, with_slices
from harness.flows.training.retiring import retired_by
from harness.flows.training.voice_file import rewritten_lines, write_lines
from harness.records import Benchmark, VoiceDay
from harness.records.holds import EXACT
from harness.records.training_example import TrainingExample
from harness.workspace.formats.locks import locked
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.importers.example_formats import MAX_REPEAT
from harness.workspace.project.data_versions import log_of, read_log, version_of
from harness.workspace.project.training_data import AS_WRITTEN, DATASETS, Scan, content_digest
from harness.workspace.project.voice_days import add_voice_day, read_voice_days


@dataclass(frozen=True, slots=True)
class RepositionRequest:
    """A person's word that a task's voice changes, with the examples of the new voice."""

    task: str | None
    by: str
    why: str
    examples: Path
    retire: tuple[str, ...] = ()
    """Patterns, slices or `before DATE`: the lines that are no longer taught."""
    data: Path | None = None
    """The training set; None for that of the promoted adapter."""
    repeat: int | None = None
    """How often each new example is taught; None for as often as balances the old ones."""
    day: str | None = None
    """The day from which the new voice holds; None for today."""
    columns: ExampleColumns = AS_WRITTEN
    """Of the file of new examples."""
    store: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Repositioned:
    """What a repositioning did, or would do."""

    mark: VoiceDay
    file: str = field(metadata=EXACT)
    """The file of the training set."""
    old: int
    """Examples of the old voice that are still taught."""
    already: int
    """New examples that were in the set before."""
    again: bool
    """Whether all of it was done before, so that nothing was written."""
    dry_run: bool


@dataclass(frozen=True, slots=True)
class _Change:
    """The lines of a set after a repositioning."""

    lines: list[str]
    retired: int
    old: int
    already: int
    repeat: int


def reposition(project: Project, ask: RepositionRequest) -> Repositioned:
    """Retire lines of the old voice, add those of the new, record a version, and mark the day."""
    refuse_unsaid(ask.by, ask.why)
    benchmark = project.task_benchmark(ask.task)
    folder = project.settings.benchmarks / benchmark.name
    new = clean_scan(ask.examples, ask.columns)
    _refuse_unfit(project, ask.examples, new)
    file = ask_set(project, ask, benchmark)
    with locked(project.settings.reports / ".locks", f"{benchmark.name}.voice"):
        before = read_voice_days(folder)
        day = _day(project, ask.day, before)
        scan = clean_scan(file)
        change = _change(file, scan, new.examples, ask, day)
        mark = VoiceDay(
            *("reposition", str(benchmark.task), len(before) + 1, day, ask.by, ask.why),
            utc_now(project.settings.calendar),
            *(benchmark.name, benchmark.fingerprint, ""),
            *(len(new.examples), change.repeat, change.retired),
        )
        # as short as a person would type it
        shown = str(file.relative_to(here) if file.is_relative_to(here := Path.cwd()) else file)
        if ask.dry_run:
            return Repositioned(mark, shown, change.old, change.already, False, True)
        version = _recorded(project, file, scan, change, ask)
        done = [one for one in before if one.data == version and one.kind == "reposition"]
        made = done[-1] if done else add_voice_day(folder, before, replace(mark, data=version))
        return Repositioned(made, shown, change.old, change.already, bool(done), False)


def ask_set(project: Project, ask: RepositionRequest, benchmark: Benchmark) -> Path:
    """Return the file of the set that is asked for, else of the promoted adapter's set."""
    if ask.data is not None:
        file = find_set(project, ask.data)
    else:
        with closing(open_store(project, ask.store)) as store:
            held = store.decisions.promoted(str(benchmark.task))
        training = read_training_of(project.settings.adapters, held.adapter) if held else None
        dataset = (training or {}).get("dataset")
        called = dataset.get("name") if isinstance(dataset, dict) else None
        if not isinstance(called, str):
            raise RequestError("which training set teaches this voice? Name it: --data SET")
        file = project.settings.adapters / DATASETS / Path(called).name
    if named := version_of(file):
        file = find_set(project, file.with_name(named[0]).relative_to(file.parent))
    if not file.is_file():
        raise RequestError(f"{file}: no such training set, name the one to change: --data SET")
    return file


def _refuse_unfit(project: Project, file: Path, new: Scan) -> None:
    """Refuse examples that are retired, or that hold a benchmark's cases."""
    if any(example.retired for example in new.examples):
        raise DataError(f"{file}: has examples that are retired, and teaches a new voice")
    for benchmark in project.benchmarks.values():
        for seen in overlaps(new.examples, case_inputs(benchmark)):
            raise DataError(
                f"{file}:{seen.line}: {seen.message}; a benchmark's cases are not taught"
            )


def _day(project: Project, asked: str | None, before: list[VoiceDay]) -> str:
    day = marked_day(project, asked)
    voices = [one.day for one in before if one.kind != "note"]
    if voices and day < voices[-1]:
        raise RequestError(f"--day {day}: is before {voices[-1]}, the last day of this voice")
    return day


def _change(
    file: Path, scan: Scan, new: tuple[TrainingExample, ...], ask: RepositionRequest, day: str
) -> _Change:
    """Work out the set's lines; an example that is in it already is not added twice."""
    wanted = {_bare(example): example for example in new}
    there = {example.line: _bare(example) for example in scan.examples}
    known = {line: digest for line, digest in there.items() if digest in wanted}
    retired = retired_by(ask.retire, scan.examples, file) - known.keys()
    old = [
        example
        for example in scan.examples
        if not example.retired and example.line not in known.keys() | retired
    ]
    weight = sum(example.repeat for example in old)
    repeat = ask.repeat or min(MAX_REPEAT, max(1, math.ceil(weight / len(wanted))))
    lines = rewritten_lines(file, retired, day, dict.fromkeys(known, repeat))
    fresh = [one for digest, one in wanted.items() if digest not in known.values()]
    told = (with_slices(replace(example, repeat=repeat)) for example in fresh)
    lines += [json.dumps(line, ensure_ascii=False) + "\n" for line in told]
    already = sum(example.retired == day for example in scan.examples)  # by a command cut off
    return _Change(lines, len(retired) + already, len(old), len(wanted) - len(fresh), repeat)


def _bare(example: TrainingExample) -> str:
    """Hash the texts of an example, however it is taught."""
    return content_digest(replace(example, retired="", repeat=1))


def _recorded(
    project: Project, file: Path, scan: Scan, change: _Change, ask: RepositionRequest
) -> str:
    """Record the set as it was, write it, and record it as it is; return the last version."""
    logged = read_log(log_of(file))
    if not logged or logged[-1].version.fingerprint != scan.fingerprint:
        make_version(project, file, by=ask.by, why=f"as it was before: {ask.why}"[:2000])
    write_lines(file, change.lines)
    newest = read_log(log_of(file))[-1].version
    if newest.fingerprint == clean_scan(file).fingerprint:
        return newest.name  # all of it was done before
    return make_version(project, file, by=ask.by, why=ask.why).name
