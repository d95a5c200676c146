"""`lora-harness sweep`: many adapters on many benchmarks, the base loaded once."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from harness.cli.completion import on_trial
from harness.cli.diagnostics import HarnessCommand
from harness.cli.verdict_options import verdict_options
from harness.exit_codes import gravest
from harness.progress import ProgressLine
from harness.records import JobResult
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.evaluation.context import Request


@click.command(
    cls=HarnessCommand,
    epilog="Example: lora-harness sweep adapter_v3 adapter_v4 --benchmark outreach",
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=on_trial)
@verdict_options
@click.option("--json", "as_json", is_flag=True, help="The table as JSON, with whole verdicts.")
def sweep(names: tuple[str, ...], request: Request, as_json: bool) -> None:
    """Judge every adapter NAME on every benchmark, each as `evaluate` would.

    The base is loaded once, or once by every worker of `--engine ray`; all outputs are made
    first, as one stream. An adapter that fails does not stop the others. No pages are written;
    `lora-harness report NAME` writes one for any verdict.

    Exit codes, the gravest of all: 1 any reject, then 11 any that could not be judged, 4 any
    that was refused, 10 any inconclusive, 0 all promote.
    """
    from harness.flows.evaluation.session import open_session
    from harness.flows.evaluation.sweep import sweep as flow
    from harness.flows.project import Project
    from harness.render.sweep import sweep_json, sweep_text

    line = ProgressLine("")

    def on_progress(step: str, done: int, total: int) -> None:
        line.title = step
        line.show(done, total, time_left=session.producer.time_left)

    with open_session(Project.here(), request, on_progress) as session:
        rows = session.project.redaction.record(list(flow(session, names)))
    line.close()
    if as_json:
        click.echo(json_line(sweep_json(rows)))
    else:
        click.echo(sweep_text(rows, width=min(100, shutil.get_terminal_size().columns)))
    sys.exit(exit_code(rows))


def exit_code(rows: Sequence[JobResult]) -> int:
    """Return the gravest code of all rows."""
    verdicts = [row.verdict for row in rows if row.verdict]
    return gravest((verdict.outcome for verdict in verdicts), (row.code for row in rows))
