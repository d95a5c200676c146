"""`lora-harness history`: list, export, import and recompute what is remembered."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.group()
def history() -> None:
    """What the store remembers: runs, verdicts and decisions."""


@history.command("list", epilog="Example: lora-harness history list")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_(store: str | None, as_json: bool) -> None:
    """Every run, the oldest first. Exit code: 0."""
    from harness.flows.opening import open_store
    from harness.flows.project import Project

    opened = open_store(Project.here(), store)
    try:
        ids = opened.runs.ids()
    finally:
        opened.close()
    if as_json:
        click.echo(json.dumps({"runs": ids}))
    else:
        click.echo("\n".join(ids) or "no run yet; `pytest --model NAME` makes one")


@history.command("export", epilog="Example: lora-harness history export reports/history.jsonl")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The count as JSON.")
def export(file: Path, store: str | None, as_json: bool) -> None:
    """Write everything to FILE, one JSON object per line. Exit code: 0."""
    from harness.flows.history import export_history
    from harness.flows.opening import open_store
    from harness.flows.project import Project
    from harness.workspace.cache import write_atomically

    opened = open_store(Project.here(), store)
    try:
        lines = list(export_history(opened))
    finally:
        opened.close()
    write_atomically(file, "".join(f"{line}\n" for line in lines))
    click.echo(json.dumps({"lines": len(lines)}) if as_json else f"{file}: {len(lines)} lines")


@history.command("import", epilog="Example: lora-harness history import reports/history.jsonl")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON.")
def import_(file: Path, store: str | None, as_json: bool) -> None:
    """Read an exported history; importing it twice changes nothing. Exit codes: 0, 4."""
    from harness.flows.history import import_history
    from harness.flows.opening import open_store
    from harness.flows.project import Project

    opened = open_store(Project.here(), store)
    try:
        found = import_history(opened, file)
    finally:
        opened.close()
    counts = {"runs": found.runs, "verdicts": found.verdicts, "decisions": found.decisions}
    said = ", ".join(f"{number} {what}" for what, number in counts.items())
    click.echo(json.dumps(counts) if as_json else f"{file}: {said}")


@history.command("recompute", epilog="Example: lora-harness history recompute RUN")
@click.argument("run")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"same": ..., "verdict": ...}')
def recompute(run: str, store: str | None, as_json: bool) -> None:
    """Judge a stored RUN again from its scores. Exit codes: 0 the same, 1 different, 4."""
    from harness.flows.opening import open_store
    from harness.flows.project import Project
    from harness.flows.recompute import recompute as flow
    from harness.render import verdict_json

    opened = open_store(Project.here(), store)
    try:
        found = flow(opened, run)
    finally:
        opened.close()
    if as_json:
        click.echo(json.dumps({"same": found.same, "verdict": verdict_json(found.again)}))
    else:
        click.echo(
            f"{run}: {found.again.outcome}, the same to the last bit"
            if found.same
            else f"{run}: was {found.stored.outcome}, is {found.again.outcome} now"
        )
    sys.exit(0 if found.same else 1)
