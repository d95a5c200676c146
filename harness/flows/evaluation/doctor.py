"""Examine an adapter: whether it is safe, complete, made for this base, and applied when loaded.

Tested in tests/flows/test_store.py.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.engines.local.shipped import ShippedDifference
from harness.errors import HarnessError
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.backends import LocalBackend
from harness.flows.evaluation.contamination import find_contamination, read_training_of
from harness.flows.evaluation.generation import applied_shift
from harness.flows.evaluation.templates import described, refuse_unchosen, shipped_difference
from harness.flows.project import Project
from harness.records import Benchmark, DoctorCheck
from harness.workspace.adapters.inspection import base_shape, inspect
from harness.workspace.base.gguf import model_folder


def doctor(project: Project, name: str) -> list[DoctorCheck]:
    """Return every check that could be made; raise if the name is no adapter's."""
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
        # Having seen a case is no failure of the adapter: the case is left out of the verdict.
        task = (read_training_of(project.settings.adapters, name) or {}).get("task")
        for benchmark in project.benchmarks.values():
            if benchmark.guard or task in (None, benchmark.task):
                found.append(DoctorCheck("training", True, _seen(project, name, benchmark)))
        if sound:
            found += _templates(project, backend, adapter, task)
        if sound:  # an unsound adapter is never loaded
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


def _templates(
    project: Project, backend: LocalBackend, adapter: AdapterRef, task: object
) -> Iterator[DoctorCheck]:
    """Yield for each benchmark what the adapter's own template and tokenizer do differently."""
    for benchmark in project.benchmarks.values():
        if not benchmark.guard and task not in (None, benchmark.task):
            continue
        try:
            found = shipped_difference(backend, adapter, benchmark)
            refuse_unchosen(project, backend, adapter, benchmark)
        except HarnessError as problem:
            yield DoctorCheck("template", False, str(problem))
            continue
        if found is None:
            return  # it ships none that could differ, for no benchmark
        yield DoctorCheck("template", True, _chosen(found, benchmark))


def _chosen(found: ShippedDifference, benchmark: Benchmark) -> str:
    chosen = benchmark.chat.template
    if found.matters:
        return f'{described(found, benchmark)}; [chat] template = "{chosen}" is chosen'
    same = f"its own chat template and tokenizer do with {benchmark.name} as the base's"
    if found.elsewhere:
        return f"{same}, but not with every turn of system, user and assistant"
    return same


def _seen(project: Project, name: str, benchmark: Benchmark) -> str:
    """Return a sentence on the cases of a benchmark that an adapter was trained on."""
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
        reasons = " and ".join(seen.unknown)
        parts.append(f"{reasons}, so nobody can tell whether it saw cases of {benchmark.name}")
    return "; ".join(parts)
