"""`lora-harness record`: an adapter's outputs in files, with their provenance."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.completion import benchmarks as known_benchmarks
from harness.cli.completion import on_trial
from harness.cli.diagnostics import HarnessCommand
from harness.progress import ProgressLine
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.record import RecordedOutputs


@click.command(cls=HarnessCommand, epilog="Example: lora-harness record openers_ft")
@click.argument("name", shell_complete=on_trial)
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    shell_complete=known_benchmarks,
    help="Only this benchmark; may be given several times.",
)
@click.option("--engine", help="For an adapter with bytes: transformers, ray, or openai:URL.")
@click.option("--samples", type=click.IntRange(1, 64), help="Outputs per case.")
@click.option("--refresh", is_flag=True, help="Ask again for what the store knows.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder instead of recorded/; only recorded/ is looked into later.",
)
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"adapter": ..., "files": [...]}')
def record(
    name: str,
    benchmarks: tuple[str, ...],
    engine: str | None,
    samples: int | None,
    refresh: bool,
    output: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Write all outputs of adapter NAME to recorded/NAME, one file for each benchmark.

    For a model that is only a name (adapters/NAME/served.toml) they are answers that outlive it:
    once recorded, they are what a new adapter is compared with where its server is gone. An
    interrupted recording goes on where it stopped. The files hold texts.
    Exit codes: 0 recorded, 4 the request is wrong, 11 the server, the engine or the disk failed.
    """
    from harness.flows.evaluation.context import Request
    from harness.flows.project import Project
    from harness.flows.record import record as flow

    line = ProgressLine(f"recording {name}")
    project = Project.here()
    request = Request(benchmarks, engine=engine, samples=samples, refresh=refresh, store=store)
    try:
        found = flow(
            project, name, request, lambda step, done, total: line.show(done, total), output
        )
    finally:
        line.close()
    shown = project.redaction.record(found)
    click.echo(json_line(_row(shown)) if as_json else "\n".join(_lines(shown)))


def _row(found: RecordedOutputs) -> dict[str, object]:
    files = [asdict(one) | {"file": str(one.file)} for one in found.files]
    return asdict(found) | {"model": found.model or None, "files": files}


def _lines(found: RecordedOutputs) -> list[str]:
    from harness.text.figures import count
    from harness.text.safe import ci_log

    lines = []
    if found.model:
        lines.append(f"{found.adapter} is a name, not bytes: {found.model}")
    for one in found.files:
        weighed = f", {count(one.likelihoods, 'likelihood')}" if one.likelihoods else ""
        same = "" if one.changed else ", as they lay there"
        lines.append(
            f"{one.benchmark}: {count(one.answers, 'answer')}{weighed} of {one.first[:10]}{same},"
            f" {one.file}"
        )
    lines += [f"note  {note}" for note in found.notes]
    lines.append(f"next  commit recorded/{found.adapter}, then: pytest --model {found.adapter}")
    return [ci_log(line) for line in lines]
