"""`lora-harness reject`, `rollback`, `pin`, `log`, `path` and `verify`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Any, TypeVar

import click

from harness.records import Decision

Command = TypeVar("Command", bound=Callable[..., Any])


def deciding(command: Command) -> Command:
    """The options that every decision has."""
    options = (
        click.option("--task", help="Needed where the project has several."),
        click.option("--by", required=True, help="Who decides."),
        click.option("--why", required=True, help="Why, in one line."),
        click.option("--store", help="Store URL instead of the settings'."),
        click.option("--dry-run", is_flag=True, help="Say what would be recorded, record nothing."),
        click.option("--json", "as_json", is_flag=True, help="The decision as JSON."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def echo_decision(decision: Decision, as_json: bool, dry_run: bool = False) -> None:
    """One line, overrides in red."""
    from harness.render.safe import terminal

    if as_json:
        click.echo(json.dumps(asdict(decision) | {"dry_run": dry_run}, ensure_ascii=False))
        return
    click.echo(("would record: " if dry_run else "") + _line(decision, terminal))


def _line(decision: Decision, safe: Callable[[str], str]) -> str:
    case = f" case {decision.case}" if decision.case else ""
    what = f"{decision.kind} {decision.adapter}{case} for {decision.task}"
    line = safe(f"{what}, by {decision.by}: {decision.why}")
    mark = click.style("OVERRIDE ", fg="red", bold=True) if decision.override else ""
    return mark + line


@click.command(epilog='Example: lora-harness reject adapter_v4 --by "Ana" --why "stiff tone"')
@click.argument("name")
@deciding
def reject(name: str, as_json: bool, **about: Any) -> None:
    """Record that adapter NAME is not to be promoted.

    Exit codes: 0 done, 4 refused.
    """
    from harness.flows.ledger import Ask
    from harness.flows.ledger import reject as flow
    from harness.flows.project import Project

    ask = Ask(**about)
    echo_decision(flow(Project.here(), name, ask), as_json, ask.dry_run)


@click.command(epilog='Example: lora-harness rollback --by "Ana" --why "editors complain"')
@click.argument("name", required=False)
@deciding
def rollback(name: str | None, as_json: bool, **about: Any) -> None:
    """Put the last good adapter back, or NAME, which was in production before.

    Exit codes: 0 done, 4 refused.
    """
    from harness.flows.ledger import Ask
    from harness.flows.ledger import rollback as flow
    from harness.flows.project import Project

    ask = Ask(**about)
    echo_decision(flow(Project.here(), name, ask), as_json, ask.dry_run)


@click.command(epilog='Example: lora-harness pin adapter_v2 --by "Ana" --why "the new yardstick"')
@click.argument("name")
@deciding
def pin(name: str, as_json: bool, **about: Any) -> None:
    """Make adapter NAME the fixed reference that stops slow slides.

    Exit codes: 0 done, 4 refused.
    """
    from harness.flows.ledger import Ask
    from harness.flows.ledger import pin as flow
    from harness.flows.project import Project

    ask = Ask(**about)
    echo_decision(flow(Project.here(), name, ask), as_json, ask.dry_run)


@click.command(epilog="Example: lora-harness log --task outreach")
@click.option("--task", help="Only this task.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"decisions": [...]}')
def log(task: str | None, store: str | None, as_json: bool) -> None:
    """Every decision, the oldest first: who, what, when, why.

    Exit codes: 0, 11 the ledger was changed by hand.
    """
    from harness.flows.opening import open_store
    from harness.flows.project import Project
    from harness.render.safe import terminal

    with closing(open_store(Project.here(), store)) as opened:
        found = opened.decisions.all(task)
    if as_json:
        rows = [asdict(decision) for decision in found]
        click.echo(json.dumps({"decisions": rows}, ensure_ascii=False))
        return
    for decision in found:
        click.echo(f"{decision.seq:>4}  {decision.at[:16]}  {_line(decision, terminal)}")
    if not found:
        click.echo("no decision yet; `lora-harness promote NAME` records the first")


@click.command(epilog="Example: vllm serve BASE --lora-modules outreach=$(lora-harness path)")
@click.option("--task", help="Needed where the project has several.")
@click.option("--json", "as_json", is_flag=True, help='{"task": ..., "path": ...}')
def path(task: str | None, as_json: bool) -> None:
    """Where the promoted adapter lies, after its bytes were found to be the judged ones.

    Exit codes: 0, 4 nothing is promoted or the bytes were changed.
    """
    from harness.flows.pointer import promoted
    from harness.flows.project import Project

    wanted = str(Project.here().task_benchmark(task).task)
    found = promoted(wanted)
    click.echo(json.dumps({"task": wanted, "path": str(found)}) if as_json else str(found))


@click.command(epilog="Example: lora-harness verify")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"ok": ..., "checks": [...]}')
def verify(store: str | None, as_json: bool) -> None:
    """Do the bytes, the rows and the chain of decisions still match what was recorded?

    Exit codes: 0 all match, 4 something does not.
    """
    from harness.flows.project import Project
    from harness.flows.verify import verify as flow
    from harness.render import doctor_json, doctor_text

    checks = [(check.name, check.ok, check.message) for check in flow(Project.here(), store)]
    click.echo(json.dumps(doctor_json(checks)) if as_json else doctor_text(checks))
    sys.exit(0 if all(ok for _, ok, _ in checks) else 4)
