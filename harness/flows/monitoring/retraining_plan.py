"""From alarm to remedy: what editors made of the outputs becomes the next training set.

The benchmark itself is never changed here: new cases are proposed, and a person decides.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from shlex import quote
from typing import Any

from harness.errors import RequestError, WorldFailed, reason
from harness.findings.dataset import SMALL
from harness.flows.monitoring.monitor import Look, monitor
from harness.flows.monitoring.next_name import next_name
from harness.flows.monitoring.remedy_parts import Parts, choose
from harness.flows.project import Project
from harness.flows.reviews.export import Line
from harness.flows.store import open_store
from harness.records import Example, Plan
from harness.render.plan import plan_markdown
from harness.workspace.formats.cache import write_atomically
from harness.workspace.project.training_data import data_fingerprint


def plan(
    project: Project, task: str | None = None, folder: str | None = None, url: str | None = None
) -> Plan:
    """Write the plan of one task into a folder; files of an earlier plan are replaced."""
    name = str(project.task_benchmark(task).task)
    (found,) = monitor(project, Look(name, inputs=False, store=url))
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


def _command(name: str, training: Path, task: str, promoted: str, parts: Parts) -> str:
    words = ["lora-harness", "train", name, "--data", str(training), "--task", task]
    if not parts.old.lines:
        words += ["--parent", promoted]  # its data is not here, its weights are
    if len(parts.training) < SMALL:
        words.append("--anyway")
    return " ".join(map(quote, words))


def _write(place: Path, training: Path, parts: Parts, shown: Plan) -> None:
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
