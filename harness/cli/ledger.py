"""`lora-harness status`, `log`, `path`, `verify`, `attest`, `sign`: the ledger and its proof."""

from __future__ import annotations

import sys
from contextlib import closing, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.completion import adapters, tasks
from harness.cli.decisions import line_of
from harness.cli.diagnostics import HarnessCommand
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.decisions.promote import PromotedTask
    from harness.workspace.adapters.served import ServedModel


@click.command(cls=HarnessCommand, epilog="Example: lora-harness status --json")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"tasks": [...]}')
def status(store: str | None, as_json: bool) -> None:
    """Show the promoted adapter of each task, and since when; renews adapters/promoted.json.

    The committed history is renewed as well where it lacks a decision.

    Exit codes: 0 fine, 4 the project is wrong, 11 the store failed.
    """
    from harness.flows.decisions.promote import standings
    from harness.flows.decisions.promoted_file import write_committed
    from harness.flows.project import Project
    from harness.flows.promoted_entries import refuse_unknown
    from harness.flows.store import open_store

    project = Project.here()
    with closing(open_store(project, store, checked=False)) as opened:
        found = project.redaction.record(standings(project, opened))
        if opened.database.is_read_only:  # such as a project that is mounted read-only as a whole
            refuse_unknown(project, opened)
        else:
            write_committed(project, opened, renew=True)
    if as_json:
        rows = [_row(one) for one in found]
        click.echo(json_line(project.settings.calendar.beside({"tasks": rows})))
    else:
        click.echo("\n".join(_table(found)))


def _row(one: PromotedTask) -> dict[str, object]:
    promoted, pinned = one.promoted, one.pinned
    return {
        "task": one.task,
        "promoted": promoted.adapter if promoted else None,
        "pinned": pinned.adapter if pinned else None,
        "since": promoted.at if promoted else None,
        "verdict": promoted.verdict if promoted else None,
        "override": promoted.override if promoted else False,
        "origin": one.origin.resolved if one.origin else None,
        "served": _served(one.served) if one.served else None,
    }


def _served(model: ServedModel) -> dict[str, str]:
    return {"url": model.endpoint.url, "model": model.endpoint.model, "note": model.note}


def _table(found: list[PromotedTask]) -> list[str]:
    from harness.text.safe import ci_log
    from harness.text.table import table

    cells = [["task", "promoted", "since", "by", "pinned"]]
    for one in found:
        held, pinned = one.promoted, one.pinned.adapter if one.pinned else ""
        if held is None:
            cells.append([one.task, "nothing yet", "", "", pinned])
        else:
            cells.append([one.task, held.adapter, held.at[:10], held.by, pinned])
    lines = table(cells)
    for one in found:
        if one.promoted and one.promoted.override:
            lines.append(line_of(one.promoted))
        if one.promoted and one.origin:
            came = f"{one.promoted.adapter} came from {one.origin.resolved}"
            lines.append(ci_log(f"{came}, fetched {one.origin.at[:10]}"))
        if one.promoted and one.served:
            note = f" ({one.served.note})" if one.served.note else ""
            said = f"{one.promoted.adapter} is a name, not bytes: {one.served.called}{note}"
            lines.append(ci_log(said))
    return lines


