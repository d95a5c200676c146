"""Train an adapter and record its data, base and recipe; a killed training resumes.

The adapter appears under its name in one rename, complete with `training.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import harness
from harness.engines.local.skeleton import Skeleton
from harness.engines.trainer import Lesson, Recipe, train_lora
from harness.errors import AdapterRefused, DataError, RequestError, WorldFailed
from harness.extras import refuse_missing
from harness.findings.dataset import SMALL, case_inputs, overlaps
from harness.flows.evaluation.work import messages_for
from harness.flows.project import Project, commit, utc_now
from harness.flows.training.data_versions import find_set, version_of_data
from harness.libraries import versions
from harness.records import RESERVED, Benchmark, DataOrigin
from harness.records.training_example import TrainingExample
from harness.text.figures import count
from harness.workspace.adapters.base_shape import base_shape
from harness.workspace.adapters.config import ALL_LINEAR, MODULE
from harness.workspace.adapters.files import TRAINING, AdapterFiles, read_adapter, snapshot
from harness.workspace.adapters.inspection import inspect
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.weights import Weights
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.names import check_name
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.project.conversations import CONTEXT
from harness.workspace.project.data_origins import read_data_origin
from harness.workspace.project.training_data import AS_WRITTEN, TrainingSet, read_training_set

TRAINER = ("trl", "datasets", "accelerate")
"""What trains and is not installed with the package: the extra `train` brings it."""
LIBRARIES = ("torch", "transformers", "peft", "trl", "accelerate", "datasets", "tokenizers")


@dataclass(frozen=True, slots=True)
class Trained:
    """An adapter that was trained, with its losses and duration."""

    name: str
    folder: Path
    digest: str
    examples: int
    losses: tuple[float, ...]
    seconds: float
    format: str
    """What people call the format of the training set."""
    origin: DataOrigin
    """Where the set comes from; what its card leaves open is recorded as not stated."""


def train(
    project: Project,
    name: str,
    data: Path,
    recipe: Recipe,
    *,
    task: str | None = None,
    parent: str | None = None,
    anyway: bool = False,
    columns: ExampleColumns = AS_WRITTEN,
    place: Path | None = None,
    on_stage: Callable[[str], None] = lambda words: None,
    on_progress: Callable[[int, int, float | None], None] = lambda step, steps, loss: None,
) -> Trained:
    """Train `adapters/<name>` on a training set; refuse to overwrite an adapter.

    A set that is too small, or that holds a benchmark's cases, needs `anyway`, which is recorded.
    In another `place` than the project's adapters it is a temporary one. `on_stage` hears in words
    what begins, once the request is known to be right.
    """
    adapters = project.settings.adapters if place is None else place
    if name in RESERVED:
        raise RequestError(f"{name} is a reserved name, choose another")
    if (adapters / check_name(name)).exists():
        raise RequestError(f"{name}: exists already under {adapters}, choose a new name")
    prepared = prepare(project, name, data, recipe, task, parent, anyway, columns)
    benchmark, dataset, about = prepared.benchmark, prepared.dataset, prepared.about
    # The same training finds its own folder again, with the checkpoints of a killed process.
    work = adapters / ".training" / f"{name.replace('/', '__')}-{resume_key(about)}"
    work.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    lessons = [one for e in dataset.taught for one in e.repeat * [*lessons_of(benchmark, e)]]
    on_stage(f"{count(len(lessons), 'answer')} to learn; loading the base, torch and TRL")
    base, quantize = model_folder(project.base), project.base.quantize
    # a copy, so that the recorded digest stays true even if the parent changes meanwhile
    parent_folder = snapshot(prepared.above, work / "parent") if prepared.above else None
    losses = train_lora(base, lessons, recipe, work, parent_folder, on_progress, quantize)
    seconds = round(time.monotonic() - begun, 1)
    about |= {
        "finished": utc_now(project.settings.calendar),
        "seconds": seconds,
        "losses": [round(x, 4) for x in losses],
    }
    _publish(work, adapters / name, about)
    made = read_adapter(adapters, name)
    examples, kind = len(dataset.taught), dataset.format
    return Trained(
        name, made.folder, made.digest, examples, tuple(losses), seconds, kind, prepared.origin
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A training that was found sound, before its first step."""

    benchmark: Benchmark
    data: Path
    """The file of the training set, or the name of a version of it."""
    dataset: TrainingSet
    origin: DataOrigin
    above: AdapterFiles | None
    """The adapter to start from."""
    about: dict[str, Any]
    """The part of `training.json` that is known by now."""


