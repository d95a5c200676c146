"""From alarm to remedy: what editors made of the outputs becomes the next training set.

The benchmark itself is never changed here: new cases are proposed, and a person decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from heapq import heappush, heappushpop
from pathlib import Path
from shlex import quote
from typing import Any

from harness.errors import DataError, RequestError, WorldFailed, reason
from harness.findings import normal, overlap
from harness.findings.dataset import SMALL, case_inputs
from harness.flows.monitoring.monitor import MonitorRequest, monitor
from harness.flows.project import Project
from harness.flows.reviews.export import (
    HEAVY,
    Line,
    ReviewFilter,
    candidate_lines,
    training_line,
    training_reviews,
)
from harness.flows.store import open_store
from harness.records import Decision, Example, Plan, Review
from harness.render.plan import plan_markdown
from harness.store import Store
from harness.workspace.adapters.files import read_training
from harness.workspace.formats.cache import write_atomically
from harness.workspace.project.training_data import DATASETS, data_fingerprint, read_training_set


@dataclass(frozen=True, slots=True)
class OldData:
    """Its lines, or why there are none."""

    lines: tuple[dict[str, Any], ...]
    where: str
    """The file, or what is missing."""


def old_data(project: Project, adapter: str) -> OldData:
    """Looked for under adapters/datasets and in the folders of earlier plans."""
    folder = project.settings.adapters / adapter
    training = (read_training(folder) if folder.is_dir() else None) or {}
    about = training.get("dataset")
    wanted = about.get("fingerprint") if isinstance(about, dict) else None
    if not isinstance(about, dict) or not isinstance(wanted, str):
        return OldData((), f"{adapter} has no training.json that says what it was trained on")
    for file in _places(project, str(about.get("name", ""))):
        lines = _lines_of(file, wanted)
        if lines is not None:
            return OldData(lines, str(file))
    return OldData((), f"{about.get('name')} ({wanted[:12]}) is not under adapters/{DATASETS}")


def _places(project: Project, name: str) -> Iterator[Path]:
    """The file of that name first, then any other that may be it."""
    folders = [
        project.settings.adapters / DATASETS,
        *sorted(project.settings.reports.glob("plan-*")),
    ]
    files = [file for folder in folders for file in sorted(folder.glob("*.jsonl"))]
    yield from sorted(files, key=lambda file: file.name != name)


def _lines_of(file: Path, fingerprint: str) -> tuple[dict[str, Any], ...] | None:
    try:
        found = read_training_set(file)
    except DataError:
        return None  # some other file that lies there
    if found.fingerprint != fingerprint:
        return None
    return tuple({"input": e.input, "output": e.output} for e in found.examples)


_NUMBERED = re.compile(r"(.*?)(\d{1,9})")


def next_name(adapters: Path, name: str) -> str:
    """One more than the largest number that any adapter of the family has."""
    found = _NUMBERED.fullmatch(name)
    stem, number = (found[1], int(found[2])) if found else (f"{name}_", 1)
    parent, _, family = stem.rpartition("/")
    place = adapters / parent
    taken = [number]
    for one in place.iterdir() if place.is_dir() else ():
        rest = one.name.removeprefix(family)
        if one.name.startswith(family) and re.fullmatch(r"\d{1,9}", rest, re.ASCII):
            taken.append(int(rest))
    return f"{stem}{max(taken) + 1}"


MAX_EDITED = 1_000
"""The most edited finals that are taken over, and at most as many that were sent as they were."""
EVERY = 10
"""Of the heavily edited finals every tenth is proposed as a case instead of being learnt."""
MAX_CASES = 20
"""Proposed of either kind: a benchmark is 20 to 30 cases."""
_Ranked = tuple[tuple[float, str, int], Review]
"""Numbers in the store differ, so that reviews themselves are never compared."""


@dataclass(frozen=True, slots=True)
class PlanParts:
    """What goes into the files."""

    edited: list[Review]
    accepted: list[Review]
    cases: list[Line]
    old: OldData
    kept: list[Line]
    """Of the old lines."""
    replaced: int

    @property
    def new(self) -> list[Line]:
        """The examples that are added, the most edited first."""
        return [training_line(review) for review in (*self.edited, *self.accepted)]

    @property
    def training(self) -> list[Line]:
        """All that is learnt."""
        return [*self.kept, *self.new]


def choose(project: Project, store: Store, held: Decision) -> PlanParts:
    """Edited and accepted finals, the old examples that still hold, and cases to propose."""
    chosen = ReviewFilter(task=held.task)
    edited, sent = _best(training_reviews(project, store, chosen))
    if not edited:
        raise RequestError(
            f"{held.task}: no edited output outside the benchmark, so there is nothing to add to"
            " the training data; `lora-harness reviews import FILE` brings reviews in"
        )
    heavy = [review for review in edited if (review.edit_rate or 0.0) >= HEAVY]
    held_out = {review.id for review in heavy[EVERY - 1 :: EVERY][:MAX_CASES]}
    learnt = [review for review in edited if review.id not in held_out]
    accepted = sent[: len(learnt)]
    old = old_data(project, held.adapter)
    newer = {normal(review.input) for review in (*learnt, *accepted)}
    fresh = [line for line in old.lines if normal(line["input"]) not in newer]
    inside = _inside(project, [*fresh, *map(training_line, (*learnt, *accepted))])
    kept = [line for line in fresh if line["input"] not in inside]
    learnt = [review for review in learnt if review.input not in inside]
    accepted = [review for review in accepted if review.input not in inside]
    cases = list(_proposed(candidate_lines(project, store, chosen), held_out))
    inputs = [line["input"] for line in kept] + [r.input for r in (*learnt, *accepted)]
    return PlanParts(
        learnt, accepted, _unlearnt(cases, inputs), old, kept, len(old.lines) - len(fresh)
    )


def _best(reviews: Iterable[Review]) -> tuple[list[Review], list[Review]]:
    """The most edited, the newer of two alike; and the newest that were sent as they were."""
    edited: list[_Ranked] = []
    sent: list[_Ranked] = []
    for review in reviews:
        heap = edited if review.edit_rate else sent
        ranked = ((review.edit_rate or 0.0, review.at, review.seq), review)
        if len(heap) < MAX_EDITED:
            heappush(heap, ranked)
        else:
            heappushpop(heap, ranked)
    return _unpacked(edited), _unpacked(sent)


def _unpacked(heap: list[_Ranked]) -> list[Review]:
    return [review for _, review in sorted(heap, reverse=True)]


def _inside(project: Project, lines: Sequence[Line]) -> set[str]:
    """Inputs that a benchmark holds, reworded or not, as `train` will see the whole file."""
    inputs = [line["input"] for line in lines]
    found = (
        overlap(inputs, case_inputs(one.name, one.cases)) for one in project.benchmarks.values()
    )
    return {inputs[one.index] for many in found for one in many}


def _proposed(lines: Iterable[Line], held_out: set[str]) -> Iterable[Line]:
    """The newest that were thrown away, and the finals that are not learnt."""
    rejected: list[Line] = []
    for line in lines:
        if line["id"] in held_out:
            yield line
        elif "ideal" not in line:
            rejected = [*rejected, line][-MAX_CASES:]
    yield from rejected


def _unlearnt(cases: list[Line], inputs: Sequence[str]) -> list[Line]:
    """Cases that no example of the training file gives away."""
    named = {str(place): case["input"] for place, case in enumerate(cases)}
    learnt = {found.case for found in overlap(inputs, named)}
    return [case for place, case in enumerate(cases) if str(place) not in learnt]


def plan(
    project: Project, task: str | None = None, folder: str | None = None, url: str | None = None
) -> Plan:
    """Write the plan of one task into a folder; files of an earlier plan are replaced."""
    name = str(project.task_benchmark(task).task)
    (found,) = monitor(project, MonitorRequest(name, inputs=False, store=url))
    if found.promoted is None:
        raise RequestError(f"{name}: nothing is promoted, so there is nothing to plan for")
    place = _shown(Path(folder) if folder else project.settings.reports / f"plan-{name}")
    with closing(open_store(project, url)) as store:
        parts = choose(project, store, found.promoted)
    lines = parts.training
    training = place / f"{name}-{_fingerprint(lines)[:8]}.jsonl"
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
        left_out=len(parts.old.lines) - len(parts.kept) - parts.replaced,
        examples=len(lines),
        rejected_cases=sum("ideal" not in case for case in parts.cases),
        edited_cases=sum("ideal" in case for case in parts.cases),
        training=str(training),
        name=next_adapter,
        train=_command(next_adapter, training, name, found.promoted.adapter, parts),
    )
    _write(place, training, parts, project.redaction.record(made))
    return made


def _shown(place: Path) -> Path:
    """As short as it can be typed from here."""
    here = Path.cwd()
    return place.relative_to(here) if place.is_relative_to(here) else place


def _fingerprint(lines: Sequence[Line]) -> str:
    return data_fingerprint([Example(line["input"], line["output"]) for line in lines])


def _command(name: str, training: Path, task: str, promoted: str, parts: PlanParts) -> str:
    words = ["lora-harness", "train", name, "--data", str(training), "--task", task]
    if not parts.old.lines:
        words += ["--parent", promoted]  # its data is not here, its weights are
    if len(parts.training) < SMALL:
        words.append("--anyway")
    return " ".join(map(quote, words))


def _write(place: Path, training: Path, parts: PlanParts, shown: Plan) -> None:
    """Each file whole; the words come last, when everything they name is there."""
    try:
        write_atomically(place / "examples.jsonl", _jsonl(parts.new))
        write_atomically(place / "cases.jsonl", _jsonl(parts.cases))
        write_atomically(training, _jsonl(parts.training))
        write_atomically(place / "plan.md", plan_markdown(shown))
    except OSError as problem:
        raise WorldFailed(f"{place}: cannot be written ({reason(problem)})") from None


def _jsonl(lines: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
