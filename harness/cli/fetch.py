"""`lora-harness fetch`: an adapter by reference, from a Hub, MLflow's registry, or a folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from harness.cli.diagnostics import HarnessCommand
from harness.progress import ProgressLine
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.fetch import Fetched


@click.command(
    cls=HarnessCommand, epilog="Example: lora-harness fetch openers_v5 hf:acme/openers-lora@main"
)
@click.argument("name")
@click.argument("reference")
@click.option(
    "--replace",
    is_flag=True,
    help="Replace an adapter of that name, unless it is or was in production.",
)
@click.option("--mlflow", metavar="URI", help="The MLflow to look in, instead of the settings'.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object.")
def fetch(
    name: str, reference: str, replace: bool, mlflow: str | None, store: str | None, as_json: bool
) -> None:
    """Bring the adapter that REFERENCE names into adapters/NAME, inspected, with its origin.

    hf:org/repo@REVISION[/FOLDER] is on the Hub (HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are
    heeded; what is cached needs no network). models:/NAME/VERSION, models:/NAME@ALIAS and
    runs:/RUN/PATH are in MLflow. Everything else is a folder. Only the files that are judged and
    those beside them come, never a pickle. This is the one command that fetches adapters.
    Exit codes: 0 there, 4 refused, 11 the network, MLflow or the disk failed.
    """
    from harness.flows.fetch import fetch as flow
    from harness.flows.project import Project

    line = ProgressLine(f"fetching {name}")
    project = Project.here()
    try:
        found = flow(
            project,
            name,
            reference,
            replace=replace,
            store_url=store,
            mlflow=mlflow,
            on_progress=lambda step, done, total: line.show(done, total, "bytes"),
        )
    finally:
        line.close()
    shown = project.redaction.record(found)
    click.echo(json_line(_row(shown)) if as_json else "\n".join(_lines(shown)))


def _row(found: Fetched) -> dict[str, object]:
    return {
        "adapter": found.name,
        "folder": str(found.folder),
        "digest": found.digest,
        "changed": found.changed,
        "files": found.files,
        "origin": asdict(found.origin) if found.origin else None,
        "notes": found.notes,
    }


def _lines(found: Fetched) -> list[str]:
    from harness.text.safe import ci_log

    if found.changed and found.origin is not None:
        lines = [f"{found.name}: fetched from {found.origin.resolved}"]
    elif found.origin is not None:
        lines = [f"{found.name}: lies there already with these bytes, from {found.origin.resolved}"]
    else:
        lines = [f"{found.name}: lies there already with these bytes, a copy made by hand"]
    lines.append(f"digest {found.digest[:12]}, {', '.join(found.files)}")
    lines += [f"note  {note}" for note in found.notes]
    lines.append(f"next  lora-harness doctor {found.name}")
    return [ci_log(line) for line in lines]
