"""Train on nested parts of a set, measure every adapter, and keep the scores: a learning curve.

The file of the scores says which trainings are done, so a killed curve goes on with the next one.
Adapters are temporary: each is removed once it is measured, unless it is to be kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import WorldFailed
from harness.findings.learning_curve import CURVE_METRICS, enough, foretell
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.project import Project, utc_now
from harness.flows.training.curve_plan import CurvePart, CurvePlan
from harness.flows.training.train import train
from harness.records import CurvePoint, EnoughExamples, Foretold, LearningCurve
from harness.text.safe import json_line
from harness.workspace.adapters.files import read_training
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.locks import locked
from harness.workspace.project.curves import write_curve
from harness.workspace.project.data_origins import origin_card_of
from harness.workspace.project.training_data import DATASETS, example_object

HERE = "transformers"
"""The engine that measures where the project's own cannot load a new adapter."""
ELSEWHERE = ("recorded", "openai")
"""Engines that know only what was recorded, or what a server has loaded."""
OnStep = Callable[[int, int, str], None]
"""Called with the steps that are done, all steps of the missing trainings, and what is going on."""


@dataclass(frozen=True, slots=True)
class CurveResult:
    """A finished curve."""

    curve: LearningCurve
    foretold: tuple[Foretold, ...]
    enough: EnoughExamples | None
    """None where the team declared no line for the task's edit rate."""
    file: Path
    made: int
    """Trainings of this process."""
    kept: tuple[str, ...]
    """Names of adapters that were kept."""


def train_curve(
    project: Project,
    plan: CurvePlan,
    on_step: OnStep = lambda done, steps, what: None,
) -> CurveResult:
    """Make the missing trainings one after the other, each measured and kept before the next."""
    steps, done, curve, kept = sum(part.steps for part in plan.parts), 0, plan.curve, list[str]()
    write_curve(plan.file, curve)
    with locked(project.settings.reports / ".locks", plan.work.name):
        for number, part in enumerate(plan.parts, 1):
            what = f"{number} of {len(plan.parts)}: {part.label}"

            def on_part(step: int, begun: int = done, what: str = what) -> None:
                on_step(begun + step, steps, what)

            on_part(0)
            point = _point(project, plan, part, on_part)
            others = tuple(p for p in curve.points if (p.share, p.seed) != (part.share, part.seed))
            curve = replace(curve, points=(*others, point), at=utc_now(project.settings.calendar))
            write_curve(plan.file, curve)
            done += part.steps
            if plan.kept:
                kept.append(_keep(project, plan, part))
            else:
                shutil.rmtree(plan.work / part.name("part"))
        shutil.rmtree(plan.work, ignore_errors=True)
    foretold, line = foretell(curve), project.settings.monitor.get(curve.task, {}).get("edit_rate")
    told = enough(foretold, line)
    return CurveResult(curve, foretold, told, plan.file, len(plan.parts), tuple(kept))


def _point(
    project: Project,
    plan: CurvePlan,
    part: CurvePart,
    on_step: Callable[[int], None],
) -> CurvePoint:
    """Train on a part and measure the adapter; an adapter that waits to be measured is taken."""
    name = part.name(plan.kept or "part")
    folder = plan.work / name
    if not folder.exists():
        file = plan.work / DATASETS / f"{name.replace('/', '__')}.jsonl"
        _write_part(plan, part, file)
        train(
            *(project, name, file, replace(plan.recipe, seed=part.seed)),
            task=plan.prepared.benchmark.task,
            parent=plan.parent,
            anyway=True,  # the whole set was asked about, and a part has fewer examples
            place=plan.work,
            on_progress=lambda step, steps, loss: on_step(min(part.steps, step)),
        )
    seconds = (read_training(folder) or {}).get("seconds", 0.0)
    return CurvePoint(
        *(part.share, len(part.examples), part.seed),
        measure(project, plan, name),
        float(seconds),
        sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
    )


def measure(project: Project, plan: CurvePlan, name: str) -> Mapping[str, Mapping[str, float]]:
    """Measure an adapter on the cases that the set does not hold, in a store of its own."""
    asked = project.settings.engine
    if asked.partition(":")[0] in ELSEWHERE:
        asked = HERE
    history = plan.work / "no-history.jsonl"  # else the store would begin with the project's
    apart = replace(project.settings, adapters=plan.work, history=history)
    request = Request(engine=asked, store=f"sqlite:///{plan.work.resolve() / 'scores.db'}")
    with open_session(
        replace(project, settings=apart), request, lambda step, done, total: None
    ) as session:
        adapter = session.backend.adapter(name)
        session.backend.check(adapter)
        benchmark = session.project.known(plan.prepared.benchmark.name)
        some = frozenset(plan.curve.groups) if plan.curve.left_out else None
        run = session.producer.run(adapter, benchmark, some)
    found: dict[str, dict[str, float]] = {metric: {} for metric in CURVE_METRICS}
    for result in run.results:
        for metric, scores in found.items():
            score = result.scores.get(metric)
            if score is not None:
                scores[result.case.id] = score
    return found


def _write_part(plan: CurvePlan, part: CurvePart, file: Path) -> None:
    """Write a part as a training set, with the card of the set's origin."""
    lines = (json_line(example_object(example)) + "\n" for example in part.examples)
    write_atomically(file, "".join(lines))
    card = origin_card_of(plan.prepared.data)
    if card.exists():
        shutil.copyfile(card, origin_card_of(file))


def _keep(project: Project, plan: CurvePlan, part: CurvePart) -> str:
    """Move an adapter to the project's others, and its part of the set to the training sets."""
    name = part.name(str(plan.kept))
    target = project.settings.adapters / name
    target.parent.mkdir(parents=True, exist_ok=True)
    _write_part(
        plan, part, project.settings.adapters / DATASETS / f"{name.replace('/', '__')}.jsonl"
    )
    try:
        (plan.work / name).replace(target)
    except OSError as problem:
        raise WorldFailed(
            f"{target}: cannot take its place there ({problem.strerror})"
        ) from problem
    return name
