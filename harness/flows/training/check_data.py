"""Look after training data: is it fit to learn from, is it still the same, what has changed?"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.engines.person_names import PersonNames
from harness.errors import BenchmarkError, DataError, RequestError, WeightsError
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
"""Examples between two words on progress."""


def named_people(
    examples: Sequence[TrainingExample],
    model: str,
    root: Path,
    on_progress: Callable[[str, int, int], None],
) -> Iterator[Finding]:
    """Every example that names somebody; the model has to lie on this machine already."""
    weights = find_weights(model, root)
    if not weights.path.is_dir():
        raise WeightsError(f"{model}: a folder of a token classification model is needed")
    finder = PersonNames(weights.path)
    for start in range(0, len(examples), _PART):
        on_progress("names", start, len(examples))
        part = examples[start : start + _PART]
        for side, texts in (
            (IN_INPUT, [example.input for example in part]),
            (IN_OUTPUT, [example.output for example in part]),
        ):
            for example, names in zip(part, finder.find(texts), strict=True):
                if names:
                    said = ", ".join(f"{name[:1]}…" for name in dict.fromkeys(names))
                    message = "a person's name" + side.say(said)
                    yield Finding("personal_data", example.line, message)


KEPT = frozenset({*LOOK, "size"})
"""Kinds that dropping a line does not mend: a person has to look."""


@dataclass(frozen=True, slots=True)
class CheckedData:
    """A training set with what was found in it."""

    file: str = field(metadata=EXACT)
    examples: int
    """Lines that are examples; bad lines are findings."""
    fingerprint: str = field(metadata=EXACT)
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = field(metadata=QUOTING)
    """What could not be looked for, and why."""

    @property
    def fit(self) -> bool:
        """Whether it may be trained on as it stands."""
        return all(finding.kind in LOOK for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A cleaned copy."""

    file: str = field(metadata=EXACT)
    kept: int
    fingerprint: str = field(metadata=EXACT)
    dropped: tuple[Finding, ...]
    """One per line that is gone: the first reason."""
    left: tuple[Finding, ...]
    """What the copy still has: nothing that dropping could mend."""


@dataclass(frozen=True, slots=True)
class DataCheckRequest:
    """What a training set is to be held against."""

    benchmarks: tuple[str, ...] = ()
    """Names; empty means all of the project."""
    task: str | None = None
    """Whose glossary and voice count; the only task where none is named."""
    region: str = "US"
    names: str | None = None
    """A token classification model on this machine, to look for people's names; off without."""


def check_data(
    project: Project | None,
    file: Path,
    asked: DataCheckRequest,
    on_progress: OnProgress = lambda step, done, total: None,
) -> CheckedData:
    """Everything that is found in a file; without a project, what needs no benchmark."""
    measure, notes = measure_for(project, asked)
    scan = scan_training_set(file)
    people: Iterable[Finding] = ()
    if asked.names:
        root = project.settings.root if project else Path.cwd()
        people = named_people(scan.examples, asked.names, root, on_progress)
    return _checked(scan, measure, notes, on_progress, people)


def fix_data(
    project: Project | None, file: Path, to: Path, checked: CheckedData, asked: DataCheckRequest
) -> Fixed:
    """A copy without the lines that dropping mends; the original stays as it is."""
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
        raise RequestError(f"{to}: cannot be written ({problem.strerror})") from None
    after = check_data(project, to, asked)
    return Fixed(
        str(to), after.examples, after.fingerprint, tuple(dropped.values()), after.findings
    )


def measure_for(
    project: Project | None, asked: DataCheckRequest
) -> tuple[Measure, tuple[str, ...]]:
    """The benchmarks' cases, and the voice and glossary of the task; what is missing is said."""
    if asked.region not in regions():
        raise RequestError(f"{asked.region}: no such region{suggestion(asked.region, regions())}")
    if project is None:
        said = "no project here, so benchmarks, glossary and voice were not looked at"
        return Measure({}, region=asked.region), (said,)
    chosen = [project.known(name) for name in asked.benchmarks or project.benchmarks]
    inputs: dict[str, str] = {}
    for benchmark in chosen:
        inputs |= case_inputs(benchmark.name, benchmark.cases)
    measure = Measure(inputs, region=asked.region)
    try:
        mine = project.task_benchmark(asked.task)
    except BenchmarkError as problem:
        if asked.task:
            raise
        return measure, (f"glossary and voice were not looked at: {problem}",)
    return replace(measure, house=HouseVoice(mine.name, mine.cases), banned=banned_by(mine)), ()


def banned_by(benchmark: Benchmark) -> Callable[[str], str]:
    """What the benchmark bans in every case: its glossary, and phrases that all cases exclude."""
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
        said = [
            glossary.banned(check.value, text)
            if check.name == "terms"
            else phrases.unwanted(check.value, text)
            for check in shared
        ]
        return "; ".join(one for one in said if one)

    return banned


def _forms(check: Check) -> Iterable[str]:
    """Everything that a check bans, whatever stands beside it."""
    if check.name == "terms":
        return [form for forms in check.value.values() for form in forms]
    return [str(phrase) for phrase in check.value]


def _flat(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _checked(
    scan: Scan,
    measure: Measure,
    notes: Sequence[str],
    on_progress: OnProgress,
    people: Iterable[Finding],
) -> CheckedData:
    bad = [Finding("empty" if one.blank else "schema", one.line, one.message) for one in scan.bad]
    found = in_order([*bad, *people, *check_examples(scan.examples, measure, on_progress)])
    return CheckedData(scan.name, len(scan.examples), scan.fingerprint, tuple(found), tuple(notes))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a training set says, whatever its order."""

    file: str = field(metadata=EXACT)
    examples: int
    fingerprint: str = field(metadata=EXACT)


def fingerprint_data(file: Path) -> Fingerprint:
    """The fingerprint that training.json carries; a file with bad lines has none."""
    scan = clean_scan(file)
    return Fingerprint(scan.name, len(scan.examples), scan.fingerprint)


def clean_scan(file: Path) -> Scan:
    """A file in which every line is an example."""
    scan = scan_training_set(file)
    if scan.bad:
        first = scan.bad[0]
        raise DataError(
            f"{file}:{first.line}: {first.message} ({len(scan.bad)} bad lines in all,"
            " `lora-harness data check` lists them)"
        )
    return scan
