"""Check whether a benchmark can be trusted: its cases, the training data, and its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from harness.errors import BenchmarkError, HarnessError, RequestError
from harness.findings import Finding, case_texts, in_order, overlap_of
from harness.findings import benchmark as written
from harness.findings.benchmark import BadCaseLine, CaseLine
from harness.findings.health import MIN_ADAPTERS, tired_cases
from harness.flows.benchmarks.cases_needed import cases_needed, margins_of
from harness.flows.benchmarks.ideal_tokens import ideal_tokens
from harness.flows.project import Project, rules
from harness.flows.store import open_store
from harness.judge.intervals import risk_by_luck
from harness.measure import run_checks
from harness.progress import OnProgress
from harness.records import Benchmark, BenchmarkHealth
from harness.records.benchmark import TrainingExample
from harness.store import Store
from harness.store.health import adapters_on, case_histories
from harness.workspace.project.benchmarks import Draft, each_case, read_draft
from harness.workspace.project.training_data import DATASETS, scan_training_set, training_files


@dataclass(frozen=True, slots=True)
class CheckedBenchmark:
    """A benchmark's health and the findings in it."""

    health: BenchmarkHealth
    unfit: tuple[Finding, ...]
    """Findings that forbid verdicts until they are mended."""
    advice: tuple[Finding, ...]
    """Findings that a person should look at."""

    @property
    def fit(self) -> bool:
        """Whether verdicts may rest on it."""
        return not self.unfit


@dataclass
class _Found:
    """Findings and notes, collected while a benchmark is checked."""

    unfit: list[Finding]
    advice: list[Finding]
    notes: list[str]

    def add(self, both: tuple[Sequence[Finding], Sequence[Finding]]) -> None:
        self.unfit += both[0]
        self.advice += both[1]


def check(
    project: Project,
    names: Sequence[str] = (),
    *,
    margin: float | None = None,
    store: str | None = None,
    on_progress: OnProgress = lambda step, done, total: None,
) -> list[CheckedBenchmark]:
    """Check the named benchmarks, or all of the project."""
    if margin is not None and not 0 < margin < 1:
        raise RequestError(f"a margin of {margin:g}, allowed is more than 0 and less than 1")
    folder, generation = project.settings.benchmarks, project.settings.generation
    drafts = [
        read_draft(folder, name, generation, rules()) for name in names or project.benchmark_names
    ]
    given = _training_examples(project)
    with closing(open_store(project, store)) as opened:
        made = []
        for number, draft in enumerate(sorted(drafts, key=lambda draft: draft.benchmark.guard)):
            on_progress(f"checking {draft.benchmark.name}", number, len(drafts))
            made.append(_check(project, draft, given, opened, margin))
        return made


def _check(
    project: Project, draft: Draft, given: _Given, store: Store, margin: float | None
) -> CheckedBenchmark:
    policy = draft.benchmark.policy
    cases, refused = _lines(draft)
    found = _Found([], [], list(given.unread))
    found.unfit += written.refused_lines(refused)
    if not cases and not refused:
        raise BenchmarkError(f"{draft.cases}: holds no case, at least one is needed")
    found.add(written.size(len(cases) + len(refused), policy))
    found.unfit += written.placeholders(cases)
    found.unfit += written.repeated(cases)
    found.advice += written.near_repeated(cases)
    found.advice += written.personal_data(cases, project.settings.privacy.region)
    found.advice += written.small_slices(cases, policy)
    # an ideal that fails its own case's checks could never be reached
    checked = [
        [(ideal, r) for ideal in c.case.ideals for r in run_checks(c.case, ideal)] for c in cases
    ]
    found.add(written.failed_checks(cases, checked))
    found.unfit += _given_away(cases, given)
    # with a line refused there is no fingerprint, so no history to look up either
    complete = None if refused else draft.whole(tuple(one.case for one in cases))
    health = BenchmarkHealth(draft.benchmark.name, draft.benchmark.task, len(cases), None)
    if complete is not None:
        health = _history(health, complete, cases, store, margin, found)
    _add_cut_ideals(project, draft, cases, found)
    health = replace(health, notes=tuple(found.notes))
    return CheckedBenchmark(health, tuple(in_order(found.unfit)), tuple(in_order(found.advice)))


