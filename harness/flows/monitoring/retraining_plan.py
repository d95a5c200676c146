"""Plan a retraining: make the next training set from the texts that editors sent.

The plan never changes the benchmark. It proposes cases, and a person decides about them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from heapq import heappush, heappushpop
from pathlib import Path
from shlex import quote
from typing import Any

from harness.errors import HarnessError, RequestError, WorldFailed, reason
from harness.findings import CaseText, normal, overlap_of
from harness.findings.dataset import SMALL, case_inputs
from harness.flows.monitoring.monitor import MonitorRequest, monitor
from harness.flows.project import Project
from harness.flows.reviews.export import (
    HEAVY,
    Line,
    ReviewFilter,
    candidate_lines,
    training_example,
    training_line,
    training_reviews,
)
from harness.flows.store import open_store
from harness.records import Decision, Plan, Review
from harness.records.training_example import TrainingExample
from harness.render.plan import plan_markdown
from harness.store import Store
from harness.workspace.adapters.files import read_training
from harness.workspace.formats.cache import write_atomically
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.project.data_versions import version_with
from harness.workspace.project.training_data import (
    DATASETS,
    data_fingerprint,
    example_object,
    read_training_set,
    training_files,
)
from harness.workspace.project.voice_days import voice_since

MAX_EDITED = 1_000
"""Most edited finals that are taken over, and most outputs that were sent unchanged."""
EVERY = 10
"""Every tenth of the heavily edited finals is proposed as a case instead of being trained on."""
MAX_CASES = 20
"""Most cases proposed of either kind: a benchmark has 20 to 30."""
_NUMBERED = re.compile(r"(.*?)(\d{1,9})")
_Ranked = tuple[tuple[float, str, int], Review]
"""Rank and review; numbers in the store differ, so that reviews themselves are never compared."""


@dataclass(frozen=True, slots=True)
class OldData:
    """The examples that the promoted adapter was trained on, or why they are missing."""

    examples: tuple[TrainingExample, ...]
    where: str
    """The file, or the reason."""


@dataclass(frozen=True, slots=True)
class PlanParts:
    """The contents of the plan's files."""

    edited: list[Review]
    accepted: list[Review]
    cases: list[Line]
    old: OldData
    kept: list[TrainingExample]
    """Of the old examples."""
    replaced: int
    """Old examples whose input has a newer final."""

    @property
    def reviews(self) -> list[Review]:
        """The reviews whose finals are added, the most edited first."""
        return [*self.edited, *self.accepted]

    @property
    def new(self) -> list[Line]:
        """The lines that are added."""
        return [training_line(review) for review in self.reviews]

    @property
    def training(self) -> list[Line]:
        """All examples of the next training set."""
        return [*map(example_object, self.kept), *self.new]


def plan(
    project: Project, task: str | None = None, folder: str | None = None, url: str | None = None
) -> Plan:
    """Write the plan of a task into a folder; files of an earlier plan are replaced."""
    name = str(project.task_benchmark(task).task)
    (found,) = monitor(project, MonitorRequest(name, inputs=False, store=url))
    if found.promoted is None:
        raise RequestError(f"{name}: nothing is promoted, so there is nothing to plan for")
    place = Path(folder) if folder else project.settings.reports / f"plan-{name}"
    if place.is_relative_to(here := Path.cwd()):
        place = place.relative_to(here)  # as short as a person would type it
    with closing(open_store(project, url)) as store:
        parts = choose(project, store, found.promoted)
    lines = parts.training
    fingerprint = data_fingerprint([*parts.kept, *map(training_example, parts.reviews)])
    training = place / f"{name}-{fingerprint[:8]}.jsonl"
    next_adapter = next_name(project.settings.adapters, found.promoted.adapter)
    made = Plan(
        task=name,
        promoted=found.promoted.adapter,
        state=found.state,
        reasons=found.reasons,
        folder=str(place),
        edited=len(parts.edited),
        accepted=len(parts.accepted),
        old=len(parts.kept),
        old_from=parts.old.where,
        replaced=parts.replaced,
        left_out=len(parts.old.examples) - len(parts.kept) - parts.replaced,
        examples=len(lines),
        rejected_cases=sum("ideal" not in case for case in parts.cases),
        edited_cases=sum("ideal" in case for case in parts.cases),
        training=str(training),
        name=next_adapter,
        train=_command(next_adapter, training, name, found.promoted.adapter, parts),
    )
    _write(place, training, parts, project.redaction.record(made))
    return made


