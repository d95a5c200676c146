"""Check a benchmark's reserve: its lines, and the beginning that verdicts looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.errors import HarnessError
from harness.findings import Finding
from harness.findings import benchmark as written
from harness.findings.benchmark import BadCaseLine, CaseLine
from harness.findings.reserve import changed_beginning, other_slices, reserve_size
from harness.flows.benchmarks.problems import Problems, TrainingSets, problems
from harness.flows.project import Project, rules
from harness.judge.verdict import RESERVE as RESERVE_RUN
from harness.records import BenchmarkHealth, Case
from harness.store import Store
from harness.workspace.project.benchmarks import RESERVE, Draft, each_reserve_case


def check_reserve(
    project: Project,
    draft: Draft,
    cases: Sequence[CaseLine],
    sets: TrainingSets,
    store: Store,
    health: BenchmarkHealth,
    found: Problems,
) -> BenchmarkHealth:
    """Add the findings of the reserve to `found`, and its figures to the benchmark's health."""
    reserve, refused = reserve_lines(draft, [one.case for one in cases])
    looked = _looked_at(store, health.fingerprint)
    if not reserve and not refused and not looked:
        return health
    known = [replace(one, file=draft.cases.name) for one in cases]
    limit, policy = draft.benchmark.generation.max_new_tokens, draft.benchmark.policy
    mine = problems(project, reserve, limit, sets, known)
    mine.unfit += written.refused_lines(refused)
    mine.advice += other_slices([one.case for one in cases], reserve)
    mine.advice += reserve_size(len(reserve), policy)
    if not refused:
        # a case that an adapter was trained on is passed over when the verdict looks
        passed = {one.case.id for one in reserve if _is_taught(one, mine)}
        changes = (changed_beginning(reserve, one, passed) for one in looked)
        mine.unfit += [change for change in changes if change is not None][:1]
    found.unfit += _in_reserve(mine.unfit)
    found.advice += _in_reserve(mine.advice)
    used = max(map(len, looked), default=0)
    return replace(health, reserve=len(reserve), reserve_looks=policy.reserve_looks, looked_at=used)


def reserve_lines(draft: Draft, cases: Sequence[Case]) -> tuple[list[CaseLine], list[BadCaseLine]]:
    """Return the reserve's cases with their lines, and the lines that are none."""
    reserve, refused = [], []
    try:
        for line, one in each_reserve_case(draft, cases, rules()):
            if isinstance(one, HarnessError):
                why = str(one).removeprefix(f"{draft.reserve}:{line}: ")
                refused.append(BadCaseLine(line, why))
            else:
                reserve.append(CaseLine(line, one, RESERVE))
    except HarnessError as problem:  # the file as a whole
        refused.append(BadCaseLine(None, str(problem)))
    return reserve, refused


def _is_taught(one: CaseLine, found: Problems) -> bool:
    return any(each.kind == "overlap" and each.line == one.line for each in found.unfit)


def _in_reserve(findings: Sequence[Finding]) -> list[Finding]:
    return [replace(finding, file=RESERVE) for finding in findings]


def _looked_at(store: Store, fingerprint: str | None) -> list[tuple[Case, ...]]:
    """Return the beginnings that verdicts on this version looked at, the longest first."""
    if fingerprint is None:
        return []
    names = {
        verdict.runs[RESERVE_RUN]: None
        for verdict in store.verdicts.on(fingerprint)
        if RESERVE_RUN in verdict.runs
    }
    runs = [run for name in names if (run := store.runs.by_id(name)) is not None]
    looked = [tuple(result.case for result in run.results) for run in runs]
    return sorted(looked, key=len, reverse=True)
