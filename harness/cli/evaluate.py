"""`lora-harness evaluate`: the same flow as `pytest --model`, without pytest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.completion import on_trial
from harness.cli.diagnostics import HarnessCommand
from harness.cli.terminal import screen
from harness.cli.verdict_options import verdict_options
from harness.exit_codes import gravest
from harness.progress import ProgressLine
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.evaluation.context import Request


@click.command(cls=HarnessCommand, epilog="Example: lora-harness evaluate adapter_v3 --json")
@click.argument("name", shell_complete=on_trial)
@verdict_options
@click.option(
    "--as",
    "export",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Judge this export of NAME (merged, GGUF, nf4) against NAME itself.",
)
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON, one line a benchmark.")
def evaluate(name: str, request: Request, export: Path | None, as_json: bool) -> None:
    """Judge adapter NAME against the promoted one on the fixed benchmarks.

    With --as DIR it judges what is deployed, an export of NAME by `lora-harness export` or by any
    other tool: the same benchmarks, case by case beside the adapter itself, without baselines.
    What can be told about a bad one (alpha, rounding, template, lost head) stands with the verdict.

    Exit codes: 0 promote, 1 reject, 4 the request is wrong, 10 inconclusive, 11 could not judge.
    """
    from harness.flows.evaluation.session import against_itself, open_session
    from harness.flows.github import report, tell_github
    from harness.flows.project import Project
    from harness.render import verdict_json, verdict_text

    line = ProgressLine("")

    def on_progress(step: str, done: int, total: int) -> None:
        line.title = step
        line.show(done, total)

    outcomes, reports = [], []
    asked = request if export is None else against_itself(request, name)
    with open_session(Project.here(), asked, on_progress) as session:
        name = name if export is None else session.export(name, export)
        for one in session.benchmarks(name):
            found = session.project.redaction.record(session.candidate(name).evaluate(one))
            outcomes.append(found.verdict.outcome)
            reports.append(report(session, found))
            line.close()
            if as_json:
                page = reports[-1].page if reports[-1].comment else None
                answer = verdict_json(found.verdict) | {"report": page}
                if export is not None:
                    digest = {"digest": found.run.digests["adapter"]}
                    answer["export"] = found.run.origin["export"] | digest
                click.echo(json_line(answer))
            else:
                text = verdict_text(
                    found.verdict,
                    **screen(),
                    promoted_at=found.promoted_at,
                    overridden=found.overridden,
                    made_again=found.made_again,
                    report=reports[-1].page,
                )
                click.echo(text)
    for command in tell_github(reports):
        click.echo(command, err=True)
    sys.exit(gravest(outcomes))
