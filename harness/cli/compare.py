"""`lora-harness compare`: two adapters side by side, case by case.

Tested in tests/cli/test_evaluate.py.
"""

from __future__ import annotations

import click

from harness.cli.completion import benchmarks, on_trial
from harness.cli.diagnostics import HarnessCommand
from harness.progress import ProgressLine
from harness.text.safe import json_line


@click.command(cls=HarnessCommand, epilog="Example: lora-harness compare adapter_v4 adapter_v2")
@click.argument("a", shell_complete=on_trial)
@click.argument("b", shell_complete=on_trial)
@click.option(
    "--benchmark", shell_complete=benchmarks, help="Needed where the project has several tasks."
)
@click.option("--engine", help="transformers, ray, recorded:FOLDER, or openai:URL.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--texts/--no-texts", default=True, help="Whether texts are shown, or figures only.")
@click.option("--json", "as_json", is_flag=True, help="The comparison as JSON.")
def compare(
    a: str,
    b: str,
    benchmark: str | None,
    engine: str | None,
    store: str | None,
    texts: bool,
    as_json: bool,
) -> None:
    """Adapter A beside adapter B; runs that the store lacks are made.

    Exit codes: 0 done, 4 the request is wrong, 11 could not run.
    """
    from harness.flows.evaluation.compare import compare_in
    from harness.flows.project import Project
    from harness.render.compare import side_by_side_json, side_by_side_text

    line = ProgressLine(f"{a} and {b}")
    both = compare_in(
        Project.here(),
        a,
        b,
        benchmark=benchmark,
        engine=engine,
        store=store,
        texts=texts,
        on_progress=line.show,
    )
    line.close()
    click.echo(json_line(side_by_side_json(both)) if as_json else side_by_side_text(both))
