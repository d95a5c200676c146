"""Check training data: find what makes it unfit, write a cleaned copy, and fingerprint it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from harness.engines.person_names import PersonNames
from harness.errors import BenchmarkError, DataError, RequestError, WeightsError
from harness.findings import CaseText
from harness.findings.data_origin import origin_findings
from harness.findings.dataset import LOOK, Measure, case_inputs, check_examples, sides_of
from harness.findings.finding import Finding, in_order
from harness.findings.personal import regions
from harness.findings.voice import HouseVoice
from harness.flows.project import Project
from harness.measure import glossary, phrases
from harness.progress import OnProgress
from harness.records import Benchmark, Check
from harness.records.holds import EXACT, QUOTING
from harness.records.training_example import TrainingExample
from harness.workspace.base.weights import find_weights
from harness.workspace.formats.cache import write_pieces_atomically
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.output_file import behind_links
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.importers.example_copy import copy_format, kept_rows
from harness.workspace.project.data_origins import read_data_origin
from harness.workspace.project.training_data import AS_WRITTEN, Scan, scan_training_set

_PART = 64
"""Examples between two reports of progress."""


def named_people(
    examples: Sequence[TrainingExample],
    model: str,
    root: Path,
    on_progress: Callable[[str, int, int], None],
) -> Iterator[Finding]:
    """Yield a finding per text that holds a person's name; `model` must be on this machine."""
    weights = find_weights(model, root)
    if not weights.path.is_dir():
        raise WeightsError(f"{model}: a folder of a token classification model is needed")
    finder = PersonNames(weights.path)
    for start in range(0, len(examples), _PART):
        on_progress("names", start, len(examples))
        part = examples[start : start + _PART]
        sides = [(example, side, text) for example in part for side, text in sides_of(example)]
        found = finder.find([text for _, _, text in sides])
        for (example, side, _), names in zip(sides, found, strict=True):
            if names:
                # initials only: a finding must not spread the name itself
                initials = ", ".join(f"{name[:1]}…" for name in dict.fromkeys(names))
                message = "a person's name" + side.say(initials)
                yield Finding("personal_data", example.line, message)


KEPT = frozenset({*LOOK, "size"})
"""Kinds of findings that dropping a line does not mend: a person has to look."""


