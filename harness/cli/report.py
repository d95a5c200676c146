"""`lora-harness report`: the report of a stored run, written anew."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from harness.cli.completion import benchmarks, on_trial
from harness.cli.diagnostics import HarnessCommand
from harness.errors import RequestError
from harness.text.safe import json_line

FORMATS = ("html", "md", "json")


@click.command(cls=HarnessCommand, epilog="Example: lora-harness report adapter_v3 --open")
@click.argument("name", metavar="RUN|ADAPTER", shell_complete=on_trial)
@click.option(
    "--benchmark",
    shell_complete=benchmarks,
    help="Which of an adapter's verdicts; the first task's otherwise.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="Only this one, to --output.")
@click.option("--output", type=click.Path(path_type=Path), help="A file instead; - is stdout.")
@click.option("--open", "open_", is_flag=True, help="Show report.html in a browser.")
@click.option("--texts/--no-texts", default=True, help="Whether inputs and outputs are shown.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--reports", type=click.Path(path_type=Path), help="Reports folder.")
@click.option("--json", "as_json", is_flag=True, help='{"run": ..., "files": {"html": ...}}')
def report(
    name: str,
    benchmark: str | None,
    form: str | None,
    output: Path | None,
    open_: bool,
    texts: bool,
    store: str | None,
    reports: Path | None,
    as_json: bool,
) -> None:
    """Write report.html, report.md and run.json of the last verdict on a run or an adapter.

    Exit codes: 0 done, 4 nothing of that name was judged, 11 the store or the disk failed.
    """
    from harness.flows.project import Project
    from harness.flows.report import find, material_of, put, text_of, write
    from harness.flows.store import open_store

    chosen = _form(form, output, open_ or as_json)
    project = Project.here().showing(texts).reporting_to(reports)
    with closing(open_store(project, store)) as opened:
        material = material_of(project, opened, find(project, opened, name, benchmark))
    if chosen is None:
        files = write(project, material)
    elif output == Path("-"):
        click.echo(text_of(material, chosen), nl=False)
        return
    else:
        assert output is not None
        files = {chosen: put(output, text_of(material, chosen))}
    _tell(material.run.id, files, as_json)
    if open_:
        click.launch(str(files["html"].resolve()))


def _form(form: str | None, output: Path | None, more: bool) -> str | None:
    """Which form goes to `--output`; None writes all three into the reports folder."""
    if output is None:
        if form is not None:
            raise RequestError("--format needs --output, a file or - for stdout")
        return None
    if more and output == Path("-"):
        raise RequestError("--output - is the report itself, leave out --open and --json")
    if form is None:
        form = output.suffix.removeprefix(".")
        if form not in FORMATS:
            raise RequestError(f"--output {output}: say --format, one of {', '.join(FORMATS)}")
    return form


def _tell(run: str, files: dict[str, Path], as_json: bool) -> None:
    from harness.flows.github import shown
    from harness.workspace.formats.output_file import is_stream

    to_stderr = any(map(is_stream, files.values()))  # the report itself may stand on stdout
    if as_json:
        result = {"run": run, "files": {form: str(file) for form, file in files.items()}}
        click.echo(json_line(result), err=to_stderr)
    else:
        click.echo("\n".join(shown(file) for file in files.values()), err=to_stderr)