def prepare(
    project: Project,
    name: str,
    data: Path,
    recipe: Recipe,
    task: str | None,
    parent: str | None,
    anyway: bool,
    columns: ExampleColumns,
) -> Prepared:
    """Read the training set and everything else that a training rests on; refuse what is unfit."""
    refuse_recipe(recipe)
    refuse_missing("training", "train", *TRAINER)
    benchmark = project.task_benchmark(task)
    data = find_set(project, data)
    dataset = read_training_set(data, columns)
    if not dataset.taught:
        raise DataError(f"{data}: every example is retired, so there is nothing to teach")
    if CONTEXT not in benchmark.template and any(e.context for e in dataset.taught):
        raise DataError(
            f"{data}: has examples with `context`, but `template` of benchmark {benchmark.name}"
            f" has no {CONTEXT}: put it there, as its prompts are what is learnt"
        )
    origin = read_data_origin(data)
    above = _sound(project, parent) if parent else None
    about = _about(project, name, benchmark, dataset, recipe, parent)
    if said := columns.as_table():  # the gate and the next plan read the file again
        about["dataset"]["columns"] = said
    if len(dataset.taught) < len(dataset.examples):
        about["dataset"]["retired"] = len(dataset.examples) - len(dataset.taught)
    if known := version_of_data(data, dataset.fingerprint):
        about["dataset"]["version"] = known
    about["origin"] = origin.stated()
    about["anyway"] = _objections(project, data, dataset, anyway)
    return Prepared(benchmark, data, dataset, origin, above, about)


def lessons_of(benchmark: Benchmark, example: TrainingExample) -> Iterator[Lesson]:
    """Yield a lesson for each answer that is learnt: all turns before it, and the answer.

    An answer of its own, so that a template that writes earlier turns in another way (without their
    thoughts, say) teaches the very tokens that the model will be asked for.
    """
    *above, asked = messages_for(
        benchmark, example.input, system=example.system, context=example.context
    )
    for place in example.learnt:
        given = (*above, *example.turns[:place])
        yield Lesson(given, example.turns[place].content, benchmark.chat)
    yield Lesson((*above, *example.turns, asked), example.output, benchmark.chat)


def refuse_recipe(recipe: Recipe) -> None:
    """Refuse numbers that are not finite, and module names that are patterns."""
    for name in ("dropout", "epochs", "learning_rate"):
        if not isfinite(getattr(recipe, name)):
            option = name.replace("_", "-")
            raise RequestError(f"--{option} is {getattr(recipe, name)}, a finite number is needed")
    names = [] if recipe.targets == ALL_LINEAR else recipe.targets.split(",")
    for name in names:
        if not MODULE.fullmatch(name):
            raise RequestError(
                f"--targets has {name[:60]!r}, which is no module name; {ALL_LINEAR} is allowed, or"
                " names with commas"
            )


def _sound(project: Project, name: str) -> AdapterFiles:
    """Return the adapter to start from, inspected like a candidate."""
    files = read_adapter(project.settings.adapters, name)
    base = project.base
    folder = model_folder(base)
    shape = base_shape(folder, base.content, base.quantized)
    for found in inspect(files, shape, Skeleton(lambda: folder)):
        if not found.ok:
            raise AdapterRefused(found.message)
    return files


