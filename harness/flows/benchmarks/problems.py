"""Find what is wrong with cases as they are written, beside other cases and training sets.

Tested in tests/flows/benchmarks/test_check.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.errors import HarnessError
from harness.findings import Finding, case_texts, overlap_of
from harness.findings import benchmark as written
from harness.findings.benchmark import CaseLine
from harness.flows.benchmarks.ideal_tokens import ideal_tokens
from harness.flows.project import Project
from harness.measure import run_checks
from harness.records.training_example import TrainingExample
from harness.workspace.project.training_data import DATASETS, scan_training_set, training_files


@dataclass(slots=True)
class Problems:
    """Findings and notes, collected while a benchmark is checked."""

    unfit: list[Finding] = field(default_factory=list)
    """Findings that forbid verdicts until they are mended."""
    advice: list[Finding] = field(default_factory=list)
    """Findings that a person should look at."""
    notes: list[str] = field(default_factory=list)

    def add(self, both: tuple[Sequence[Finding], Sequence[Finding]]) -> None:
        """Add findings of both kinds."""
        self.unfit += both[0]
        self.advice += both[1]


@dataclass(frozen=True, slots=True)
class TrainingSets:
    """The examples of every training set, each with its file and line."""

    places: tuple[tuple[str, int], ...]
    examples: tuple[TrainingExample, ...]
    unread: tuple[str, ...]


def training_sets(project: Project) -> TrainingSets:
    """Read every training set of the project; files that cannot be read are named in `unread`."""
    places: list[tuple[str, int]] = []
    examples: list[TrainingExample] = []
    unread: list[str] = []
    for file in training_files(project.settings.adapters / DATASETS):
        try:
            scan = scan_training_set(file)
        except HarnessError as problem:
            unread.append(f"not compared with {file.name}: {problem}")
            continue
        if file.suffix == ".json" and not scan.examples:
            continue  # notes about a set, such as its faults
        parts = [part for e in scan.examples if not e.retired for part in e.exchanges()]
        places += [(file.name, part.line) for part in parts]
        examples += parts
        if scan.bad:
            unread.append(f"{file.name}: not compared with {len(scan.bad)} lines, no examples")
    return TrainingSets(tuple(places), tuple(examples), tuple(unread))


def problems(
    project: Project,
    cases: Sequence[CaseLine],
    limit: int,
    sets: TrainingSets,
    known: Sequence[CaseLine] = (),
) -> Problems:
    """Check cases, their ideals against `limit` tokens; `known` are cases that stand before."""
    found = Problems()
    found.unfit += written.placeholders(cases)
    found.unfit += written.repeated(cases, known)
    found.advice += written.near_repeated(cases, known)
    found.advice += written.personal_data(cases, project.settings.privacy.region)
    # an ideal that fails its own case's checks could never be reached
    checked = [
        [(ideal, r) for ideal in c.case.ideals for r in run_checks(c.case, ideal)] for c in cases
    ]
    found.add(written.failed_checks(cases, checked))
    found.unfit += _given_away(cases, sets)
    tokens = ideal_tokens(project, [one.case for one in cases])
    if tokens.note:
        found.notes.append(tokens.note)
    else:
        found.advice += written.cut_ideals(cases, tokens.longest, limit)
    return found


def _given_away(cases: Sequence[CaseLine], sets: TrainingSets) -> Iterator[Finding]:
    """Yield a finding per case that is in the training data, so its answer may have been learnt."""
    lines = {one.case.id: one.line for one in cases}
    where: dict[str, list[str]] = {}
    for hit in overlap_of(sets.examples, case_texts([one.case for one in cases])):
        name, line = sets.places[hit.index]
        where.setdefault(hit.case, []).append(f"{name}:{line} ({hit.how})")
    for case, places in where.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        yield Finding("overlap", lines[case], f"{case} is in the training data: {places[0]}{more}")