def _add_cut_ideals(project: Project, draft: Draft, cases: list[CaseLine], found: _Found) -> None:
    tokens = ideal_tokens(project, [one.case for one in cases])
    if tokens.note:
        found.notes.append(tokens.note)
        return
    limit = draft.benchmark.generation.max_new_tokens
    found.advice += written.cut_ideals(cases, tokens.longest, limit)


def _lines(draft: Draft) -> tuple[list[CaseLine], list[BadCaseLine]]:
    # unlike the benchmark's reader, go on after a bad line, to report all of them at once
    cases, refused = [], []
    for line, one in each_case(draft.cases, draft.shared, rules(), draft.benchmark.template):
        if isinstance(one, HarnessError):
            refused.append(BadCaseLine(line, str(one).removeprefix(f"{draft.cases}:{line}: ")))
        else:
            cases.append(CaseLine(line, one))
    return cases, refused


# --- training data ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Given:
    """The examples of every training set, each with its file and line."""

    places: tuple[tuple[str, int], ...]
    examples: tuple[TrainingExample, ...]
    unread: tuple[str, ...]


def _training_examples(project: Project) -> _Given:
    folder = project.settings.adapters / DATASETS
    places: list[tuple[str, int]] = []
    examples: list[TrainingExample] = []
    unread: list[str] = []
    for file in training_files(folder):
        try:
            scan = scan_training_set(file)
        except HarnessError as problem:
            unread.append(f"not compared with {file.name}: {problem}")
            continue
        if file.suffix == ".json" and not scan.examples:
            continue  # notes about a set, such as its faults
        parts = [part for example in scan.examples for part in example.exchanges()]
        places += [(file.name, part.line) for part in parts]
        examples += parts
        if scan.bad:
            unread.append(f"{file.name}: not compared with {len(scan.bad)} lines, no examples")
    return _Given(tuple(places), tuple(examples), tuple(unread))


def _given_away(cases: list[CaseLine], given: _Given) -> Iterator[Finding]:
    """Yield a finding per case that is in the training data, so its answer may have been learnt."""
    lines = {one.case.id: one.line for one in cases}
    where: dict[str, list[str]] = {}
    for hit in overlap_of(given.examples, case_texts([one.case for one in cases])):
        name, line = given.places[hit.index]
        where.setdefault(hit.case, []).append(f"{name}:{line} ({hit.how})")
    for case, places in where.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        yield Finding("overlap", lines[case], f"{case} is in the training data: {places[0]}{more}")


# --- history ------------------------------------------------------------------------------------


def _history(
    health: BenchmarkHealth,
    benchmark: Benchmark,
    cases: list[CaseLine],
    store: Store,
    margin: float | None,
    found: _Found,
) -> BenchmarkHealth:
    version = benchmark.fingerprint
    adapters = adapters_on(store.database, version)
    judged = len(store.verdicts.candidates(version))
    lines = {one.case.id: one.line for one in cases}
    found.advice += tired_cases(case_histories(store.database, version), lines, benchmark)
    needed = cases_needed(store, benchmark, margins_of(benchmark, margin), judged)
    for one in needed:
        if one.needed > len(cases):
            found.advice.append(written.too_few_for(one, len(cases)))
    if len(adapters) < MIN_ADAPTERS:
        n = len(adapters)
        ran = {0: "no adapter has", 1: "1 adapter has"}.get(n, f"{n} adapters have")
        found.notes.append(
            f"{ran} run on this version: too few runs to say which cases tell adapters apart"
            f" ({MIN_ADAPTERS} are needed)"
        )
    return replace(
        health,
        fingerprint=version,
        adapters=tuple(adapters),
        judged=judged,
        luck=risk_by_luck(benchmark.policy, judged) if judged else None,
        needed=tuple(needed),
    )