def _objections(project: Project, data: Path, dataset: TrainingSet, anyway: bool) -> list[str]:
    """Return the objections to training on this set; raise them unless they were overruled."""
    examples = dataset.taught
    found: list[str] = []
    if len(examples) < SMALL:
        found.append(f"{len(examples)} examples, fine-tuning needs {SMALL} or more")
    for benchmark in project.benchmarks.values():
        inputs = case_inputs(benchmark)
        seen = list(overlaps(examples, inputs))
        if seen:
            lines = "line" if len(seen) == 1 else f"{len(seen)} lines, the first"
            found.append(
                f"holds cases of benchmark {benchmark.name}"
                f" ({lines} {seen[0].line}: {seen[0].message})"
            )
    if found and not anyway:
        raise DataError(
            f"{data}: {'; '.join(found)}; mend it (`lora-harness data check {data}`), or"
            " train all the same with --anyway"
        )
    return found


def _about(
    project: Project,
    name: str,
    benchmark: Benchmark,
    dataset: TrainingSet,
    recipe: Recipe,
    parent: str | None,
) -> dict[str, Any]:
    """Return the part of `training.json` that is known before the first step."""
    adapters = project.settings.adapters
    rendering = [benchmark.chat.rendering] if benchmark.chat.rendering else []
    prompt = json.dumps([benchmark.system, benchmark.template, *rendering])
    used = (*LIBRARIES, "bitsandbytes") if project.base.quantized else LIBRARIES
    return {
        "format": 1,
        "name": name,
        "task": benchmark.task,
        "base": _trained_on(project.base),
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "examples": len(dataset.examples),
        },
        "prompt": hashlib.sha256(prompt.encode()).hexdigest(),
        "parent": {"name": parent, "digest": read_adapter(adapters, parent).digest}
        if parent
        else None,
        "recipe": asdict(recipe),
        "seed": recipe.seed,
        "versions": {"lora-harness": harness.__version__} | versions(used),
        "source": commit(project.settings.root),
    }


def _trained_on(base: Weights) -> dict[str, str]:
    """Return the base's files, and how they were quantised, since the same files serve any form."""
    files = {"reference": base.reference, "digest": base.content}
    return files | ({"quantized": base.quantized} if base.quantized else {})


def resume_key(about: dict[str, Any]) -> str:
    """Return a digest of the parts that must be equal to resume from a checkpoint."""
    parts = {key: about[key] for key in ("base", "dataset", "prompt", "parent", "recipe")}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _publish(work: Path, target: Path, about: dict[str, Any]) -> None:
    """Complete the finished folder, then move it to its name in a single rename."""
    made = work / "adapter"
    config = made / "adapter_config.json"
    table = json.loads(config.read_text(encoding="utf-8"))
    table["base_model_name_or_path"] = about["base"]["reference"]
    table["target_modules"] = sorted(table["target_modules"])  # PEFT's set has no order
    write_atomically(config, json.dumps(table, indent=2, sort_keys=True) + "\n")
    write_atomically(made / TRAINING, json.dumps(about, indent=2, ensure_ascii=False) + "\n")
    (made / "README.md").unlink(missing_ok=True)  # PEFT's template; `promote` writes the card
    for file in made.iterdir():
        if file.name.startswith("."):  # a half-written file of a killed training
            file.unlink()
        else:
            file.chmod(0o644)
            # after a power cut, the name must not lead to files whose bytes never reached the disk
            with file.open("rb") as written:
                os.fsync(written.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        made.replace(target)
    except OSError as problem:
        taken = target.exists()  # by another training that finished meanwhile
        raise (RequestError if taken else WorldFailed)(
            f"{target}: cannot take its place there ({problem.strerror}), the finished adapter"
            f" lies in {made}"
        ) from problem
    shutil.rmtree(work, ignore_errors=True)
