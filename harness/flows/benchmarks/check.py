"""Check whether a benchmark can be trusted: its cases, its reserve, training data and history."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from harness.errors import BenchmarkError, HarnessError, RequestError
from harness.findings import Finding, in_order
from harness.findings import benchmark as written
from harness.findings.benchmark import BadCaseLine, CaseLine
from harness.findings.health import MIN_ADAPTERS, tired_cases
from harness.flows.benchmarks.cases_needed import cases_needed, margins_of
from harness.flows.benchmarks.check_reserve import check_reserve
from harness.flows.benchmarks.problems import Problems, TrainingSets, problems, training_sets
from harness.flows.project import Project, rules
from harness.flows.store import open_store
from harness.judge.intervals import risk_by_luck
from harness.progress import OnProgress
from harness.records import Benchmark, BenchmarkHealth
from harness.store import Store
from harness.store.health import adapters_on, case_histories
from harness.workspace.project.benchmarks import Draft, read_draft
from harness.workspace.project.cases import each_case


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
    sets = training_sets(project)
    with closing(open_store(project, store)) as opened:
        made = []
        for number, draft in enumerate(sorted(drafts, key=lambda draft: draft.benchmark.guard)):
            on_progress(f"checking {draft.benchmark.name}", number, len(drafts))
            made.append(_check(project, draft, sets, opened, margin))
        return made


def _check(
    project: Project, draft: Draft, sets: TrainingSets, store: Store, margin: float | None
) -> CheckedBenchmark:
    policy = draft.benchmark.policy
    cases, refused = _lines(draft)
    if not cases and not refused:
        raise BenchmarkError(f"{draft.cases}: holds no case, at least one is needed")
    found = problems(project, cases, draft.benchmark.generation.max_new_tokens, sets)
    found.unfit += written.refused_lines(refused)
    found.add(written.size(len(cases) + len(refused), policy))
    found.advice += written.small_slices(cases, policy)
    found.notes, uncounted = list(sets.unread), found.notes
    # with a line refused there is no fingerprint, so no history to look up either
    complete = None if refused else draft.whole(tuple(one.case for one in cases))
    health = BenchmarkHealth(draft.benchmark.name, draft.benchmark.task, len(cases), None)
    if complete is not None:
        health = _history(health, complete, cases, store, margin, found)
    health = check_reserve(project, draft, cases, sets, store, health, found)
    health = replace(health, notes=(*found.notes, *uncounted))
    return CheckedBenchmark(health, tuple(in_order(found.unfit)), tuple(in_order(found.advice)))


def _lines(draft: Draft) -> tuple[list[CaseLine], list[BadCaseLine]]:
    # unlike the benchmark's reader, go on after a bad line, to report all of them at once
    cases, refused = [], []
    for line, one in each_case(draft.cases, draft.shared, rules(), draft.benchmark.template):
        if isinstance(one, HarnessError):
            refused.append(BadCaseLine(line, str(one).removeprefix(f"{draft.cases}:{line}: ")))
        else:
            cases.append(CaseLine(line, one))
    return cases, refused


# --- history ------------------------------------------------------------------------------------


def _history(
    health: BenchmarkHealth,
    benchmark: Benchmark,
    cases: list[CaseLine],
    store: Store,
    margin: float | None,
    found: Problems,
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
