"""What follows a verdict: its report is written, and on GitHub also told where people look."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.errors import HarnessError, reason
from harness.flows.evaluation.candidate import Evaluation
from harness.flows.evaluation.session import Session
from harness.flows.project import Project
from harness.flows.report import material_of, write
from harness.render.annotations import MAX_ANNOTATIONS, workflow_commands
from harness.render.report import Material
from harness.workspace.project.benchmarks import case_lines

FULL = 1_000_000
"""Bytes of a step's summary; GitHub drops one above a mebibyte altogether."""


class Reported(NamedTuple):
    """What became of one report; plain values, since it travels from xdist's workers."""

    adapter: str
    benchmark: str
    said: str
    """Where the page lies, or why it does not."""
    comment: str | None
    """The Markdown file; None where it could not be written."""
    annotations: tuple[str, ...]
    """Workflow commands; none but on GitHub."""
    guards: tuple[str, ...]
    """Benchmarks whose verdicts this one took in."""


def report(session: Session, found: Evaluation) -> Reported:
    """Write the report of a verdict; the verdict stands also where that is not possible."""
    verdict = found.verdict
    guards = tuple(guard.benchmark for guard in verdict.guards)
    told = (verdict.candidate, verdict.benchmark)
    try:
        kept = session.store.verdicts.kept(found.verdict_id)
        if kept is None:
            return Reported(*told, "the verdict is not in the store any more", None, (), guards)
        material = material_of(session.project, session.store, kept)
        files = write(session.project, material)
        lines = _annotations(session.project, material) if on_github() else ()
    except HarnessError as problem:
        why = session.project.redaction.words(str(problem))
        return Reported(*told, f"none: {why}", None, (), guards)
    return Reported(*told, shown(files["html"]), str(files["md"]), lines, guards)


def shown(file: Path) -> str:
    """A path as it can be opened from here."""
    try:
        return str(file.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(file)


# --- GitHub -----------------------------------------------------------------------------------


def on_github() -> bool:
    """Whether a runner listens to what is printed."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _annotations(project: Project, material: Material) -> tuple[str, ...]:
    file = project.settings.benchmarks / material.run.benchmark / "cases.jsonl"
    try:
        lines = case_lines(file)
    except HarnessError:
        return ()  # the benchmark went meanwhile, so there is no line to point at
    return workflow_commands(material, _from_checkout(file), lines)


def _from_checkout(file: Path) -> str:
    """As GitHub names a file: from the top of the checkout."""
    top = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    try:
        return file.resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        return file.name


def tell_github(reports: Sequence[Reported]) -> Iterator[str]:
    """Append to the step's summary; the lines to print are workflow commands, ten at most."""
    if not on_github():
        return
    wanted = _alone(reports)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            _append(Path(summary), wanted)
        except OSError as problem:
            yield f"the step's summary could not be written ({reason(problem)})"
    yield from [line for one in wanted for line in one.annotations][:MAX_ANNOTATIONS]


def _alone(reports: Sequence[Reported]) -> list[Reported]:
    """Without guards that another verdict on the same adapter took in: it tells of them."""
    taken = {(one.adapter, guard) for one in reports for guard in one.guards}
    return [one for one in reports if (one.adapter, one.benchmark) not in taken]


def _append(summary: Path, reports: Sequence[Reported]) -> None:
    texts = [Path(one.comment).read_bytes() for one in reports if one.comment]
    with summary.open("ab") as file:
        for text in texts:
            if file.tell() + len(text) > FULL:
                break
            file.write(text + b"\n")