@click.command(cls=HarnessCommand, epilog="Example: lora-harness log --task outreach")
@click.option("--task", shell_complete=tasks, help="Only this task.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"decisions": [...]}')
def log(task: str | None, store: str | None, as_json: bool) -> None:
    """List every decision, the oldest first: who, what, when, why.

    Exit codes: 0 fine, 4 the project is wrong, 11 the ledger was changed by hand.
    """
    from harness.flows.decisions.decide import decided
    from harness.flows.project import Project
    from harness.flows.store import open_store

    project = Project.here()
    with closing(open_store(project, store)) as opened:
        found = project.redaction.record(decided(project, opened, task))
    if as_json:
        rows = [asdict(decision) for decision in found]
        click.echo(json_line(project.settings.calendar.beside({"decisions": rows})))
        return
    for decision in found:
        click.echo(f"{decision.seq:>4}  {decision.at[:16]}  {line_of(decision)}")
    if not found:
        click.echo("no decision yet; `lora-harness promote NAME` records the first")


@click.command(
    cls=HarnessCommand,
    epilog="Example: vllm serve BASE --lora-modules outreach=$(lora-harness path)",
)
@click.option("--task", shell_complete=tasks, help="Needed where the project has several.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"task": ..., "path": ...}')
def path(task: str | None, store: str | None, as_json: bool) -> None:
    """Print the promoted adapter's folder, after its bytes were found to be those judged.

    Exit codes: 0 fine, 4 nothing is promoted or the bytes were changed, 11 adapters/promoted.json
    does not say what the store says.
    """
    from harness.flows.decisions.promoted_file import promoted
    from harness.flows.project import Project
    from harness.flows.promoted_entries import refuse_outdated
    from harness.flows.store import open_store

    project = Project.here()
    wanted = str(project.task_benchmark(task).task)
    with closing(open_store(project, store)) as opened:
        refuse_outdated(project, opened, wanted)
    found = promoted(wanted)
    click.echo(json_line({"task": wanted, "path": str(found)}) if as_json else str(found))


@click.command(cls=HarnessCommand, epilog="Example: lora-harness verify --key team.pub")
@click.option("--key", type=click.Path(path_type=Path), help="Public key that signed the adapters.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"ok": ..., "checks": [...]}')
def verify(key: Path | None, store: str | None, as_json: bool) -> None:
    """Check that bytes, signatures, rows and the chain of decisions match the records.

    Exit codes: 0 all match, 4 something does not, 11 the store failed.
    """
    from harness.flows.decisions.verify import verify as flow
    from harness.flows.project import Project
    from harness.progress import ProgressLine
    from harness.render import doctor_json, doctor_text

    project = Project.here()
    line = ProgressLine("")

    def on_progress(step: str, done: int, total: int) -> None:
        line.title = f"verify {step}"
        line.show(done, total)

    try:
        found = project.redaction.record(flow(project, store, key, on_progress))
    finally:
        line.close()
    checks = [(c.name, c.ok, c.message) for c in found]
    click.echo(json_line(doctor_json(checks)) if as_json else doctor_text(checks))
    sys.exit(0 if all(ok for _, ok, _ in checks) else 4)


@click.command(cls=HarnessCommand, epilog="Example: lora-harness attest RUN > verdict.intoto.json")
@click.argument("run")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="As always: the statement is JSON.")
def attest(run: str, store: str | None, as_json: bool) -> None:
    """Print the verdict on RUN, or of a verdict's id, as an in-toto statement on the bytes.

    Exit codes: 0 done, 4 the bytes or the scores are not the judged ones, 11 the store failed.
    """
    from harness.flows.decisions.attest import attest as flow
    from harness.flows.project import Project
    from harness.flows.store import open_store

    project = Project.here()
    with closing(open_store(project, store)) as opened:
        click.echo(json_line(flow(project, opened, run), indent=None if as_json else 2))


@click.command(cls=HarnessCommand, epilog="Example: lora-harness sign adapter_v2 --key team.pem")
@click.argument("name", shell_complete=adapters)
@click.option("--key", required=True, type=click.Path(path_type=Path), help="Private key, PEM.")
@click.option("--new-key", is_flag=True, help="Make the key first, and KEY.pub beside it.")
@click.option("--json", "as_json", is_flag=True, help='{"adapter": ..., "signature": ...}')
def sign(name: str, key: Path, new_key: bool, as_json: bool) -> None:
    """Sign adapter NAME's folder with a local key, by OpenSSF's model-signing.

    Exit codes: 0 done, 4 the adapter or the key is wrong.
    """
    from harness.flows.project import Project
    from harness.workspace.adapters.files import read_adapter
    from harness.workspace.adapters.keys import new_keys
    from harness.workspace.adapters.signing import refuse_in_adapter
    from harness.workspace.adapters.signing import sign as flow

    adapter = read_adapter(Project.here().settings.adapters, name)
    refuse_in_adapter(key)
    with new_keys(key) if new_key else nullcontext():
        made = flow(adapter, key)
    done = {"adapter": name, "signature": str(made)}
    click.echo(json_line(done) if as_json else f"{name}: signed, {made}")
