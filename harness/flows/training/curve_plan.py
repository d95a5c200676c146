"""Plan a learning curve: its trainings, those that are done, and how long the others take.

Tested in tests/flows/training/test_learning_curve.py.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

from harness.engines.trainer import Recipe
from harness.errors import DataError, RequestError
from harness.findings import case_texts, overlap_of
from harness.findings.learning_curve import FEWEST_SEEDS, SHARES
from harness.flows.evaluation.contamination import find_contamination, read_training_of
from harness.flows.project import Project, utc_now
from harness.flows.training.nested_sets import nested_parts
from harness.flows.training.train import Prepared, prepare
from harness.records import CurvePoint, LearningCurve
from harness.records.training_example import TrainingExample
from harness.workspace.adapters.files import adapter_names
from harness.workspace.formats.names import check_name
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.project.curves import MAX_SEEDS, curve_file, read_curve
from harness.workspace.project.training_data import AS_WRITTEN

FEWEST_STEPS = 2
"""Steps of a training: in the first the learning rate is 0, and nothing is learnt."""


@dataclass(frozen=True, slots=True)
class CurvePart:
    """A training of the curve."""

    share: float
    seed: int
    examples: tuple[TrainingExample, ...]
    steps: int

    @property
    def label(self) -> str:
        """The part as people read it."""
        return f"{100 * self.share:.0f} % ({len(self.examples)} examples), seed {self.seed}"

    def name(self, prefix: str) -> str:
        """Return the name of its adapter."""
        return check_name(f"{prefix}-{round(100 * self.share)}-s{self.seed}")


@dataclass(frozen=True, slots=True)
class CurvePlan:
    """The trainings of a curve, before the first of them."""

    prepared: Prepared
    recipe: Recipe
    parent: str | None
    file: Path
    work: Path
    """The folder of the temporary adapters."""
    curve: LearningCurve
    """What is measured already."""
    parts: tuple[CurvePart, ...]
    """The trainings that are missing."""
    kept: str | None
    """The first part of the names of adapters that are kept; None keeps none."""
    seconds: float | None
    """Estimated time of training; None where no training tells."""


def plan_curve(
    project: Project,
    data: Path,
    recipe: Recipe,
    *,
    seeds: int,
    task: str | None = None,
    parent: str | None = None,
    anyway: bool = False,
    columns: ExampleColumns = AS_WRITTEN,
    keep: str | None = None,
) -> CurvePlan:
    """Find what a curve needs and what is there of it; refuse what cannot be trained or scored."""
    if not FEWEST_SEEDS <= seeds <= MAX_SEEDS:
        raise RequestError(f"{seeds} seeds, allowed are {FEWEST_SEEDS} to {MAX_SEEDS}")
    prepared = prepare(project, "curve", data, recipe, task, parent, anyway, columns)
    benchmark, dataset = prepared.benchmark, prepared.dataset
    key = _key(prepared)
    file = curve_file(project.settings.reports, benchmark.name, key)
    left_out = _seen(project, prepared, parent)
    groups = {c.id: c.group or c.id for c in benchmark.cases if c.id not in left_out}
    if not groups:
        raise DataError(
            f"{prepared.data}: holds every case of benchmark {benchmark.name}, so nothing is left"
            " to measure with"
        )
    known = read_curve(file) if file.exists() else None
    points = known.points if known else ()
    wanted = _parts(prepared, recipe, seeds)
    there = {(point.share, point.seed) for point in points}
    missing = tuple(
        part
        for part in wanted
        if (part.share, part.seed) not in there
        or (keep and not (project.settings.adapters / part.name(keep)).exists())
    )
    count = len(dataset.taught)
    curve = LearningCurve(
        *(benchmark.task or "", benchmark.name, _set_name(prepared), dataset.fingerprint, count),
        *(max(seeds, len({point.seed for point in points})), groups, left_out, points),
        known.at if known else utc_now(project.settings.calendar),
    )
    work = project.settings.adapters / ".training" / f"curve-{key}"
    return CurvePlan(
        *(prepared, recipe, parent, file, work, curve, missing, keep),
        _seconds(project, prepared, points, missing),
    )


def _parts(prepared: Prepared, recipe: Recipe, seeds: int) -> list[CurvePart]:
    """Return all trainings, seed by seed, so that a killed curve has whole seeds."""
    recipes = [replace(recipe, seed=recipe.seed + number) for number in range(seeds)]
    wanted = [
        CurvePart(share, one.seed, part, _steps(part, one))
        for one in recipes
        for share, part in zip(
            SHARES, nested_parts(prepared.dataset.examples, SHARES, one.seed), strict=True
        )
    ]
    if (fewest := min(part.steps for part in wanted)) < FEWEST_STEPS:
        raise RequestError(
            f"{prepared.data}: a quarter of it is learnt in {fewest} step, in which the learning"
            f" rate only begins to rise; a smaller --batch or more --epochs makes {FEWEST_STEPS}"
        )
    return wanted


def _key(prepared: Prepared) -> str:
    """Return a digest of all that the trainings and scores of a curve have in common."""
    about = prepared.about
    parts = {name: about[name] for name in ("base", "dataset", "prompt", "parent")}
    parts["recipe"] = {name: value for name, value in about["recipe"].items() if name != "seed"}
    parts["made_by"] = about["versions"]["lora-harness"]
    parts["benchmark"] = prepared.benchmark.fingerprint
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _seen(project: Project, prepared: Prepared, parent: str | None) -> dict[str, str]:
    """Return the cases that the set, or a parent's set, holds, with where."""
    texts = case_texts(prepared.benchmark.cases)
    parts = [part for e in prepared.dataset.taught for part in e.exchanges()]
    found = dict[str, str]()
    for hit in overlap_of(parts, texts):
        found.setdefault(hit.case, f"line {parts[hit.index].line} of {prepared.data.name}")
    if parent:
        above = find_contamination(project.settings.adapters, parent, prepared.benchmark)
        found = {**above.cases, **found}
    return found


