"""Begin a new benchmark version with the ideals that a person rewrote, and run it at once.

The promoted and the pinned adapter and the base are run on it, so that the next candidate is
compared with runs of the same version. A command that was killed is run again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, RequestError, WorldFailed, reason
from harness.findings.benchmark import CaseLine
from harness.flows.benchmarks.problems import problems, training_sets
from harness.flows.by_whom import refuse_unsaid
from harness.flows.committed_history import write_history
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.references import References
from harness.flows.evaluation.session import open_session
from harness.flows.project import Project, rules, utc_now
from harness.flows.store import open_store
from harness.progress import OnProgress
from harness.records import BASE, Run, VoiceDay
from harness.records.holds import EXACT
from harness.text.blanks import is_blank
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import Table
from harness.workspace.formats.locks import locked
from harness.workspace.formats.reading import json_object, jsonl_lines
from harness.workspace.project.benchmarks import Draft, read_draft
from harness.workspace.project.cases import read_case
from harness.workspace.project.voice_days import add_voice_day, read_voice_days

Ideal = str | list[str]


@dataclass(frozen=True, slots=True)
class NewBenchmark:
    """A benchmark version with rewritten ideals, and its first runs."""

    mark: VoiceDay | None
    """The day; None where the ideals stood in the benchmark before."""
    benchmark: str = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    """Of the new version."""
    rewritten: tuple[str, ...] = field(metadata=EXACT)
    """Ids of the cases that have a new ideal."""
    waiting: int
    """Proposals that are not marked as rewritten."""
    runs: tuple[Run, ...] = ()
    """Of the promoted and the pinned adapter, and of the base."""


def take_ideals(
    project: Project,
    file: Path,
    task: str | None,
    *,
    by: str,
    why: str,
    request: Request,
    dry_run: bool = False,
    on_progress: OnProgress = lambda step, done, total: None,
) -> NewBenchmark:
    """Write the rewritten ideals into the benchmark, all or none, mark the day, and run it."""
    refuse_unsaid(by, why)
    benchmark = project.task_benchmark(task)
    said, waiting = read_rewritten(file, benchmark.name)
    folder = project.settings.benchmarks / benchmark.name
    with locked(project.settings.reports / ".locks", f"{benchmark.name}.voice"):
        before = read_voice_days(folder)
        draft = read_draft(
            project.settings.benchmarks, benchmark.name, project.settings.generation, rules()
        )
        texts, changed = _with_ideals(draft, said, file)
        _refuse_unfit(project, draft, changed)
        if dry_run:
            return NewBenchmark(None, benchmark.name, "", tuple(changed), waiting)
        for place, text in texts.items():
            _write(place, text)
        project = Project.here(project.settings.root)
        fingerprint = project.benchmark(benchmark.name).fingerprint
        made = None
        if changed or not any(one.fingerprint == fingerprint for one in before):
            now = utc_now(project.settings.calendar)
            day = VoiceDay(
                *("benchmark", str(benchmark.task), 0, now[:10], by, why, now),
                *(benchmark.name, fingerprint),
                ideals=len(said),
            )
            made = add_voice_day(folder, before, day)
    runs = run_references(project, str(benchmark.task), request, on_progress)
    return NewBenchmark(made, benchmark.name, fingerprint, tuple(changed), waiting, tuple(runs))


def read_rewritten(file: Path, benchmark: str) -> tuple[dict[str, Ideal], int]:
    """Read a file of proposals: the rewritten ideals by case, and how many wait."""
    found: dict[str, Ideal] = {}
    waiting = 0
    for number, line in jsonl_lines(file, RequestError):
        where = f"{file}:{number}"
        table = Table(json_object(line, where), where, RequestError)
        name = table.text("id")
        if table.text("benchmark", benchmark) != benchmark:
            raise table.fail(f"is of benchmark {table.text('benchmark')}, not {benchmark}")
        if not table.flag("rewritten"):
            waiting += 1
            continue
        if name in found:
            raise table.fail(f"{name} stands twice")
        ideal = table.any("ideal")
        texts = ideal if isinstance(ideal, list) else [ideal]
        if not texts or not all(isinstance(one, str) and not is_blank(one) for one in texts):
            raise table.fail("`ideal` needs a text, or several in a list")
        found[name] = ideal
    if not found:
        raise RequestError(
            f"{file}: no ideal is rewritten yet ({waiting} wait); change `ideal`, and set"
            ' "rewritten" to true'
        )
    return found, waiting


def _with_ideals(
    draft: Draft, said: Mapping[str, Ideal], file: Path
) -> tuple[dict[Path, str], dict[str, tuple[Path, int, dict[str, Any]]]]:
    """Return the changed files' texts, and each changed case with its file and line."""
    texts: dict[Path, str] = {}
    changed: dict[str, tuple[Path, int, dict[str, Any]]] = {}
    met: set[str] = set()
    for place in (draft.cases, draft.reserve):
        lines = []
        for number, line in jsonl_lines(place, BenchmarkError) if place.exists() else ():
            raw = json_object(line, f"{place}:{number}", BenchmarkError)
            name = raw.get("id")
            if isinstance(name, str) and name in said:
                met.add(name)
                if raw.get("ideal") not in (said[name], [said[name]]):
                    raw["ideal"] = said[name]
                    changed[name] = (place, number, raw)
                    line = json.dumps(raw, ensure_ascii=False)
            lines.append(f"{line}\n")
        if any(where == place for where, _, _ in changed.values()):
            texts[place] = "".join(lines)
    if missing := [name for name in said if name not in met]:
        raise RequestError(f"{file}: {draft.benchmark.name} has no case {missing[0]}")
    return texts, changed


def _refuse_unfit(
    project: Project, draft: Draft, changed: Mapping[str, tuple[Path, int, dict[str, Any]]]
) -> None:
    """Refuse ideals that are no case's, fail its own checks, or are in a training set."""
    lines = []
    for place, number, raw in changed.values():
        where = f"{place}:{number}"
        case = read_case(raw, where, draft.shared, rules(), {}, draft.benchmark.template)
        lines.append(CaseLine(number, case, place.name))
    if not lines:
        return
    limit = draft.benchmark.generation.max_new_tokens
    for finding in problems(project, lines, limit, training_sets(project)).unfit:
        raise BenchmarkError(f"{finding.message}; nothing was written")


def _write(place: Path, text: str) -> None:
    mode = place.stat().st_mode & 0o777
    try:
        write_atomically(place, text)
        place.chmod(mode)
    except OSError as problem:
        raise WorldFailed(f"{place}: cannot be written ({reason(problem)})") from problem


def run_references(
    project: Project, task: str, request: Request, on_progress: OnProgress
) -> list[Run]:
    """Run the promoted and the pinned adapter and the base on the task's benchmark."""
    with open_session(project, request, on_progress) as session:
        benchmark = session.project.task_benchmark(task)
        base = session.candidate(BASE)
        adapters = [*References(base, benchmark, None).adapters(), base.adapter]
        session.backend.expect(adapters)
        runs = [session.producer.run(adapter, benchmark) for adapter in adapters]
    with closing(open_store(project, request.store)) as store:
        write_history(project, store)
    return runs