def choose(project: Project, store: Store, held: Decision) -> PlanParts:
    """Choose edited and accepted finals, the old examples to keep, and cases to propose."""
    # What was sent before a repositioning would teach the old voice again.
    benchmark = project.task_benchmark(held.task)
    since = voice_since(project.settings.benchmarks / benchmark.name)
    chosen = ReviewFilter(task=held.task, since=since)
    edited, sent = _best(training_reviews(project, store, chosen))
    if not edited:
        raise RequestError(
            f"{held.task}: no edited output outside the benchmark, so there is nothing to add to"
            " the training data; `lora-harness reviews import FILE` brings reviews in"
        )
    heavy = [review for review in edited if (review.edit_rate or 0.0) >= HEAVY]
    # Spread over the ranks, so that cases and training data are edited alike.
    held_out = {review.id for review in heavy[EVERY - 1 :: EVERY][:MAX_CASES]}
    learnt = [review for review in edited if review.id not in held_out]
    # At most as many accepted as edited: more of the adapter's own texts would outweigh the edits.
    accepted = sent[: len(learnt)]
    old = old_data(project, held.adapter)
    newer = {normal(review.conversation) for review in (*learnt, *accepted)}
    fresh = [example for example in old.examples if normal(example.conversation) not in newer]
    inside = _inside(project, [*_parts(fresh), *learnt, *accepted])
    kept = [e for e in fresh if not any(one.conversation in inside for one in _parts([e]))]
    learnt = [review for review in learnt if review.conversation not in inside]
    accepted = [review for review in accepted if review.conversation not in inside]
    cases = list(_proposed(candidate_lines(project, store, chosen), held_out))
    told: list[TrainingExample | Review] = [*_parts(kept), *learnt, *accepted]
    return PlanParts(
        learnt, accepted, _unlearnt(cases, told), old, kept, len(old.examples) - len(fresh)
    )


def _best(reviews: Iterable[Review]) -> tuple[list[Review], list[Review]]:
    """Return the most edited reviews, newer before older, and the newest that were unchanged.

    Two heaps of bounded size keep memory small however many reviews there are.
    """
    edited: list[_Ranked] = []
    sent: list[_Ranked] = []
    for review in reviews:
        heap = edited if review.edit_rate else sent
        ranked = ((review.edit_rate or 0.0, review.at, review.seq), review)
        if len(heap) < MAX_EDITED:
            heappush(heap, ranked)
        else:
            heappushpop(heap, ranked)
    most_edited, newest_sent = (sorted(heap, reverse=True) for heap in (edited, sent))
    return [review for _, review in most_edited], [review for _, review in newest_sent]


def old_data(project: Project, adapter: str) -> OldData:
    """Find an adapter's training set by its fingerprint, in adapters/datasets and earlier plans."""
    folder = project.settings.adapters / adapter
    training = (read_training(folder) if folder.is_dir() else None) or {}
    about = training.get("dataset")
    wanted = about.get("fingerprint") if isinstance(about, dict) else None
    if not isinstance(about, dict) or not isinstance(wanted, str):
        return OldData((), f"{adapter} has no training.json that says what it was trained on")
    name = str(about.get("name", ""))
    plans = sorted(project.settings.reports.glob("plan-*"))
    folders = [project.settings.adapters / DATASETS, *plans]
    files = [file for folder in folders for file in training_files(folder)]
    columns = ExampleColumns.recorded(about.get("columns"))
    # The file of that name first: most of the others need not be read then.
    for file in sorted(files, key=lambda file: file.name != name):
        try:
            found = read_training_set(file, columns)
        except HarnessError:
            continue  # another file in the folder, such as cases.jsonl
        if found.fingerprint == wanted:
            return OldData(found.taught, str(file))
    version = version_with(project.settings.adapters / DATASETS, wanted)
    if version is not None:
        return OldData(read_training_set(version).taught, str(version))
    return OldData((), f"{about.get('name')} ({wanted[:12]}) is not under adapters/{DATASETS}")


