"""`lora-harness history`: list, export, import, recompute and sign what the store holds.

Tested in tests/cli/test_ledger.py.
"""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from harness.cli.command import SuggestingGroup
from harness.text.safe import json_line


@click.group(
    cls=SuggestingGroup, epilog="Example: lora-harness history export reports/history.jsonl"
)
def history() -> None:
    """Look after the store: its runs, verdicts, decisions and reviews.

    Exit codes: 0 done, 1 recomputed differently, 4 the request is wrong, 11 the store failed.
    """


@history.command("list", epilog="Example: lora-harness history list")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_(store: str | None, as_json: bool) -> None:
    """Every run, the oldest first. Exit codes: 0 done, 11 the store failed."""
    from harness.flows.project import Project
    from harness.flows.store import open_store

    opened = open_store(Project.here(), store, checked=False)
    try:
        ids = opened.runs.ids()
    finally:
        opened.close()
    if as_json:
        click.echo(json_line({"runs": ids}))
    else:
        click.echo("\n".join(ids) or "no run yet; `pytest --model NAME` makes one")


@history.command("export", epilog="Example: lora-harness history export reports/history.jsonl")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--store", help="Store URL instead of the settings'.")
@click.option(
    "--texts/--no-texts",
    default=None,
    help="Whether inputs, ideals, outputs and reviews are written.  [default: as said above]",
)
@click.option("--json", "as_json", is_flag=True, help="The count as JSON.")
def export(file: Path | None, store: str | None, texts: bool | None, as_json: bool) -> None:
    """Write everything to FILE, one JSON object per line.

    Each line has a seal, which an import checks; it holds with and without texts. The committed
    history (`history` in [tool.harness], also where FILE is missing) gets no review, and texts only
    with `history_texts = true`; any other FILE gets all.

    Exit codes: 0 done, 4 FILE cannot be written, 11 the store failed.
    """
    from harness.flows.committed_history import export_to
    from harness.flows.project import Project
    from harness.flows.store import open_store
    from harness.workspace.formats.output_file import is_stream

    project = Project.here()
    with closing(open_store(project, store, checked=False)) as opened:
        written, count = export_to(project, opened, file, texts)
    done = json_line({"lines": count}) if as_json else f"{written}: {count} lines"
    click.echo(done, err=is_stream(written))


@history.command("import", epilog="Example: lora-harness history import reports/history.jsonl")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON.")
def import_(file: Path, store: str | None, as_json: bool) -> None:
    """Read an exported history; importing it twice changes nothing.

    Exit codes: 0 done (the counts are of what was new), 4 FILE is no history, 11 the store failed.
    """
    from harness.flows.history import import_history
    from harness.flows.project import Project
    from harness.flows.store import open_store

    project = Project.here()
    opened = open_store(project, store, checked=False)
    try:
        found = import_history(opened, file, project.settings.calendar)
    finally:
        opened.close()
    counts = asdict(found)
    said = ", ".join(f"{number} new {what}" for what, number in counts.items())
    click.echo(json_line(counts) if as_json else f"{file}: {said}")


@history.command("recompute", epilog="Example: lora-harness history recompute RUN")
@click.argument("run")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"same": ..., "verdict": ...}')
def recompute(run: str, store: str | None, as_json: bool) -> None:
    """Judge a stored RUN again from its scores.

    Exit codes: 0 the same to the last bit, 1 different, 4 no such verdict, 11 the store failed.
    """
    from harness.flows.project import Project
    from harness.flows.rejudge import rejudge as flow
    from harness.flows.store import open_store
    from harness.render import verdict_json

    project = Project.here()
    with closing(open_store(project, store, checked=False)) as opened:
        found = flow(opened, run)
    if as_json:
        again = verdict_json(project.redaction.record(found.again))
        click.echo(json_line({"same": found.same, "verdict": again}))
    else:
        click.echo(
            f"{run}: {found.again.outcome}, the same to the last bit"
            if found.same
            else f"{run}: was {found.stored.outcome}, is {found.again.outcome} now"
        )
    sys.exit(0 if found.same else 1)


@history.command("prune", epilog="Example: lora-harness history prune --keep 20 --dry-run")
@click.option("--keep", required=True, type=click.IntRange(1), help="Newest runs to keep of each.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--dry-run", is_flag=True, help="Say what would go, remove nothing.")
@click.option("--json", "as_json", is_flag=True, help='{"removed": [...], "kept": N}')
def prune(keep: int, store: str | None, dry_run: bool, as_json: bool) -> None:
    """Remove old runs of each adapter on each benchmark; never what a decision refers to.

    Exit codes: 0 done, 11 the store failed.
    """
    from harness.flows.decisions.prune import prune as flow
    from harness.flows.project import Project
    from harness.flows.store import open_store

    opened = open_store(Project.here(), store, checked=False)
    try:
        found = flow(opened, keep, dry_run)
    finally:
        opened.close()
    if as_json:
        click.echo(json_line({"removed": list(found.runs), "kept": found.kept}))
    else:
        word = "would go" if dry_run else "removed"
        click.echo(f"{len(found.runs)} runs {word}, {found.kept} kept")


@history.command("sign", epilog="Example: lora-harness history sign --key lead.pem --new-key")
@click.option("--key", required=True, type=click.Path(path_type=Path), help="Private key, PEM.")
@click.option("--new-key", is_flag=True, help="Make the key first, and KEY.pub beside it.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"signed": [...]}')
def sign(key: Path, new_key: bool, store: str | None, as_json: bool) -> None:
    """Sign the decisions that carry no signature of the project's keys yet.

    Once, when [tool.harness.promotion] `keys` is set; after that each decision is signed as it is
    made. Read what is listed: with the signature you vouch for it.
    Exit codes: 0 done, 4 the key is wrong, 11 the ledger was changed or the store failed.
    """
    from harness.cli.decisions import line_of
    from harness.flows.decisions.sign_ledger import sign_ledger
    from harness.flows.project import Project
    from harness.workspace.adapters.keys import make_keys
    from harness.workspace.adapters.signing import refuse_in_adapter

    project = Project.here()
    refuse_in_adapter(key)
    if new_key:
        make_keys(key, key.with_suffix(".pub"), for_decisions=True)
    signed = project.redaction.record(sign_ledger(project, key, store))
    if as_json:
        click.echo(json_line({"signed": [asdict(one) for one in signed]}))
        return
    for one in signed:
        click.echo(f"signed {one.seq:>4}  {one.at[:16]}  {line_of(one)}")
    click.echo(f"{len(signed)} decisions signed with {key}")
