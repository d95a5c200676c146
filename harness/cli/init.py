"""`lora-harness init`: a working project to start from."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.diagnostics import HarnessCommand
from harness.text.safe import json_line, terminal

if TYPE_CHECKING:
    from harness.flows.init import StartedProject


@click.command(
    cls=HarnessCommand,
    epilog="Example: lora-harness init openers && cd openers && pytest --model base",
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--task", help="Name of the task and its benchmark.  [default: my-task]")
@click.option("--base", help="Base model: Hub id, folder, .gguf file or package:NAME/FILE.")
@click.option("--embedder", help="Embedder, the same way; `none` does without.")
@click.option(
    "--history-texts/--no-history-texts",
    default=None,
    help="Whether the committed history holds inputs, ideals and outputs.  [default: asks, no]",
)
@click.option("--keep", is_flag=True, help="Leave files that are there and write the rest.")
@click.option("--json", "as_json", is_flag=True, help='{"folder": ..., "written": [...], ...}')
def init(
    folder: Path,
    task: str | None,
    base: str | None,
    embedder: str | None,
    history_texts: bool | None,
    keep: bool,
    as_json: bool,
) -> None:
    """Write a project into DIR: settings, a benchmark of 5 placeholders, a CI workflow, a README.

    No file is ever overwritten. A base in DIR is named as seen from there.
    Exit codes: 0 done, 4 the request is wrong or other files stand there.
    """
    from harness.flows.init import TASK, start

    texts = _asked() if history_texts is None and not as_json else bool(history_texts)
    made = start(
        folder, task=task or TASK, base=base, embedder=embedder, keep=keep, history_texts=texts
    )
    click.echo(json_line(_json(made)) if as_json else _text(made))


def _asked() -> bool:
    """Ask at a terminal whether texts are committed; elsewhere they are not."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    said = "Commit inputs, ideals and outputs with the history, beside scores and decisions?"
    return click.confirm(said, default=False, err=True)


def _json(made: StartedProject) -> dict[str, object]:
    return {
        "folder": str(made.folder),
        "task": made.task,
        "base": made.base,
        "embedder": made.embedder,
        "written": list(made.written),
        "kept": list(made.kept),
        "to_add": made.to_add,
    }


def _text(made: StartedProject) -> str:
    lines = [f"wrote   {place}" for place in made.written]
    lines += [f"kept    {place}" for place in made.kept]
    lines.append(f"base    {terminal(made.base)}")
    workflow = [place for place in (*made.written, *made.kept) if place.startswith(".github/")]
    lines.append(
        f"ci      {workflow[0]} judges pull requests; on GitLab: lora-harness ci init gitlab"
        if workflow
        else "ci      lora-harness ci init github (or gitlab) judges pull requests"
    )
    if made.to_add:
        lines += ["", "add these lines to pyproject.toml:", "", made.to_add]
    where = "" if str(made.folder) == "." else f"cd {shlex.quote(terminal(str(made.folder)))} && "
    return "\n".join([*lines, f"next    {where}pytest --model base"])