def _inside(project: Project, told: Sequence[TrainingExample | Review]) -> set[str]:
    """Return the conversations that a benchmark holds, reworded or not.

    All are checked together, as `train` will check the finished file.
    """
    found = (overlap_of(told, case_inputs(one)) for one in project.benchmarks.values())
    return {told[one.index].conversation for many in found for one in many}


def _parts(examples: Sequence[TrainingExample]) -> list[TrainingExample]:
    """Return each answer that is learnt as an example."""
    return [part for example in examples for part in example.exchanges()]


def _case_text(case: Line) -> CaseText:
    """Return a proposed case as training data is compared with it."""
    turns = [turn["content"] for turn in case.get("messages", ()) if turn["role"] != "system"]
    return CaseText("\n".join(turns) or case["input"], turns[-1] if turns else case["input"])


def _proposed(lines: Iterable[Line], held_out: set[str]) -> Iterable[Line]:
    """Yield the finals that are held out, then the newest rejected outputs."""
    rejected: list[Line] = []
    for line in lines:
        if line["id"] in held_out:
            yield line
        elif "ideal" not in line:
            rejected = [*rejected, line][-MAX_CASES:]
    yield from rejected


def _unlearnt(cases: list[Line], told: Sequence[TrainingExample | Review]) -> list[Line]:
    """Return the cases whose conversation no example of the training file gives away."""
    named = {str(place): _case_text(case) for place, case in enumerate(cases)}
    learnt = {found.case for found in overlap_of(told, named)}
    return [case for place, case in enumerate(cases) if str(place) not in learnt]


def next_name(adapters: Path, name: str) -> str:
    """Return the name with a number above that of every adapter in the family."""
    found = _NUMBERED.fullmatch(name)
    stem, number = (found[1], int(found[2])) if found else (f"{name}_", 1)
    parent, _, family = stem.rpartition("/")
    place = adapters / parent
    taken = [number]
    for one in place.iterdir() if place.is_dir() else ():
        rest = one.name.removeprefix(family)
        # ASCII digits only: "\d" matches digits of other scripts as well.
        if one.name.startswith(family) and re.fullmatch(r"\d{1,9}", rest, re.ASCII):
            taken.append(int(rest))
    return f"{stem}{max(taken) + 1}"


def _command(name: str, training: Path, task: str, promoted: str, parts: PlanParts) -> str:
    """Return the command that trains the next adapter."""
    words = ["lora-harness", "train", name, "--data", str(training), "--task", task]
    if not parts.old.examples:
        words += ["--parent", promoted]  # its data is missing, so go on from its weights
    if len(parts.training) < SMALL:
        words.append("--anyway")
    return " ".join(map(quote, words))


def _write(place: Path, training: Path, parts: PlanParts, shown: Plan) -> None:
    """Write each file whole; plan.md comes last, when every file that it names exists."""
    try:
        write_atomically(place / "examples.jsonl", _jsonl(parts.new))
        write_atomically(place / "cases.jsonl", _jsonl(parts.cases))
        write_atomically(training, _jsonl(parts.training))
        write_atomically(place / "plan.md", plan_markdown(shown))
    except OSError as problem:
        raise WorldFailed(f"{place}: cannot be written ({reason(problem)})") from problem


def _jsonl(lines: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
