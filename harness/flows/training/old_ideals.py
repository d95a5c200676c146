"""Propose the ideals that speak the old voice: a person rewrites them, no model does.

They are the cases whose ideal the newly trained adapter finds least likely beside the promoted one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, RequestError
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.references import References
from harness.flows.evaluation.session import Session, open_session
from harness.flows.evaluation.weighing import LIKELIHOOD
from harness.flows.project import Project
from harness.progress import OnProgress
from harness.records import Benchmark, CaseResult
from harness.records.holds import EXACT, TEXT
from harness.text.given import beside_input
from harness.workspace.formats.output_file import write_for_a_person
from harness.workspace.project.fingerprints import reserve_part

FALL = 0.03
"""A fall of the likelihood that counts, where the benchmark's metric has no margin."""


@dataclass(frozen=True, slots=True)
class OldIdeals:
    """The cases whose ideal fell, the most first."""

    benchmark: str = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
    """The newly trained adapter."""
    promoted: str = field(metadata=EXACT)
    """The adapter in production, which speaks the old voice."""
    lines: tuple[dict[str, Any], ...] = field(metadata=TEXT)
    """What a person answers: the case, its likelihoods, and `rewritten` to be set."""
    cases: int
    """Cases that were weighed, those of the reserve included."""
    fall: float
    """The fall of the likelihood from which a case is proposed."""


def old_ideals(
    project: Project,
    adapter: str,
    task: str | None,
    request: Request,
    *,
    count: int | None = None,
    on_progress: OnProgress = lambda step, done, total: None,
) -> OldIdeals:
    """Propose the ideals that fell by more than the margin, or the `count` that fell most."""
    if not project.settings.privacy.texts:
        raise RequestError(
            "[tool.harness.privacy] leaves texts out, and an ideal is a text: propose in a project"
            " that may show them"
        )
    with open_session(project, request, on_progress) as session:
        benchmark = session.project.task_benchmark(task)
        held, found = _weighed(session, benchmark, adapter)
    rule = next((one for one in benchmark.metrics if one.name == LIKELIHOOD), None)
    fall = (rule.margin if rule else None) or FALL
    most = 0.0 if count is not None else fall
    falls = sorted((pair for pair in found if _fall(*pair) > most), key=lambda p: -_fall(*p))
    return OldIdeals(
        benchmark.name,
        adapter,
        held,
        tuple(_line(project, benchmark, *pair) for pair in falls[:count]),
        len(found),
        fall,
    )


def _weighed(
    session: Session, benchmark: Benchmark, adapter: str
) -> tuple[str, list[tuple[CaseResult, CaseResult]]]:
    """Return the promoted adapter's name, and each case's results with it and with the new one."""
    candidate = session.candidate(adapter)
    held = References(candidate, benchmark, None).promoted_adapter
    if held is None:
        raise RequestError(f"{benchmark.task}: nothing is promoted, so no voice is the old one")
    if held.digest == candidate.adapter.digest:
        raise RequestError(f"{adapter}: is what is promoted, name the one of the new voice")
    session.backend.expect([candidate.adapter, held])
    parts = [benchmark]
    if benchmark.reserve and session.backend.has_recorded(
        adapter, reserve_part(benchmark, len(benchmark.reserve))
    ):
        parts.append(reserve_part(benchmark, len(benchmark.reserve)))
    found = [
        pair
        for part in parts
        for old, new in [[session.producer.run(one, part) for one in (held, candidate.adapter)]]
        for pair in zip(old.results, new.results, strict=True)
    ]
    if all(one.scores.get(LIKELIHOOD) is None for pair in found for one in pair):
        raise BenchmarkError(
            f"{benchmark.name}: the likelihood of its ideals is not measured, so nothing tells"
            f" which speak the old voice; add [metrics.{LIKELIHOOD}] with an engine that gives it"
        )
    return held.name, found


def _fall(old: CaseResult, new: CaseResult) -> float:
    before, after = (one.scores.get(LIKELIHOOD) for one in (old, new))
    return 0.0 if before is None or after is None else before - after


def _line(
    project: Project, benchmark: Benchmark, old: CaseResult, new: CaseResult
) -> dict[str, Any]:
    """Return a case as a person answers it, its texts masked as the settings ask."""
    case = project.redaction.record(new.case)
    beside = beside_input(case)
    given = beside if case.turns else {"input": case.input, **beside}
    likelihoods = {"promoted": old.scores.get(LIKELIHOOD), "new": new.scores.get(LIKELIHOOD)}
    return {
        "id": new.case.id,
        **given,
        "ideal": case.ideals[0] if len(case.ideals) == 1 else list(case.ideals),
        "likelihood": {name: round(value or 0.0, 4) for name, value in likelihoods.items()},
        "written_by_new": project.redaction.text(new.text),
        "benchmark": benchmark.name,
        "rewritten": False,
    }


def write_ideals(found: OldIdeals, file: Path) -> str:
    """Write the proposals as JSONL and return the file's path; empty where there are none."""
    if not found.lines:
        return ""
    write_for_a_person(file, found.lines, "ideals of a person, name another: --output FILE")
    return str(file)
