"""`lora-harness train`: a new adapter from a training set."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.completion import adapters, tasks
from harness.cli.data_origin import ask_origin
from harness.cli.diagnostics import HarnessCommand
from harness.cli.example_options import columns_of, reads_examples
from harness.cli.train_curve import train_curve
from harness.errors import RequestError
from harness.progress import ProgressLine
from harness.text.safe import ci_log, json_line

if TYPE_CHECKING:
    from harness.flows.project import Project


def _recipe(context: click.Context, _: click.Parameter, file: Path | None) -> None:
    """Take a recipe's values as defaults, so that typed options still go first."""
    if file is not None:
        from harness.workspace.project.recipes import read_recipe

        context.default_map = read_recipe(file)


@click.command(
    cls=HarnessCommand,
    epilog="Example: lora-harness train adapter_v5 --data adapters/datasets/more.jsonl, or"
    " lora-harness train --curve --data adapters/datasets/more.jsonl",
)
@click.argument("name", required=False)
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="JSONL, JSON, CSV, TSV, XLSX or Parquet.",
)
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    callback=_recipe,
    is_eager=True,
    expose_value=False,
    help="TOML with any of the options below; what is typed here goes first.",
)
@click.option(
    "--task", shell_complete=tasks, help="The task it is for (needed where there are several)."
)
@click.option(
    "--parent",
    shell_complete=adapters,
    help="Start from this adapter's weights instead of from nothing.",
)
@click.option(
    "--rank",
    default=8,
    type=click.IntRange(1, 1024),
    show_default=True,
    help="Of the two matrices that stand for each weight's change.",
)
@click.option(
    "--alpha",
    default=16,
    type=click.IntRange(1, 4096),
    show_default=True,
    help="The change counts alpha/rank times.",
)
@click.option(
    "--dropout",
    default=0.0,
    type=click.FloatRange(0, 0.9),
    show_default=True,
    help="Share of inputs left out in each step.",
)
@click.option(
    "--targets", default="all-linear", show_default=True, help="Module names with commas."
)
@click.option(
    "--epochs",
    default=3.0,
    type=click.FloatRange(0.01, 1000),
    show_default=True,
    help="Times through the data.",
)
@click.option(
    "--learning-rate",
    default=5e-4,
    type=click.FloatRange(1e-8, 10),
    show_default=True,
    help="Length of a step.",
)
@click.option(
    "--batch",
    default=8,
    type=click.IntRange(1, 1024),
    show_default=True,
    help="Examples in a step.",
)
@click.option(
    "--seed",
    default=0,
    type=click.IntRange(0, 2**31 - 1),
    show_default=True,
    help="Of order, dropout and the first weights.",
)
@click.option(
    "--anyway", is_flag=True, help="Train on a set that is too small or holds benchmark cases."
)
@click.option(
    "--curve",
    is_flag=True,
    help="Train on 25, 50 and 100 % of the set to tell whether more examples would help.",
)
@click.option(
    "--seeds",
    default=5,
    type=click.IntRange(2, 50),
    show_default=True,
    help="With --curve: draws and trainings of each size, from --seed on.",
)
@click.option("--keep", is_flag=True, help="With --curve: keep its adapters, as NAME-25-s0 ...")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object.")
@reads_examples
def train(
    name: str | None,
    data: Path,
    task: str | None,
    parent: str | None,
    anyway: bool,
    maps: tuple[str, ...],
    ignore: tuple[str, ...],
    curve: bool,
    seeds: int,
    keep: bool,
    as_json: bool,
    **recipe: object,
) -> None:
    """Train adapter NAME on a training set; a killed run goes on where it was.

    Of a conversation the assistant's turns are learnt, but for those with "weight": 0.

    Refuses a set of under 50 examples or with cases of a benchmark in it; --anyway is recorded.
    Writes adapters/NAME as PEFT does, with training.json: base, data, recipe, versions, parent.
    Where the set comes from is asked for at a terminal and kept in SET.origin.toml; elsewhere what
    that leaves open is recorded as not stated.
    --curve tells how many examples are enough, without a NAME: nested parts of the set, thinned
    alike in every slice, several seeds, each adapter measured on the task's benchmark and removed.
    The same command goes on with a killed curve. The page Worth shows it.
    Exit codes: 0 done, 4 the request is wrong, 11 training failed.
    """
    line = ProgressLine(f"training {name}")
    line.say(f"reading {data.name}")  # before the imports, which take longer than the reading
    from harness.engines.trainer import Recipe
    from harness.flows.project import Project
    from harness.flows.training.train import train as flow
    from harness.render.data_origin import missing_words
    from harness.render.findings import format_said

    project = Project.here()
    made_of = Recipe(**recipe)  # type: ignore[arg-type]  # click made the types
    if curve:
        train_curve(
            project,
            data,
            made_of,
            name=name,
            keep=keep,
            as_json=as_json,
            seeds=seeds,
            task=task,
            parent=parent,
            anyway=anyway,
            columns=columns_of(maps, ignore),
        )
        return
    if keep:
        raise RequestError("--keep is for --curve: an adapter with a NAME is kept anyway")
    if name is None:
        raise click.UsageError("Missing argument 'NAME', the new adapter's.")
    if not as_json and sys.stdin.isatty() and sys.stderr.isatty():
        line.close()
        _ask_origin(project, data)

    def on_stage(words: str) -> None:
        line.close()
        click.echo(f"{name}: {words}", err=True)

    def on_progress(step: int, steps: int, loss: float | None) -> None:
        line.show(step, steps)
        if loss is not None:
            line.close()
            click.echo(f"step {step}/{steps}  loss {loss:.4f}", err=True)

    made = flow(
        project,
        name,
        data,
        made_of,
        task=task,
        parent=parent,
        anyway=anyway,
        columns=columns_of(maps, ignore),
        on_stage=on_stage,
        on_progress=on_progress,
    )
    line.close()
    if as_json:
        said = {"folder": str(made.folder), "origin": made.origin.stated()}
        click.echo(json_line(asdict(made) | said))
    else:
        loss = f", loss {made.losses[0]:.3f} to {made.losses[-1]:.3f}" if made.losses else ""
        examples = f"{made.examples} examples{format_said(made.format)}"
        if made.origin.missing:
            click.echo(f"note  {ci_log(missing_words(data.name, made.origin))}", err=True)
        click.echo(
            f"{made.name}: {examples} in {made.seconds:.0f} s{loss}\n"
            f"next  pytest --model {made.name}"
        )


def _ask_origin(project: Project, data: Path) -> None:
    """Ask where a set comes from, once: a set that has a card is not asked about again."""
    from harness.flows.training.data_versions import find_set
    from harness.flows.training.origins import state_origin
    from harness.workspace.project.data_origins import origin_card_of, read_data_origin

    file = find_set(project, data)
    if origin_card_of(file).exists():
        return
    click.echo(f"Where does {data} come from? An empty answer is recorded as not stated.", err=True)
    if said := ask_origin(read_data_origin(file)):
        state_origin(project, data, said)
