"""`lora-harness monitor`: is it time to retrain, why, and what to do about it?"""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.completion import tasks
from harness.cli.decisions import KEY, line_of
from harness.cli.diagnostics import HarnessCommand
from harness.errors import RequestError
from harness.progress import ProgressLine
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.decisions.decide import DecisionRequest
    from harness.flows.project import Project


@click.command(cls=HarnessCommand, epilog="Example: lora-harness monitor --task outreach --plan")
@click.option("--task", shell_complete=tasks, help="Only this task.")
@click.option("--since", metavar="DATE", help="Only reviews from this day on, 2026-11-20.")
@click.option("--run", is_flag=True, help="First run what is promoted on its benchmark again.")
@click.option("--no-inputs", is_flag=True, help="Do not compare recent inputs with the benchmark.")
@click.option(
    "--plan", is_flag=False, flag_value="", metavar="[FOLDER]",
    help="Write what to train on, and how (default: <reports>/plan-<task>).",
)  # fmt: skip
@click.option("--acknowledge", is_flag=True, help="A person has seen the alarm: count anew.")
@click.option("--by", help="Who acknowledges.")
@click.option("--why", help="Why, in one line.")
@KEY
@click.option("--dry-run", is_flag=True, help="Say what would be recorded, record nothing.")
@click.option("--engine", help="For --run: transformers, or recorded:FOLDER.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"tasks": [...]}')
def monitor(
    task: str | None,
    since: str | None,
    run: bool,
    no_inputs: bool,
    plan: str | None,
    acknowledge: bool,
    by: str | None,
    why: str | None,
    key: Path | None,
    dry_run: bool,
    engine: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Is what we promoted still good? Reviews and repeated runs against the team's own lines.

    The lines stand in pyproject.toml under [tool.harness.monitor.TASK].
    Exit codes: 0 steady or watch, 1 retrain, 4 the request is wrong, 11 could not look.
    """
    from harness.flows.project import Project

    project = Project.here()
    # a key may come from the environment, where it means nothing to a plain look
    if not acknowledge and (by or why or dry_run):
        raise RequestError("--by, --why and --dry-run belong to --acknowledge")
    if acknowledge:
        if run or since or plan is not None:
            raise RequestError("--acknowledge stands alone: look first, then acknowledge")
        from harness.flows.decisions.decide import DecisionRequest

        _acknowledge(
            project, DecisionRequest(by or "", why or "", task, store, dry_run, key), as_json
        )
    elif plan is not None:
        if run or since:
            raise RequestError("--plan stands alone: it plans for what `monitor` has said")
        _plan(project, task, plan, store, as_json)
    else:
        _look(project, task, since, run, not no_inputs, engine, store, as_json)


def _look(
    project: Project,
    task: str | None,
    since: str | None,
    run: bool,
    inputs: bool,
    engine: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    from harness.flows.monitoring.monitor import MonitorRequest
    from harness.flows.monitoring.monitor import monitor as flow
    from harness.flows.notify.notify import tell
    from harness.render.monitor import monitor_json, monitor_text
    from harness.render.notices import alarm_notices

    line = ProgressLine("")

    def on_progress(step: str, done: int, total: int) -> None:
        line.title = step
        line.show(done, total)

    found = flow(project, MonitorRequest(task, since, run, inputs, engine, store), on_progress)
    tell(project, alarm_notices(found))
    found = project.redaction.record(found)
    line.close()
    if as_json:
        click.echo(json_line(project.settings.calendar.beside(monitor_json(found))))
    else:
        width = max(80, shutil.get_terminal_size((100, 24)).columns)
        click.echo(monitor_text(found, min(width, 120), colour=sys.stdout.isatty()))
    sys.exit(1 if any(one.state == "retrain" for one in found) else 0)


def _acknowledge(project: Project, asked: DecisionRequest, as_json: bool) -> None:
    from harness.flows.monitoring.acknowledge import acknowledge

    made = project.redaction.record(acknowledge(project, asked))
    if as_json:
        rows = [asdict(one) for one in made]
        said = {"decisions": rows, "dry_run": asked.dry_run}
        click.echo(json_line(project.settings.calendar.beside(said)))
        return
    for one in made:
        signal = (one.verdict or "").partition("@")[0].replace("_", " ")
        click.echo(("would record: " if asked.dry_run else "") + f"{line_of(one)} ({signal})")


def _plan(
    project: Project, task: str | None, folder: str, store: str | None, as_json: bool
) -> None:
    from harness.flows.monitoring.retraining_plan import plan
    from harness.render.plan import plan_json, plan_text

    made = project.redaction.record(plan(project, task, folder or None, store))
    if as_json:
        click.echo(json_line(project.settings.calendar.beside(plan_json(made))))
    else:
        click.echo(plan_text(made))
