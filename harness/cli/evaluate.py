"""`lora-harness evaluate`: the same flow as `pytest --model`, without pytest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from harness.cli.completion import on_trial
from harness.cli.diagnostics import HarnessCommand
from harness.cli.verdict_options import verdict_options
from harness.exit_codes import gravest
from harness.progress import ProgressLine
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.evaluation.context import Request


@click.command(cls=HarnessCommand, epilog="Example: lora-harness evaluate adapter_v3 --json")
@click.argument("name", shell_complete=on_trial)
@verdict_options
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON, one line a benchmark.")
def evaluate(name: str, request: Request, as_json: bool) -> None:
    """Judge adapter NAME against the promoted one on the fixed benchmarks.

    Exit codes: 0 promote, 1 reject, 4 the request is wrong, 10 inconclusive, 11 could not judge.
    """
    from harness.flows.evaluation.session import open_session
    from harness.flows.github import report, tell_github
    from harness.flows.project import Project
    from harness.render import verdict_json, verdict_text

    line = ProgressLine("")

    def on_progress(step: str, done: int, total: int) -> None:
        line.title = step
        line.show(done, total)

    outcomes, reports = [], []
    with open_session(Project.here(), request, on_progress) as session:
        for one in session.benchmarks(name):
            found = session.project.redaction.record(session.candidate(name).evaluate(one))
            outcomes.append(found.verdict.outcome)
            reports.append(report(session, found))
            line.close()
            if as_json:
                page = reports[-1].page if reports[-1].comment else None
                answer = verdict_json(found.verdict) | {"report": page}
                click.echo(json_line(answer))
            else:
                text = verdict_text(
                    found.verdict,
                    colour=sys.stdout.isatty(),
                    promoted_at=found.promoted_at,
                    overridden=found.overridden,
                    made_again=found.made_again,
                    report=reports[-1].page,
                )
                click.echo(text)
    for command in tell_github(reports):
        click.echo(command, err=True)
    sys.exit(gravest(outcomes))
