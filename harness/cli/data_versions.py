"""`lora-harness data version`, `log` and `at`: training sets with numbers, reasons and names."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.diagnostics import HarnessCommand
from harness.cli.example_options import columns_of, reads_examples
from harness.cli.without_project import project_here
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.records import DataVersion


@click.command(
    "version",
    cls=HarnessCommand,
    epilog='Example: lora-harness data version outreach --by "Ana" --why "50 of the new voice"',
)
@click.argument("file", metavar="SET", type=click.Path(path_type=Path))
@click.option("--by", required=True, help="Who changed it.")
@click.option("--why", required=True, help="Why, in one line.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded, record nothing.")
@click.option("--json", "as_json", is_flag=True, help="The version as JSON.")
@reads_examples
def version(
    file: Path,
    by: str,
    why: str,
    dry_run: bool,
    maps: tuple[str, ...],
    ignore: tuple[str, ...],
    as_json: bool,
) -> None:
    """Record what SET holds now as its next version, in SET.versions.jsonl beside it.

    SET is a file, or the name of one in adapters/datasets. Commit both files. Each version is
    chained to the one before it, and can be had again: `data at SET@3`, `train --data SET@3`.
    Exit codes: 0 recorded, 4 nothing changed, or SET is no training set.
    """
    from harness.flows.project import Project
    from harness.flows.training.data_versions import make_version

    columns = columns_of(maps, ignore)
    made = make_version(Project.here(), file, by=by, why=why, columns=columns, dry_run=dry_run)
    if as_json:
        click.echo(json_line(asdict(made) | {"dry_run": dry_run}))
    else:
        click.echo(("would record: " if dry_run else "") + _line(made))


@click.command("log", cls=HarnessCommand, epilog="Example: lora-harness data log outreach")
@click.argument("file", metavar="[SET]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='{"versions": [...]}')
def log(file: Path | None, as_json: bool) -> None:
    """List the versions of SET, or of all sets: what changed, who changed it, when and why.

    Exit codes: 0 done, 4 there is no such set, or its versions were changed by hand.
    """
    from harness.flows.training.data_versions import versions
    from harness.text.redact import OPEN

    project = project_here(asked_for=file is None)
    found = (project.redaction if project else OPEN).record(versions(project, file))
    if as_json:
        click.echo(json_line({"versions": [asdict(one) for one in found]}))
    elif found:
        click.echo("\n".join(map(_line, found)))
    else:
        click.echo("no versions yet: `lora-harness data version SET --by NAME --why TEXT`")


@click.command(
    "at",
    cls=HarnessCommand,
    epilog="Example: lora-harness data at outreach@3 > outreach_then.jsonl",
)
@click.argument("named", metavar="SET@N", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='{"version", "examples": [...]}')
def at(named: Path, as_json: bool) -> None:
    """Write version N of SET as JSONL; its fingerprint is compared before the first line.

    Exit codes: 0 done, 4 there is no such version, or it was changed by hand.
    """
    from harness.flows.training.data_versions import lines_at

    lines = lines_at(project_here(asked_for=False), named)
    if as_json:
        said = {"version": named.name, "examples": [json.loads(line) for line in lines]}
        click.echo(json_line(said))
        return
    for line in lines:
        click.echo(line)


def _line(made: DataVersion) -> str:
    from harness.text.figures import count
    from harness.text.safe import ci_log

    changes = [(made.added, "added"), (made.removed, "removed"), (made.changed, "changed")]
    what = ", ".join(f"{number:,} {word}" for number, word in changes if number)
    return ci_log(
        f"{made.name}  {made.at[:10]}  {count(made.examples, 'example')} ({what})"
        f"  {made.fingerprint[:12]}  {made.by}: {made.why}"
    )
