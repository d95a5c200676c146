"""The doctor: is this adapter safe, complete, for this base, and really applied?"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from harness.errors import HarnessError
from harness.flows.evaluation.backends import LocalBackend
from harness.flows.evaluation.contamination import find_contamination, read_training_of
from harness.flows.evaluation.generation import applied_shift
from harness.flows.project import Project
from harness.records import Benchmark, DoctorCheck
from harness.workspace.adapters.inspection import base_shape, inspect
from harness.workspace.base.gguf import model_folder


def doctor(project: Project, name: str) -> list[DoctorCheck]:
    """Every line that could be looked at; a name that is no adapter raises."""
    copies = Path(tempfile.mkdtemp(prefix="lora-harness-"))
    try:
        backend = LocalBackend(project, copies)
        adapter = backend.adapter(name)
        if adapter.files is None:
            return [DoctorCheck("name", True, f"{name} is the base model itself")]
        found = [DoctorCheck("name", True, f"{adapter.files.folder}, digest {adapter.digest[:12]}")]
        shape = base_shape(model_folder(project.base), project.base.digest)
        found += inspect(adapter.files, shape)
        sound = all(check.ok for check in found)
        found += _training(project, name)
        if sound:
            benchmark = next(iter(project.benchmarks.values()))
            try:
                shift = applied_shift(backend, adapter, benchmark)
                message = f"moves the base's logits by up to {shift:.3g}"
                found.append(DoctorCheck("applied", True, message))
            except HarnessError as problem:
                found.append(DoctorCheck("applied", False, str(problem)))
        return found
    finally:
        shutil.rmtree(copies, ignore_errors=True)


def _training(project: Project, name: str) -> list[DoctorCheck]:
    """Whether it has seen what it is judged on: no reason to refuse it, they are left out."""
    task = (read_training_of(project, name) or {}).get("task")
    mine = [b for b in project.benchmarks.values() if b.guard or task in (None, b.task)]
    return [DoctorCheck("training", True, _seen(project, name, benchmark)) for benchmark in mine]


def _seen(project: Project, name: str, benchmark: Benchmark) -> str:
    seen = find_contamination(project.settings.adapters, name, benchmark)
    total = len(benchmark.cases)
    parts = []
    if seen.cases:
        some = "; ".join(f"{case} ({where})" for case, where in list(seen.cases.items())[:3])
        more = f"; and {len(seen.cases) - 3} more" if len(seen.cases) > 3 else ""
        be = "is" if len(seen.cases) == 1 else "are"
        parts.append(
            f"{len(seen.cases)} of {total} cases of {benchmark.name} {be} in its training data and"
            f" {be} left out of the verdict: {some}{more}"
        )
    elif seen.looked_at:
        parts.append(f"none of {total} cases of {benchmark.name} is in its training data")
    if seen.unknown:
        said = " and ".join(seen.unknown)
        parts.append(f"{said}, so nobody can tell whether it saw cases of {benchmark.name}")
    return "; ".join(parts)
