"""Check training data: find what makes it unfit, write a cleaned copy, and fingerprint it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.engines.person_names import PersonNames
from harness.errors import BenchmarkError, DataError, RequestError, WeightsError
from harness.findings import CaseText
from harness.findings.dataset import LOOK, Measure, case_inputs, check_examples
from harness.findings.finding import Finding, in_order
from harness.findings.personal import regions
from harness.findings.voice import HouseVoice
from harness.flows.project import Project
from harness.measure import glossary, phrases
from harness.progress import OnProgress
from harness.records import Benchmark, Check
from harness.records.benchmark import TrainingExample
from harness.records.holds import EXACT, QUOTING
from harness.text.quoting import IN_INPUT, IN_OUTPUT
from harness.workspace.base.weights import find_weights
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import suggestion
from harness.workspace.project.training_data import Scan, kept_lines, scan_training_set

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
        for place, texts in (
            (IN_INPUT, [example.input for example in part]),
            (IN_OUTPUT, [example.output for example in part]),
        ):
            for example, names in zip(part, finder.find(texts), strict=True):
                if names:
                    # initials only: a finding must not spread the name itself
                    initials = ", ".join(f"{name[:1]}…" for name in dict.fromkeys(names))
                    message = "a person's name" + place.say(initials)
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
    """The checks that could not be made, and why."""

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


def check_data(
    project: Project | None,
    file: Path,
    request: DataCheckRequest,
    on_progress: OnProgress = lambda step, done, total: None,
) -> CheckedData:
    """Check a file; without a project, only the checks that need no benchmark are made."""
    measure, notes = measure_for(project, request)
    scan = scan_training_set(file)
    people: Iterable[Finding] = ()
    if request.names:
        root = project.settings.root if project else Path.cwd()
        people = named_people(scan.examples, request.names, root, on_progress)
    bad = [Finding("empty" if b.blank else "schema", b.line, b.message) for b in scan.bad]
    found = in_order([*bad, *people, *check_examples(scan.examples, measure, on_progress)])
    return CheckedData(scan.name, len(scan.examples), scan.fingerprint, tuple(found), notes)


def fix_data(
    project: Project | None, file: Path, to: Path, checked: CheckedData, request: DataCheckRequest
) -> Fixed:
    """Write a copy without the lines that dropping mends; the original does not change."""
    if to.resolve() == file.resolve():
        raise RequestError(f"{to}: is the file itself, name another for the cleaned copy")
    dropped: dict[int, Finding] = {}
    for finding in checked.findings:
        if finding.line is not None and finding.kind not in KEPT:
            dropped.setdefault(finding.line, finding)
    text = "".join(f"{line}\n" for line in kept_lines(file, frozenset(dropped)))
    if not text:
        raise RequestError(f"{file}: nothing would be left, so no copy was written")
    try:
        write_atomically(to, text)
    except OSError as problem:
        raise RequestError(f"{to}: cannot be written ({problem.strerror})") from problem
    after = check_data(project, to, request)
    return Fixed(
        str(to), after.examples, after.fingerprint, tuple(dropped.values()), after.findings
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
        inputs |= case_inputs(benchmark.name, benchmark.cases)
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


def fingerprint_data(file: Path) -> Fingerprint:
    """Return the fingerprint that `training.json` carries; refuse a file with bad lines."""
    scan = clean_scan(file)
    return Fingerprint(scan.name, len(scan.examples), scan.fingerprint)


def clean_scan(file: Path) -> Scan:
    """Read a training set; refuse it unless every line is an example."""
    scan = scan_training_set(file)
    if scan.bad:
        first = scan.bad[0]
        raise DataError(
            f"{file}:{first.line}: {first.message} ({len(scan.bad)} bad lines in all,"
            " `lora-harness data check` lists them)"
        )
    return scan
