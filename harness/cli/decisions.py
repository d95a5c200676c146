"""`lora-harness promote`, `reject`, `rollback`, `pin` and `accept`: what people decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.cli.completion import adapters, tasks
from harness.cli.diagnostics import HarnessCommand
from harness.records import Decision
from harness.text.safe import json_line

Command = TypeVar("Command", bound=Callable[..., Any])
KEY = click.option(
    "--key",
    type=click.Path(path_type=Path),
    envvar="LORA_HARNESS_KEY",
    help="Private Ed25519 key that signs it, else LORA_HARNESS_KEY names it.",
)


def deciding(command: Command) -> Command:
    """Give a command the options that every decision has."""
    options = (
        click.option("--task", shell_complete=tasks, help="Needed where the project has several."),
        click.option("--by", required=True, help="Who decides."),
        click.option("--why", required=True, help="Why, in one line."),
        KEY,
        click.option("--store", help="Store URL instead of the settings'."),
        click.option("--dry-run", is_flag=True, help="Say what would be recorded, record nothing."),
        click.option("--json", "as_json", is_flag=True, help="The decision as JSON."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def echo(decision: Decision, as_json: bool, dry_run: bool = False) -> None:
    """Write a decision as a line or as a JSON object."""
    if as_json:
        click.echo(json_line(asdict(decision) | {"dry_run": dry_run}))
    else:
        click.echo(("would record: " if dry_run else "") + line_of(decision))


def line_of(decision: Decision) -> str:
    """Return a decision as a line: what, by whom, why; an override stands out in red."""
    from harness.text.safe import ci_log

    case = f" case {decision.case}" if decision.case else ""
    what = f"{decision.kind} {decision.adapter}{case} for {decision.task}"
    mark = click.style("OVERRIDE ", fg="red", bold=True) if decision.override else ""
    return mark + ci_log(f"{what}, by {decision.by}: {decision.why}")


@click.command(
    cls=HarnessCommand,
    epilog='Example: lora-harness promote adapter_v2 --by "Ana" --why "fewer broken call notes"',
)
@click.argument("name", shell_complete=adapters)
@click.option("--engine", help="As it was judged: transformers, or recorded:FOLDER.")
@click.option("--override", is_flag=True, help="Promote against the verdict; recorded for ever.")
@click.option("--push", metavar="REPO", help="Then send it to this Hub repository.")
@deciding
def promote(
    name: str,
    task: str | None,
    by: str,
    why: str,
    key: Path | None,
    store: str | None,
    engine: str | None,
    override: bool,
    push: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put adapter NAME into production; needs a promote verdict on these very bytes.

    Writes the scores into the adapter's README.md and renews adapters/promoted.json.
    Nothing is ever sent anywhere without --push.
    Exit codes: 0 done, 1 its verdict is reject, 10 inconclusive, 4 refused, 11 the store failed.
    """
    from harness.flows.decisions.promote import promote as flow
    from harness.flows.project import Project

    project = Project.here()
    made = flow(
        project, name, task=task, by=by, why=why, store_url=store, engine=engine,
        override=override, dry_run=dry_run, key=key,
    )  # fmt: skip
    echo(project.redaction.record(made), as_json, dry_run)
    if push is not None:
        _push(project, made, push, dry_run)


def _push(project: Any, made: Decision, repo: str, dry_run: bool) -> None:
    from harness.flows.decisions.publish import push

    sent = push(project, made.adapter, repo, digest=made.digest, dry_run=dry_run)
    what = "would send" if dry_run else "sent"
    click.echo(f"{what} {', '.join(sent.files)} to {sent.repo}", err=True)


@click.command(
    cls=HarnessCommand,
    epilog='Example: lora-harness reject adapter_v4 --by "Ana" --why "stiff tone"',
)
@click.argument("name", shell_complete=adapters)
@deciding
def reject(name: str, as_json: bool, **about: Any) -> None:
    """Record that adapter NAME is not to be promoted.

    Exit codes: 0 done, 4 refused, 11 the store failed.
    """
    from harness.flows.decisions.decide import DecisionRequest
    from harness.flows.decisions.decide import reject as flow
    from harness.flows.project import Project

    ask = DecisionRequest(**about)
    project = Project.here()
    echo(project.redaction.record(flow(project, name, ask)), as_json, ask.dry_run)


@click.command(
    cls=HarnessCommand, epilog='Example: lora-harness rollback --by "Ana" --why "editors complain"'
)
@click.argument("name", required=False, shell_complete=adapters)
@deciding
def rollback(name: str | None, as_json: bool, **about: Any) -> None:
    """Put the last good adapter back, or NAME, which was in production before.

    Exit codes: 0 done, 4 refused, 11 the store failed.
    """
    from harness.flows.decisions.decide import DecisionRequest
    from harness.flows.decisions.decide import rollback as flow
    from harness.flows.project import Project

    ask = DecisionRequest(**about)
    project = Project.here()
    echo(project.redaction.record(flow(project, name, ask)), as_json, ask.dry_run)


@click.command(
    cls=HarnessCommand,
    epilog='Example: lora-harness pin adapter_v2 --by "Ana" --why "the new yardstick"',
)
@click.argument("name", shell_complete=adapters)
@deciding
def pin(name: str, as_json: bool, **about: Any) -> None:
    """Make adapter NAME the fixed reference that stops slow slides.

    Exit codes: 0 done, 4 refused, 11 the store failed.
    """
    from harness.flows.decisions.decide import DecisionRequest
    from harness.flows.decisions.decide import pin as flow
    from harness.flows.project import Project

    ask = DecisionRequest(**about)
    project = Project.here()
    echo(project.redaction.record(flow(project, name, ask)), as_json, ask.dry_run)


@click.command(
    cls=HarnessCommand,
    epilog='Example: lora-harness accept opener-retail-01 --run RUN --by "Ana" --why "better so"',
)
@click.argument("case")
@click.option("--run", required=True, help="The run's id, as the verdict's JSON names it.")
@click.option("--by", required=True, help="Who has looked at it.")
@click.option("--why", required=True, help="Why it is acceptable, in one line.")
@KEY
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The decision as JSON.")
def accept(
    case: str, run: str, by: str, why: str, key: Path | None, store: str | None, as_json: bool
) -> None:
    """Accept a broken CASE of a run, as a person who has looked at it.

    The next `pytest --model` counts it as accepted.
    Exit codes: 0 done, 4 refused, 11 the store failed.
    """
    from harness.flows.decisions.promote import accept as flow
    from harness.flows.project import Project

    project = Project.here()
    made = flow(project, case, run, by=by, why=why, store_url=store, key=key)
    echo(project.redaction.record(made), as_json)
