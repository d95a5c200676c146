"""Add cases to a benchmark's reserve: checked like the benchmark's own, all or none, at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import HarnessError
from harness.findings import in_order
from harness.findings.benchmark import CaseLine
from harness.findings.difference import case_differences
from harness.flows.benchmarks.problems import problems, training_sets
from harness.flows.project import Project, rules
from harness.records import Case
from harness.records.holds import EXACT, QUOTING
from harness.workspace.formats.locks import locked
from harness.workspace.project.benchmarks import Draft, read_draft, read_reserve
from harness.workspace.project.cases import case_lines, read_case, read_cases, seen_ids
from harness.workspace.project.reserve import add_lines


@dataclass(frozen=True, slots=True)
class NewCase:
    """An object of `cases.jsonl`, and where it stands."""

    file: str
    line: int
    raw: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Where it stands, as errors name it."""
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class AddedCases:
    """What became of cases that were to be added to a reserve."""

    file: str = field(metadata=EXACT)
    """The reserve's file."""
    looks: tuple[int, ...]
    """Numbers of reserve cases after which an open verdict is looked at again."""
    reserve: int = 0
    """Cases that the reserve has now."""
    added: list[str] = field(default_factory=list, metadata=EXACT)
    """Ids of the cases that were added, or would be."""
    already: list[str] = field(default_factory=list, metadata=EXACT)
    """Ids of those that are in the reserve as they are."""
    bad: list[str] = field(default_factory=list, metadata=QUOTING)
    """`file:line: problem` of each that cannot be added; with any, nothing is."""
    warnings: list[str] = field(default_factory=list, metadata=QUOTING)
    """The same for what a person should look at."""


def add_to_reserve(
    project: Project, name: str, new: Sequence[NewCase], *, dry_run: bool = False
) -> AddedCases:
    """Add cases to a benchmark's reserve in their order; a case that is there already stays."""
    settings = project.settings
    with locked(settings.reports / ".locks", f"{name}.reserve"):
        draft = read_draft(settings.benchmarks, name, settings.generation, rules())
        cases = read_cases(draft.cases, draft.shared, rules(), draft.benchmark.template)
        reserve = read_reserve(draft, cases, rules())
        found = AddedCases(str(draft.reserve), draft.benchmark.policy.reserve_looks, len(reserve))
        fresh = _fresh(draft, cases, reserve, new, found)
        _examine(project, draft, (cases, reserve), fresh, found)
        if not found.bad:
            found.added = [case.id for _, case in fresh]
            if fresh and not dry_run:
                add_lines(draft.reserve, [one.raw for one, _ in fresh])
                found.reserve += len(fresh)
    return found


def _fresh(
    draft: Draft,
    cases: Sequence[Case],
    reserve: Sequence[Case],
    new: Sequence[NewCase],
    found: AddedCases,
) -> list[tuple[NewCase, Case]]:
    """Return the cases that the reserve does not have; name those that are none."""
    there = {case.id: case for case in reserve}
    seen = {**seen_ids(cases, draft.cases), **seen_ids(reserve, draft.reserve)}
    fresh: list[tuple[NewCase, Case]] = []
    for one in new:
        identity = one.raw.get("id")
        old = there.get(identity) if isinstance(identity, str) else None
        ids = seen if old is None else {}
        try:
            template = draft.benchmark.template
            case = read_case(one.raw, one.place, draft.shared, rules(), ids, template)
        except HarnessError as problem:
            found.bad.append(str(problem))
            continue
        if old is None:
            fresh.append((one, case))
        elif case_differences((old,), (case,))[2]:
            found.bad.append(
                f"{one.place}: {case.id} is in the reserve and says something else there, which"
                " stays: the reserve is only added to"
            )
        else:
            found.already.append(case.id)
    return fresh


def _examine(
    project: Project,
    draft: Draft,
    known: tuple[Sequence[Case], Sequence[Case]],
    fresh: Sequence[tuple[NewCase, Case]],
    found: AddedCases,
) -> None:
    """Check new cases beside those that are there, as `benchmark check` will."""
    before = [
        CaseLine(line_of[case.id], case, file.name)
        for file, cases in zip((draft.cases, draft.reserve), known, strict=True)
        for line_of in [case_lines(file) if cases else {}]
        for case in cases
    ]
    lines = [CaseLine(one.line, case) for one, case in fresh]
    limit = draft.benchmark.generation.max_new_tokens
    made = problems(project, lines, limit, training_sets(project), before)

    for findings, said in ((made.unfit, found.bad), (made.advice, found.warnings)):
        said += [f"{fresh[0][0].file}:{one.line}: {one.message}" for one in in_order(findings)]