@dataclass(frozen=True, slots=True)
class CheckedData:
    """A training set with its findings."""

    file: str = field(metadata=EXACT)
    examples: int
    """Lines that are examples; bad lines are findings."""
    fingerprint: str = field(metadata=EXACT)
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = field(metadata=QUOTING)
    """The checks that could not be made, and why; what was passed over."""
    format: str = field(default="", metadata=EXACT)
    """What people call the format; empty where no line has one."""

    @property
    def fit(self) -> bool:
        """Whether it may be trained on unchanged."""
        return all(finding.kind in LOOK for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A cleaned copy."""

    file: str = field(metadata=EXACT)
    kept: int
    fingerprint: str = field(metadata=EXACT)
    dropped: tuple[Finding, ...]
    """The first finding of each dropped line."""
    left: tuple[Finding, ...]
    """Findings in the copy, which dropping lines cannot mend."""
    written_as: str = field(default="JSONL", metadata=EXACT)
    """The file format of the copy: that of the original where it is written, else JSONL."""


@dataclass(frozen=True, slots=True)
class DataCheckRequest:
    """The options of a check: benchmarks, task, region and model of names."""

    benchmarks: tuple[str, ...] = ()
    """Names; empty means all of the project."""
    task: str | None = None
    """The task whose glossary and voice count; by default the only task."""
    region: str = "US"
    names: str | None = None
    """A token classification model on this machine that finds people's names; None: not checked."""
    columns: ExampleColumns = AS_WRITTEN
    """Which column is which, and what is left out."""


def check_data(
    project: Project | None,
    file: Path,
    request: DataCheckRequest,
    on_progress: OnProgress = lambda step, done, total: None,
) -> CheckedData:
    """Check a file; without a project, only the checks that need no benchmark are made."""
    measure, notes = measure_for(project, request)
    scan = scan_training_set(file, request.columns)
    notes = (*notes, *scan.notes, *other_system(project, request, scan.examples))
    if retired := sum(bool(example.retired) for example in scan.examples):
        notes = (*notes, f"{retired:,} of {len(scan.examples):,} examples are retired, not taught")
    people: Iterable[Finding] = ()
    if request.names:
        root = project.settings.root if project else Path.cwd()
        people = named_people(scan.examples, request.names, root, on_progress)
    bad = [Finding("empty" if b.blank else "schema", b.line, b.message) for b in scan.bad]
    found = in_order([*bad, *people, *check_examples(scan.examples, measure, on_progress)])
    personal = {one.line for one in found if one.kind == "personal_data"}
    found += origin_findings(read_data_origin(file), len(personal))
    return CheckedData(
        scan.name, len(scan.examples), scan.fingerprint, tuple(found), notes, scan.format
    )


def other_system(
    project: Project | None, request: DataCheckRequest, examples: Sequence[TrainingExample]
) -> Iterator[str]:
    """Yield a note where examples bring a system text that the task's benchmark does not have."""
    if project is None:
        return
    try:
        benchmark = project.task_benchmark(request.task)
    except BenchmarkError:
        return  # `measure_for` says why
    own = benchmark.system.strip()
    other = sum(e.system is not None and e.system.strip() != own for e in examples)
    if other:
        yield (
            f"{other:,} of {len(examples):,} examples have another system text than"
            f" {benchmark.name}: they are learnt with theirs, and judged with the benchmark's"
        )


def fix_data(
    project: Project | None, file: Path, to: Path, checked: CheckedData, request: DataCheckRequest
) -> Fixed:
    """Write a copy without the lines that dropping mends; the original does not change."""
    if to.resolve() == file.resolve():
        raise RequestError(f"{to}: is the file itself, name another for the cleaned copy")
    written_as = copy_format(file, to)
    dropped: dict[int, Finding] = {}
    for finding in checked.findings:
        if finding.line is not None and finding.kind not in KEPT:
            dropped.setdefault(finding.line, finding)
    pieces = kept_rows(file, to, frozenset(dropped))
    first = next(pieces, None) if checked.examples else None
    if first is None:
        raise RequestError(f"{file}: nothing would be left, so no copy was written")
    try:
        write_pieces_atomically(behind_links(to), chain((first,), pieces))
    except OSError as problem:
        raise RequestError(f"{to}: cannot be written ({problem.strerror})") from problem
    after = check_data(project, to, request)
    return Fixed(
        str(to),
        after.examples,
        after.fingerprint,
        tuple(dropped.values()),
        after.findings,
        written_as,
    )


def measure_for(
    project: Project | None, request: DataCheckRequest
) -> tuple[Measure, tuple[str, ...]]:
    """Return the benchmarks' cases and the task's voice and glossary; note missing parts."""
    if request.region not in regions():
        raise RequestError(
            f"{request.region}: no such region{suggestion(request.region, regions())}"
        )
    if project is None:
        note = "no project here, so benchmarks, glossary and voice were not looked at"
        return Measure({}, region=request.region), (note,)
    chosen = [project.known(name) for name in request.benchmarks or project.benchmarks]
    inputs: dict[str, CaseText] = {}
    for benchmark in chosen:
        inputs |= case_inputs(benchmark)
    measure = Measure(inputs, region=request.region)
    try:
        mine = project.task_benchmark(request.task)
    except BenchmarkError as problem:
        if request.task:
            raise
        # several tasks and none named: the other checks are still worth making
        return measure, (f"glossary and voice were not looked at: {problem}",)
    return replace(measure, house=HouseVoice(mine.name, mine.cases), banned=banned_by(mine)), ()


def banned_by(benchmark: Benchmark) -> Callable[[str], str]:
    """Return a function that names what all cases ban in a text: glossary terms and phrases."""
    shared = [
        check
        for check in (benchmark.cases[0].checks if benchmark.cases else ())
        if check.name in ("terms", "excludes")
        and all(check in case.checks for case in benchmark.cases)
    ]

    forms = [_flat(form) for check in shared for form in _forms(check)]

    def banned(text: str) -> str:
        flat = _flat(text)
        if not any(form in flat for form in forms):
            return ""  # the exact look costs fifty times as much
        found = [
            glossary.banned(check.value, text)
            if check.name == "terms"
            else phrases.unwanted(check.value, text)
            for check in shared
        ]
        return "; ".join(words for words in found if words)

    return banned


def _forms(check: Check) -> Iterable[str]:
    """Return every form that a check bans, without the context that may excuse it."""
    if check.name == "terms":
        return [form for forms in check.value.values() for form in forms]
    return [str(phrase) for phrase in check.value]


def _flat(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The fingerprint of a training set's examples, independent of their order."""

    file: str = field(metadata=EXACT)
    examples: int
    fingerprint: str = field(metadata=EXACT)
    format: str = field(default="", metadata=EXACT)


def fingerprint_data(file: Path, columns: ExampleColumns = AS_WRITTEN) -> Fingerprint:
    """Return the fingerprint that `training.json` carries; refuse a file with bad lines."""
    scan = clean_scan(file, columns)
    return Fingerprint(scan.name, len(scan.examples), scan.fingerprint, scan.format)


def clean_scan(file: Path, columns: ExampleColumns = AS_WRITTEN) -> Scan:
    """Read a training set; refuse it unless every line is an example."""
    scan = scan_training_set(file, columns)
    if scan.bad:
        first = scan.bad[0]
        place = file if first.line is None else f"{file}:{first.line}"
        counted = (
            f" ({len(scan.bad)} bad lines in all, `lora-harness data check` lists them)"
            if first.line is not None and scan.examples
            else ""
        )
        raise DataError(f"{place}: {first.message}{counted}")
    return scan
