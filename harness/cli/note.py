"""`lora-harness note`: what charts should remember of a day."""

from __future__ import annotations

from dataclasses import asdict

import click

from harness.cli.completion import tasks
from harness.cli.diagnostics import HarnessCommand
from harness.text.safe import json_line, terminal


@click.command(
    cls=HarnessCommand,
    epilog='Example: lora-harness note "spring campaign begins" --task outreach --day 2026-03-02',
)
@click.argument("text", required=False)
@click.option("--task", shell_complete=tasks, help="Whose charts it marks (needed for several).")
@click.option("--day", metavar="DATE", help="The day that it is about.  [default: today]")
@click.option("--by", help="Who writes it.  [default: the name that git knows]")
@click.option("--json", "as_json", is_flag=True, help="The notes and marked days as JSON.")
def note(
    text: str | None, task: str | None, day: str | None, by: str | None, as_json: bool
) -> None:
    """Mark a day on the charts of a task with TEXT; without TEXT, list the marked days.

    Marks are kept in `voice.jsonl` beside the benchmark, to be committed with it: notes, days on
    which the voice was changed, and new versions of the benchmark.

    Exit codes: 0 done, 4 the request is wrong.
    """
    from harness.errors import RequestError
    from harness.flows.benchmarks.notes import add_note
    from harness.flows.by_whom import own_name
    from harness.flows.project import Project
    from harness.flows.queries.marked_days import marked_days

    project = Project.here()
    if text is None:
        if day is not None or by is not None:
            raise RequestError('what is to be noted? lora-harness note "TEXT"')
        found = marked_days(project, str(project.task_benchmark(task).task))
        if as_json:
            click.echo(json_line({"days": [asdict(one) for one in found]}))
            return
        for one in found:
            click.echo(f"{one.day}  {one.kind:<10}  {terminal(one.text)}")
        if not found:
            click.echo("no day is marked yet")
        return
    made = add_note(project, task, text, by or own_name(project.settings.root), day)
    shown = project.redaction.record(made)
    if as_json:
        click.echo(json_line(asdict(shown)))
    else:
        click.echo(f"{shown.task}  noted on {shown.day}: {terminal(shown.why)}")