def _set_name(prepared: Prepared) -> str:
    version = prepared.about["dataset"].get("version")
    stem = prepared.data.stem
    return f"{stem}@{version}" if version and "@" not in stem else prepared.data.name


def _steps(part: tuple[TrainingExample, ...], recipe: Recipe) -> int:
    return math.ceil(recipe.epochs * math.ceil(_lessons(part) / recipe.batch))


def _lessons(part: tuple[TrainingExample, ...]) -> int:
    return sum(example.repeat * (len(example.learnt) + 1) for example in part)


def _seconds(
    project: Project,
    prepared: Prepared,
    points: tuple[CurvePoint, ...],
    missing: tuple[CurvePart, ...],
) -> float | None:
    """Estimate the seconds of training from those of this curve, else of the newest adapter."""
    spent = sum(point.seconds for point in points)
    examples = float(sum(point.examples for point in points))
    if not points:
        spent, examples = _newest_training(project, prepared)
    return spent / examples * sum(len(part.examples) for part in missing) if examples else None


def _newest_training(project: Project, prepared: Prepared) -> tuple[float, float]:
    """Return how long the newest adapter of this base took, and for how many examples like ours."""
    adapters, epochs = project.settings.adapters, prepared.about["recipe"]["epochs"]
    newest, found = "", (0.0, 0.0)
    for name in adapter_names(adapters):
        about = read_training_of(adapters, name) or {}
        try:  # files of other people may hold anything
            if about["base"] == prepared.about["base"] and about["finished"] > newest:
                taught = about["dataset"]["examples"] * about["recipe"]["epochs"] / epochs
                newest, found = about["finished"], (float(about["seconds"]), float(taught))
        except (KeyError, TypeError, ValueError):
            continue
    return found
