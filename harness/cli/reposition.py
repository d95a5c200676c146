"""`lora-harness reposition`: a task gets a new voice, from the training lines to the benchmark."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.completion import adapters, tasks
from harness.cli.diagnostics import HarnessCommand
from harness.cli.example_options import columns_of, reads_examples
from harness.errors import RequestError
from harness.progress import ProgressLine
from harness.text.safe import ci_log, json_line

if TYPE_CHECKING:
    from harness.flows.evaluation.context import Request
    from harness.flows.project import Project
    from harness.flows.training.repositioning import Repositioned, RepositionRequest

FILE = click.Path(path_type=Path)


@click.command(
    cls=HarnessCommand,
    epilog="Example: lora-harness reposition --task outreach --examples new.jsonl "
    '--retire kind=opener --why "the client speaks to founders now"',
)
@click.option("--task", shell_complete=tasks, help="Whose voice it is (needed for several).")
@click.option("--why", help="Why, in one line.")
@click.option("--by", help="Who does it.  [default: the name that git knows]")
@click.option("--examples", type=FILE, metavar="FILE", help="Examples of the new voice.")
@click.option(
    "--retire", multiple=True, metavar="WHICH",
    help="Teach these no more: a pattern in the output, SLICE=VALUE, or 'before 2026-06-01'.",
)  # fmt: skip
@click.option("--data", type=FILE, metavar="SET",
              help="The training set.  [default: that of the promoted adapter]")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1, 100), metavar="N",
              help="Teach each new example N times.  [default: to balance the old]")  # fmt: skip
@click.option("--day", metavar="DATE", help="From when it holds.  [default: today]")
@click.option("--train", "name", metavar="NAME", help="Train NAME on it, then propose ideals.")
@click.option("--adapter", shell_complete=adapters, metavar="NAME",
              help="Propose the ideals that speak the old voice, by NAME of the new.")  # fmt: skip
@click.option("--count", type=click.IntRange(1), metavar="N",
              help="Propose N ideals.  [default: all that fell by the margin]")  # fmt: skip
@click.option("--output", type=FILE, metavar="FILE", help="Where the proposals go.")
@click.option("--rewritten", type=FILE, metavar="FILE",
              help="Take the rewritten ideals of FILE: a new benchmark version.")  # fmt: skip
@click.option("--engine", help="transformers, openai, ray, or recorded:FOLDER.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object.")
@reads_examples
def reposition(
    examples: Path | None,
    adapter: str | None,
    rewritten: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    r"""Give a task a new voice in three steps, and mark the day on every chart.

    \b
      reposition --examples new.jsonl --why TEXT   the training set: old lines retired, new ones
                                                   weighted, a version, the day marked
      reposition --adapter NAME                    the ideals that speak the old voice, in a file
      reposition --rewritten FILE --why TEXT       a new benchmark version; what is promoted, what
                                                   is pinned and the base are run on it

    Retired lines stay in the set and its versions, but `train` teaches them no more. New examples
    are repeated so that few are not outvoted by many. Ideals are rewritten by a person: change
    `ideal` in the file, and set "rewritten" to true. Texts that people sent before the day are no
    finals any more, and are not trained on by `monitor --plan`.
    Exit codes: 0 done, 4 the request is wrong, 11 a training, an engine or the store failed.
    """
    from harness.flows.project import Project

    if sum(one is not None for one in (examples, adapter, rewritten)) != 1:
        raise RequestError("one of --examples, --adapter and --rewritten is needed, and one only")
    project = Project.here()
    if examples is not None:
        said = _examples(project, examples, as_json, **options)
    elif adapter is not None:
        said = _propose(project, adapter, as_json, **options)
    else:
        assert rewritten is not None
        said = _rewritten(project, rewritten, as_json, **options)
    if as_json:
        click.echo(json_line(said))


def _request(options: dict[str, Any]) -> Request:
    from harness.flows.evaluation.context import Request

    return Request(engine=options["engine"], store=options["store"], baselines=False)


def _who(project: Project, options: dict[str, Any]) -> tuple[str, str]:
    """Return the person and the reason; git knows the person where nobody is named."""
    from harness.flows.by_whom import own_name

    if not options["why"]:
        raise RequestError("--why TEXT is needed: why does the voice change?")
    return options["by"] or own_name(project.settings.root), options["why"]


def _examples(project: Project, examples: Path, as_json: bool, **options: Any) -> dict[str, Any]:
    from harness.flows.training.repositioning import RepositionRequest
    from harness.flows.training.repositioning import reposition as flow
    from harness.render.reposition import next_text, repositioned_text

    by, why = _who(project, options)
    columns = columns_of(options["maps"], options["ignore"])
    names = ("retire", "data", "repeat", "day", "store", "dry_run")
    ask = RepositionRequest(
        options["task"], by, why, examples, columns=columns, **{n: options[n] for n in names}
    )
    if options["name"] is not None and not ask.dry_run:
        _refuse_taken(project, options["name"])
    done = flow(project, ask)
    shown = project.redaction.record(done)
    said = asdict(shown)
    if not as_json:
        click.echo(repositioned_text(shown))
    if ask.dry_run:
        return said
    if options["name"] is None:
        if not as_json:
            click.echo(next_text(shown.mark))
        return said
    said["trained"] = _trained(project, options["name"], done, ask)
    return said | {"ideals": _propose(project, options["name"], as_json, **options)}


def _refuse_taken(project: Project, name: str) -> None:
    """Refuse a name that cannot be trained before the training set is changed."""
    from harness.workspace.formats.names import check_name

    if (project.settings.adapters / check_name(name)).exists():
        raise RequestError(f"{name}: exists already, choose a new name")


def _trained(
    project: Project, name: str, done: Repositioned, ask: RepositionRequest
) -> dict[str, Any]:
    from harness.engines.trainer import Recipe
    from harness.flows.training.train import train

    line = ProgressLine(f"training {name}")
    data = Path(done.file).with_name(done.mark.data)
    made = train(project, name, data, Recipe(), task=ask.task,
                 on_progress=lambda step, steps, loss: line.show(step, steps))  # fmt: skip
    line.close()
    click.echo(f"{made.name}: {made.examples} examples in {made.seconds:.0f} s", err=True)
    return {"name": made.name, "digest": made.digest, "examples": made.examples}


def _propose(project: Project, adapter: str, as_json: bool, **options: Any) -> dict[str, Any]:
    from harness.flows.training.old_ideals import old_ideals, write_ideals
    from harness.render.reposition import ideals_text

    line = ProgressLine(f"weighing ideals under {adapter}")
    found = old_ideals(
        project, adapter, options["task"], _request(options), count=options["count"],
        on_progress=lambda step, done, total: line.show(done, total, step),
    )  # fmt: skip
    line.close()
    name = f"ideals-{found.benchmark}-{adapter.replace('/', '.')}.jsonl"
    place = options["output"] or project.settings.reports / name
    written = "" if options["dry_run"] else write_ideals(found, place)
    about = asdict(found)
    lines = about.pop("lines")
    if not as_json:
        click.echo(ideals_text(lines, about))
        if written:
            then = f"lora-harness reposition --rewritten {written} --why TEXT"
            click.echo(ci_log(f"wrote   {written}"))
            click.echo(ci_log(f'next    change each `ideal`, set "rewritten": true, then: {then}'))
    return about | {"output": written, "proposals": list(lines)}


def _rewritten(project: Project, file: Path, as_json: bool, **options: Any) -> dict[str, Any]:
    from harness.flows.training.new_ideals import take_ideals
    from harness.render.reposition import run_means, runs_text

    by, why = _who(project, options)
    line = ProgressLine("running the new benchmark")
    done = take_ideals(
        project, file, options["task"], by=by, why=why, request=_request(options),
        dry_run=options["dry_run"],
        on_progress=lambda step, done, total: line.show(done, total, step),
    )  # fmt: skip
    line.close()
    shown = project.redaction.record(done)
    if not as_json:
        verb = "would be rewritten" if options["dry_run"] else "rewritten"
        waits = f", {shown.waiting:,} wait" if shown.waiting else ""
        version = f": version {shown.fingerprint[:12]}" if shown.fingerprint else ""
        click.echo(
            ci_log(f"{shown.benchmark}  {len(shown.rewritten)} ideals {verb}{waits}{version}")
        )
        if shown.runs:
            click.echo(runs_text(shown.runs))
    mark = asdict(shown.mark) if shown.mark else None
    return {
        "benchmark": shown.benchmark, "fingerprint": shown.fingerprint,
        "rewritten": list(shown.rewritten), "waiting": shown.waiting, "mark": mark,
        "runs": run_means(shown.runs), "dry_run": options["dry_run"],
    }  # fmt: skip
