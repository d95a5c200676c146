"""`lora-harness benchmark`: make the fixed benchmark and look after it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.benchmark_answers import refuse_rows, say_added
from harness.cli.benchmark_propose import propose
from harness.cli.command import SuggestingGroup
from harness.cli.completion import benchmarks, tasks
from harness.progress import ProgressLine
from harness.text.safe import ci_log, json_line

if TYPE_CHECKING:
    from harness.flows.benchmarks.case_table import CaseImportRequest, Changing, ImportedCases
    from harness.flows.benchmarks.fitting import Misfit
    from harness.flows.project import Project


@click.group(cls=SuggestingGroup, epilog="Example: lora-harness benchmark check")
def benchmark() -> None:
    """Make the fixed benchmark and look after it.

    Exit codes: 0 fine, 1 unfit or different, 4 the request is wrong, 11 the store failed.
    """


@benchmark.command("check", epilog="Example: lora-harness benchmark check outreach --margin 0.03")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=benchmarks)
@click.option("--margin", type=float, help="Cases for this margin instead of the benchmark's own.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"findings": [...], "benchmarks": [...]}')
def check(names: tuple[str, ...], margin: float | None, store: str | None, as_json: bool) -> None:
    """Say whether the benchmark NAME can be trusted; without NAME, all of the project's.

    Cases as they are written, overlap with adapters/datasets, and what history says about each.
    `lora-harness explain KIND` says what a finding means and what to do.
    Exit codes: 0 fit, 1 something makes it unfit, 4 the request is wrong, 11 the store failed.
    """
    from harness.flows.benchmarks.check import check as flow
    from harness.flows.project import Project
    from harness.render.benchmark import check_json, check_text

    line = ProgressLine("")

    def on_progress(step: str, done: int, total: int) -> None:
        line.title = step
        line.show(done, total)

    project = Project.here()
    exact = flow(project, names, margin=margin, store=store, on_progress=on_progress)
    found = project.redaction.record(exact)
    line.close()
    fit = all(one.fit for one in found)
    if as_json:
        each = [check_json(one.health, one.unfit, one.advice) for one in found]
        findings = [finding for _, some in each for finding in some]
        result = {"fit": fit, "findings": findings, "benchmarks": [about for about, _ in each]}
        click.echo(json_line(result))
    else:
        click.echo("\n\n".join(check_text(one.health, one.unfit, one.advice) for one in found))
    sys.exit(0 if fit else 1)


@benchmark.command("diff", epilog="Example: lora-harness benchmark diff outreach@a7d697 outreach")
@click.argument("old", shell_complete=benchmarks)
@click.argument("new", shell_complete=benchmarks)
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The difference as JSON.")
def diff(old: str, new: str, store: str | None, as_json: bool) -> None:
    """Say what changed from OLD to NEW, and what that means for verdicts.

    Each is a benchmark of the project, a folder (with a `/` in it), or NAME@FINGERPRINT for the
    cases that runs remember. Exit codes: 0 the same, 1 different, 4 the request is wrong,
    11 the store failed.
    """
    from harness.flows.benchmarks.compare import diff as flow
    from harness.flows.project import Project
    from harness.render.benchmark_difference import difference_json, difference_text

    project = Project.here()
    found = project.redaction.record(flow(project, old, new, store=store))
    if as_json:
        click.echo(json_line(difference_json(found)))
    else:
        click.echo(difference_text(found))
    sys.exit(0 if found.same else 1)


@benchmark.command(
    "import", epilog="Example: lora-harness benchmark import cases.xlsx --name openers --dry-run"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", required=True, shell_complete=benchmarks, help="Name of the benchmark.")
@click.option(
    "--task", shell_complete=tasks, help="Task whose adapters it judges.  [default: the name]"
)
@click.option("--guard", is_flag=True, help="Every adapter must keep it, whatever its task.")
@click.option("--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Which column is which.")
@click.option("--set", "sets", multiple=True, metavar="FIELD=VALUE", help="The same in every row.")
@click.option(
    "--slice", "slices", multiple=True, metavar="COLUMN", help="A column that is a slice."
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Rows of a task whose dataset lies elsewhere."
)
@click.option("--ignore", multiple=True, metavar="COLUMN", help="A column that is left out.")
@click.option("--separator", help="What stands between several ideals in one cell.")
@click.option("--replace", is_flag=True, help="Put the cases in place of those that are there.")
@click.option("--reserve", is_flag=True, help="Add the cases to the benchmark's reserve.")
@click.option("--forget-map", is_flag=True, help="Guess columns anew instead of as last time.")
@click.option(
    "--yes/--no",
    "agreed",
    default=None,
    help="Change settings that do not fit the cases, or leave them; asks nothing.",
)
@click.option("--dry-run", is_flag=True, help="Show what was understood, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="What was understood and done as JSON.")
def import_(
    file: Path,
    maps: tuple[str, ...],
    sets: tuple[str, ...],
    slices: tuple[str, ...],
    reserve: bool,
    forget_map: bool,
    agreed: bool | None,
    as_json: bool,
    **rest: Any,
) -> None:
    """Import cases from FILE: CSV, TSV, XLSX, JSONL, JSON or Parquet, with a case in each row.

    Fields: id, input (or messages, a conversation as JSON), system, context, ideal (ideal2 to
    ideal9, or a JSON list), critical, group, checks, and slices as columns `slice:industry`.
    Training data is recognised by its keys: messages (OpenAI chat), conversations (ShareGPT),
    instruction and output (Alpaca), prompt and completion (TRL); the last answer is the ideal.
    A column that is filled and not read is refused unless it is named with --ignore.
    An existing benchmark.toml stays as it is, but for settings that do not fit: a max_new_tokens
    below the ideals, samples of `init`. On a terminal you are asked.
    With --replace a case whose input stays keeps its id; new, gone and changed cases are named
    before anything is written. The reserve stays as it is; with --reserve the cases are added to
    its end.
    YAML is a promptfoo configuration (tests with vars and assert) or a task of
    lm-evaluation-harness (doc_to_text, doc_to_target): what no case can hold is listed.
    Exit codes: 0 done, 4 FILE or a row is wrong: each is named, and nothing was written.
    """
    from harness.flows.benchmarks.case_table import CaseImportRequest
    from harness.flows.benchmarks.importing import import_benchmark
    from harness.flows.benchmarks.rows import FIELDS
    from harness.flows.project import Project
    from harness.render.benchmark_import import done_text
    from harness.workspace.importers.columns import pairs

    columns = {f"slices.{column}": column for column in slices} | pairs(maps, "--map", FIELDS)
    asked = CaseImportRequest(
        told=columns,
        constants=pairs(sets, "--set", FIELDS),
        reserve=reserve,
        forget=forget_map,
        **rest,
    )
    project = Project.here()
    dialogue = _Dialogue(project, agreed, quiet=as_json)
    if reserve:
        _import_reserve(project, file, asked, dialogue, as_json)
        return
    found = import_benchmark(project, file, asked, dialogue)
    if found.bad:
        refuse_rows(project.redaction.record(found.bad), as_json)
    version = found.benchmark.fingerprint if found.benchmark else None
    if as_json:
        click.echo(json_line(_import_json(project, found, version)))
        return
    notes = project.redaction.record(found.notes)
    click.echo(done_text(len(found.cases), found.written, version, notes))
    for setting in found.settings:
        if setting.made:
            click.echo(f"changed {ci_log(setting.misfit.line)}")
        else:
            click.echo(f"warning: {ci_log(_misfit(setting))}", err=True)


def _import_reserve(
    project: Project, file: Path, asked: CaseImportRequest, dialogue: _Dialogue, as_json: bool
) -> None:
    from harness.flows.benchmarks.importing_reserve import import_reserve

    found, added = import_reserve(project, file, asked, dialogue)
    if bad := (found.bad if added is None else added.bad):
        refuse_rows(project.redaction.record(bad), as_json)
    assert added is not None  # it is None where a row is bad
    say_added(project, added, as_json, asked.dry_run, benchmark=asked.name)


class _Dialogue:
    """Shows what an import would write, and asks about settings that do not fit."""

    def __init__(self, project: Project, agreed: bool | None, quiet: bool) -> None:
        self._project, self._agreed, self._quiet = project, agreed, quiet

    def planned(self, found: ImportedCases) -> None:
        """Print the columns, the first cases, and how many cases of the file stay or go."""
        from harness.flows.benchmarks.rows import HOLDS
        from harness.render.benchmark_import import replaced_text, understood_text

        if self._quiet:
            return
        cases = [self._project.redaction.row(case, HOLDS) for case in found.cases]
        columns = found.columns
        said: dict[str, Any] = {"read_as": found.format, "unread": found.unread}
        click.echo(understood_text(columns.of, columns.unused, cases, found.left, **said))
        if (it := found.replaced) is not None:
            click.echo(
                replaced_text(
                    len(it.same), it.new, it.gone, it.changed, it.renamed, it.kept, it.unread
                )
            )

    def agrees(self, misfit: Misfit, file: str) -> bool:
        """Answer as the options say; else ask on a terminal, and change nothing elsewhere."""
        if self._agreed is not None:
            return self._agreed
        if self._quiet or not _on_terminal():
            return False
        click.echo(ci_log(f"{file}: {misfit.why}"))
        return click.confirm(f"change it to: {ci_log(misfit.line)}?", default=True)


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _misfit(setting: Changing) -> str:
    change = f"--yes changes it, or write there: {setting.misfit.line}"
    if setting.misfit.text is None:
        change = f"write there: {setting.misfit.line}"
    return f"{setting.file}: {setting.misfit.why}; {change}"


def _import_json(project: Project, found: ImportedCases, version: str | None) -> dict[str, Any]:
    from harness.flows.benchmarks.rows import HOLDS
    from harness.render.benchmark_import import import_json

    cases = [project.redaction.row(case, HOLDS) for case in found.cases]
    it = found.replaced
    replaced = it and {
        "same": len(it.same),
        "new": it.new,
        "gone": it.gone,
        "changed": [{"id": case, "fields": fields} for case, fields in it.changed.items()],
        "renamed": [{"old": old, "new": new} for old, new in it.renamed.items()],
        "kept": it.kept,
        "unread": it.unread,
    }
    settings = [
        {
            "key": setting.misfit.key,
            "file": setting.file,
            "message": setting.misfit.why,
            "line": setting.misfit.line,
            "changed": setting.made,
        }
        for setting in found.settings
    ]
    return import_json(
        found.columns.of,
        found.columns.unused,
        cases,
        found.written,
        version,
        found.left,
        format=found.format,
        unread=found.unread,
        replaced=replaced,
        settings=settings,
        notes=project.redaction.record(found.notes),
    )


benchmark.add_command(propose)
