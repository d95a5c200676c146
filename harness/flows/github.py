"""Write the report of a verdict; on GitHub also annotate its cases and fill the step's summary."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from harness.errors import HarnessError, reason
from harness.flows.evaluation.candidate import Evaluation
from harness.flows.evaluation.session import Session
from harness.flows.project import Project
from harness.flows.report import material_of, write
from harness.render.annotations import MAX_ANNOTATIONS, workflow_commands
from harness.render.report import Material
from harness.workspace.project.cases import case_lines

FULL = 1_000_000
"""Bytes of a step's summary; GitHub drops a summary above a mebibyte altogether."""


SUMMARY = "LORA_HARNESS_SUMMARY"
"""The variable with a file that gets the reports as Markdown, in any CI."""


class Reported(NamedTuple):
    """The result of writing a report; plain values, since it travels from xdist's workers."""

    adapter: str
    benchmark: str
    page: str
    """The path of the page, or why there is no page."""
    comment: str | None
    """The Markdown file; None if it could not be written."""
    annotations: tuple[str, ...]
    """Workflow commands; empty outside GitHub."""
    guards: tuple[str, ...]
    """Guard benchmarks whose verdicts are part of this verdict."""


def report(session: Session, found: Evaluation) -> Reported:
    """Write the report of a verdict; a failure is returned, since the verdict stands without it."""
    verdict = found.verdict
    guards = tuple(guard.benchmark for guard in verdict.guards)
    subject = (verdict.candidate, verdict.benchmark)
    try:
        kept = session.store.verdicts.kept(found.verdict_id)
        if kept is None:
            return Reported(*subject, "the verdict is not in the store any more", None, (), guards)
        material = material_of(session.project, session.store, kept)
        files = write(session.project, material)
        lines = _annotations(session.project, material) if on_github() else ()
    except HarnessError as problem:
        why = session.project.redaction.words(str(problem))
        return Reported(*subject, f"none: {why}", None, (), guards)
    return Reported(*subject, shown(files["html"]), str(files["md"]), lines, guards)


def shown(file: Path) -> str:
    """Return a path relative to the working directory, or unchanged if it lies elsewhere."""
    try:
        return str(file.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(file)


# --- GitHub -----------------------------------------------------------------------------------


def on_github() -> bool:
    """Return whether this process runs in a GitHub workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _annotations(project: Project, material: Material) -> tuple[str, ...]:
    file = project.settings.benchmarks / material.run.benchmark / "cases.jsonl"
    try:
        lines = case_lines(file)
    except HarnessError:
        return ()  # the benchmark was removed meanwhile, so there is no line to point at
    # GitHub places an annotation by the file's path from the top of the checkout, also where the
    # file that was judged is the base commit's.
    of_commit = project.bar.files if project.bar else None
    top = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    for folder in filter(None, (of_commit, top)):
        with suppress(ValueError):
            place = file.resolve().relative_to(folder.resolve()).as_posix()
            return workflow_commands(material, place, lines)
    return workflow_commands(material, file.name, lines)


def tell_github(reports: Sequence[Reported]) -> Iterator[str]:
    """Append the reports to the summaries that CI names; yield the workflow commands to print."""
    names = [os.environ.get(SUMMARY), os.environ.get("GITHUB_STEP_SUMMARY") if on_github() else ""]
    # A verdict shows its guards, so a guard judged beside it is not reported twice.
    taken = {(report.adapter, guard) for report in reports for guard in report.guards}
    wanted = [report for report in reports if (report.adapter, report.benchmark) not in taken]
    for summary in filter(None, names):
        try:
            _append(Path(summary), wanted)
        except OSError as problem:
            yield f"the step's summary could not be written ({reason(problem)})"
    yield from [line for report in wanted for line in report.annotations][:MAX_ANNOTATIONS]


def _append(summary: Path, reports: Sequence[Reported]) -> None:
    texts = [Path(report.comment).read_bytes() for report in reports if report.comment]
    with summary.open("ab") as file:
        for text in texts:
            # in append mode `tell` counts what earlier commands of the step wrote
            if file.tell() + len(text) > FULL:
                break
            file.write(text + b"\n")
