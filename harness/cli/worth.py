"""`lora-harness worth`: what the adapters saved in time and money, and whether a prompt would do.

Tested in tests/flows/queries/test_worth.py.
"""

from __future__ import annotations

import shutil
from contextlib import closing

import click

from harness.cli.completion import tasks
from harness.cli.diagnostics import HarnessCommand
from harness.text.safe import json_line


@click.command(cls=HarnessCommand, epilog="Example: lora-harness worth --task outreach")
@click.option("--task", shell_complete=tasks, help="Of this task only.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"tasks": [...], "declared": ...}')
def worth(task: str | None, store: str | None, as_json: bool) -> None:
    """Tell what each promotion saved, and what the adapter saves against the base with a prompt.

    Minutes come from reviews that carry `seconds`, else from what [tool.harness.worth] declares;
    they are never made up. Intervals of 95 % rest on how weeks differ, and on how cases do.

    Exit codes: 0 done, 4 the request is wrong, 11 the store failed.
    """
    from harness.flows.project import Project
    from harness.flows.queries import worth as flow
    from harness.flows.store import open_store
    from harness.render.worth import worth_json, worth_text

    project = Project.here()
    with closing(open_store(project, store)) as opened:
        found = flow(project, opened, task)
    declared = project.settings.worth
    if as_json:
        said = worth_json(found, declared)
        click.echo(json_line(project.settings.calendar.beside(said)))
    else:
        width = max(80, shutil.get_terminal_size((100, 24)).columns)
        click.echo(worth_text(found, declared, min(width, 120)))
