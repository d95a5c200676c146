"""Examine an adapter: whether it is safe, complete, made for this base, and applied when loaded.

Tested in tests/flows/test_store.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.engines.local.shipped import ShippedDifference
from harness.errors import AdapterRefused, HarnessError
from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.flows.evaluation.backends import LocalBackend
from harness.flows.evaluation.contamination import find_contamination, read_training_of
from harness.flows.evaluation.generation import applied_shift
from harness.flows.evaluation.provenance import trained_on_word
from harness.flows.evaluation.served_doctor import examine
from harness.flows.evaluation.templates import described, refuse_unchosen, shipped_difference
from harness.flows.project import Project
from harness.records import ADAPTER_TEMPLATE, BASE_TEMPLATE, Benchmark, DoctorCheck
from harness.text.figures import count
from harness.workspace.adapters.files import AdapterFiles
from harness.workspace.adapters.origin import read_origin
from harness.workspace.adapters.served import ServedModel, is_served, read_served
from harness.workspace.base.gguf import refuse_changed_copy
from harness.workspace.formats.scratch import scratch_folder

if TYPE_CHECKING:
    from harness.engines.local.chat_format import ChatFormat


def doctor(project: Project, name: str) -> list[DoctorCheck]:
    """Return every check that could be made; raise if the name is no adapter's."""
    adapters = project.settings.adapters
    if is_served(adapters, name):
        return _name_checks(project, read_served(adapters, name))
    with scratch_folder() as copies:
        backend = LocalBackend(project, copies)
        adapter = backend.adapter(name)
        if adapter.files is None:
            return [DoctorCheck("name", True, f"{name} is the base model itself")]
        called = f"{adapter.files.folder}, digest {adapter.digest[:12]}"
        if adapter.files.weights_digest != adapter.digest:
            called += f" ({adapter.files.weights_digest[:12]} without its tokenizer)"
        found = [DoctorCheck("name", True, called), *_origin(adapter.files)]
        found += _converted(project)
        if not found[-1].ok:  # no other check says anything on a base that cannot be trusted
            return found
        found += backend.inspected(adapter.files)
        if project.base.quantized:
            found.append(DoctorCheck("quantized", True, f"judged on {project.base.described}"))
        sound = all(check.ok for check in found)
        if sound and (said := trained_on_word(project, adapter.files)):
            found.append(DoctorCheck("trained on", True, said))
        # Having seen a case is no failure of the adapter: the case is left out of the verdict.
        task = (read_training_of(adapters, name) or {}).get("task")
        judging = _judging(project, task)
        for benchmark in judging:
            found.append(DoctorCheck("training", True, _seen(project, name, benchmark)))
        if sound:
            found += _shipped_templates(project, backend, adapter, judging)
        if sound:  # an unsound adapter is never loaded
            found += _templates(backend, adapter, judging)
            benchmark = next(iter(project.benchmarks.values()))
            try:
                shift = applied_shift(backend, adapter, benchmark)
                message = f"moves the base's logits by up to {shift:.3g}"
                found.append(DoctorCheck("applied", True, message))
            except HarnessError as problem:
                found.append(DoctorCheck("applied", False, str(problem)))
        return found


def _name_checks(project: Project, served: ServedModel) -> list[DoctorCheck]:
    """Return the checks of a name, whose training set is known where a file beside it says so."""
    training = read_training_of(project.settings.adapters, served.name) or {}
    judging = _judging(project, training.get("task") or served.task or None)
    found = list(examine(project, served, judging))
    found += [DoctorCheck("training", True, _seen(project, served.name, b)) for b in judging]
    return found


def _judging(project: Project, task: object) -> list[Benchmark]:
    return [b for b in project.benchmarks.values() if b.guard or task in (None, b.task)]


def _converted(project: Project) -> Iterator[DoctorCheck]:
    """Say whether the converted copy of a GGUF base still has the bytes that were written."""
    base = project.base  # one that is missing or cannot be read is no finding, but an error
    try:
        if refuse_changed_copy(base):
            yield DoctorCheck("converted", True, "the base's copy in the cache is as it was made")
    except HarnessError as problem:
        yield DoctorCheck("converted", False, str(problem))


def _origin(files: AdapterFiles) -> list[DoctorCheck]:
    """Say where a fetched adapter came from; no origin is no failure of the adapter."""
    try:
        origin = read_origin(files.folder)
    except AdapterRefused as problem:
        return [DoctorCheck("origin", True, f"not known: {problem}")]
    if origin is None:
        return []
    other = "" if origin.digest == files.digest else "; its bytes were changed since"
    return [DoctorCheck("origin", True, f"{origin.resolved}, fetched {origin.at[:10]}{other}")]


def _templates(
    backend: Backend, adapter: AdapterRef, benchmarks: Sequence[Benchmark]
) -> list[DoctorCheck]:
    """Return what ends an answer and whose template makes the prompts, once for equal ones."""
    found: dict[str, list[str]] = {}
    try:
        for benchmark in benchmarks:
            form = backend.chat_format(adapter, benchmark)
            if form is not None:
                found.setdefault(_template(form), []).append(benchmark.name)
    except HarnessError as problem:
        return [DoctorCheck("template", False, str(problem))]
    several = len(found) > 1
    return [
        DoctorCheck("template", True, f"{', '.join(names)}: {said}" if several else said)
        for said, names in found.items()
    ]


def _template(form: ChatFormat) -> str:
    """Describe the end of turn, the source of the template and what it does to system texts."""
    end = f"ends with {form.end.text}" if form.end.text else "has no end of turn"
    if form.template is None:
        return f"{end}, plain lines for want of a chat template"
    shipped = form.source in (BASE_TEMPLATE, ADAPTER_TEMPLATE)
    said = f"{end}, template {'of the ' if shipped else ''}{form.source}"
    if form.folds_system:
        said += "; it has no system role, system text is folded into the first user turn"
    return said


def _shipped_templates(
    project: Project, backend: LocalBackend, adapter: AdapterRef, benchmarks: Sequence[Benchmark]
) -> Iterator[DoctorCheck]:
    """Yield for each benchmark what the adapter's own template and tokenizer do differently."""
    for benchmark in benchmarks:
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
    asked = replace(benchmark, cases=benchmark.all_cases, reserve=())
    seen = find_contamination(project.settings.adapters, name, asked)
    total = count(len(benchmark.cases), "case")
    if benchmark.reserve:
        total += f" and {count(len(benchmark.reserve), 'reserve case')}"
    parts = []
    if seen.cases:
        some = "; ".join(f"{case} ({where})" for case, where in list(seen.cases.items())[:3])
        more = f"; and {len(seen.cases) - 3} more" if len(seen.cases) > 3 else ""
        be = "is" if len(seen.cases) == 1 else "are"
        parts.append(
            f"{len(seen.cases)} of {total} of {benchmark.name} {be} in its training data and"
            f" {be} left out of the verdict: {some}{more}"
        )
    elif seen.looked_at:
        parts.append(f"none of {total} of {benchmark.name} is in its training data")
    if seen.unknown:
        reasons = " and ".join(seen.unknown)
        parts.append(f"{reasons}, so nobody can tell whether it saw cases of {benchmark.name}")
    return "; ".join(parts)
