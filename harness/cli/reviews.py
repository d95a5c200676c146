"""`lora-harness reviews`: import and export of reviews, and their rates."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.command import SuggestingGroup
from harness.cli.completion import adapters, tasks
from harness.errors import RequestError
from harness.progress import ProgressLine
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.reviews.importing import Preview, ReviewImport
    from harness.text.redact import Redaction

ORDERS = ("dmy", "mdy", "ymd")
BY = ("week", "adapter", "slice", "reviewer", "task")
_SHOWN = 20
"""Bad rows that are shown on a terminal."""


@click.group(
    cls=SuggestingGroup, epilog="Example: lora-harness reviews import october.csv --dry-run"
)
def reviews() -> None:
    """Import and export reviews: outputs that people accepted, edited or rejected.

    Exit codes: 0 done, 4 the request or a file is wrong, 11 the store failed.
    """


@reviews.command(
    "import", epilog="Example: lora-harness reviews import october.csv --map final=sent_text"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--map", "told", multiple=True, metavar="FIELD=COLUMN", help="Which column is which.")
@click.option("--set", "fixed", multiple=True, metavar="FIELD=VALUE", help="The same in all rows.")
@click.option("--dates", type=click.Choice(ORDERS), help="Order of day, month and year.")
@click.option("--sheet", default="", metavar="NAME", help="The sheet of a spreadsheet.")
@click.option("--encoding", default="", metavar="NAME", help="Of the text, such as cp1252.")
@click.option("--forget-map", is_flag=True, help="Guess anew, not as the last import was told.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows and report the others.")
@click.option("--dry-run", is_flag=True, help="Say what was understood, import nothing.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="What became of the rows as JSON.")
def import_(
    file: Path,
    told: tuple[str, ...],
    fixed: tuple[str, ...],
    dates: Any,
    sheet: str,
    encoding: str,
    forget_map: bool,
    skip_bad: bool,
    dry_run: bool,
    store: str | None,
    as_json: bool,
) -> None:
    """Read reviews from FILE: CSV, TSV, JSONL, JSON, XLSX or Parquet, as your tools export it.

    All rows or none, and each counted once: importing a file again changes nothing. Fields: id, at,
    task, adapter, digest, input (or messages, a conversation as JSON), system, context, output,
    final, decision, reviewer, reason, seconds (or milliseconds) that it took, source, slices.NAME.
    Headings may be English, German, French or Spanish. Without a decision, a review without a final
    is rejected, one with an equal final accepted. Times without an offset are taken as UTC.

    Exit codes: 0 done, 4 FILE cannot be used or has impossible rows, 11 the store failed.
    """
    from harness.flows.project import Project
    from harness.flows.reviews.importing import ReviewImportRequest, import_reviews
    from harness.flows.reviews.rows import FIELDS
    from harness.flows.store import open_store
    from harness.render.reviews import form_json, preview_json
    from harness.workspace.importers.columns import pairs

    asked = ReviewImportRequest(
        pairs(told, "--map", FIELDS), pairs(fixed, "--set", FIELDS), forget_map, skip_bad, dry_run,
        dates, sheet, encoding,
    )  # fmt: skip
    project = Project.here()
    line, understood = ProgressLine(f"reading {file.name}"), {}

    def seen(preview: Preview) -> None:
        columns = preview.columns
        understood.update(preview_json(columns.of, columns.constants, columns.unused))
        form = asdict(project.redaction.record(preview.form))
        understood.update(form_json(form, preview.dates.order, str(preview.dates), preview.asked))
        if not as_json:
            _show(preview, project.redaction)

    with closing(open_store(project, store)) as opened:
        try:
            found = import_reviews(project, opened, file, asked, seen, line.count)
        finally:
            line.close()
    found = project.redaction.record(found)
    if as_json:
        click.echo(json_line(_counts(found, file) | understood))
    else:
        _say(found, file, asked.dry_run)
    sys.exit(4 if found.refused else 0)


def _show(preview: Preview, redaction: Redaction) -> None:
    from harness.render.reviews import form_text, preview_text

    form = asdict(redaction.record(preview.form))
    click.echo(form_text(form, str(preview.dates), preview.asked))
    columns = preview.columns
    # Before the rows are understood, any cell may be a text.
    samples = [redaction.row(row.values, {}) for row in preview.sample]
    click.echo(preview_text(columns.of, columns.constants, columns.unused, samples))


def _counts(found: ReviewImport, file: Path) -> dict[str, Any]:
    from harness.text.plain import plain

    refused = {"error": _summary(found, file)} if found.refused else {}
    return refused | {
        "rows": found.rows,
        "new": found.new,
        "known": found.known,
        "twice": found.twice,
        "bad": found.bad_count,
        "bad_rows": plain(found.bad),
        "passed_over": found.passed_over,
    }


def _say(found: ReviewImport, file: Path, dry_run: bool) -> None:
    from harness.render.reviews import bad_rows_text

    for line in bad_rows_text(found.bad, found.bad_count, _SHOWN):
        click.echo(f"lora-harness: {line}", err=True)
    click.echo(_summary(found, file, dry_run))


def _summary(found: ReviewImport, file: Path, dry_run: bool = False) -> str:
    from harness.text.safe import ci_log

    if found.refused:
        return ci_log(
            f"{file}: {found.bad_count:,} of {found.rows:,} rows cannot be, nothing was imported;"
            " correct them, or --skip-bad imports the others"
        )
    said = f"{found.new:,} new reviews" + (" would come, nothing was imported" if dry_run else "")
    rest = {"known already": found.known, "twice in the file": found.twice, "bad": found.bad_count}
    more = "".join(f", {number:,} {what}" for what, number in rest.items() if number)
    if found.passed_over:
        lines = ", ".join(map(str, found.passed_over))
        more += f"; passed over, without texts and time: line {lines}"
    return ci_log(f"{file}: {found.rows:,} rows, {said}{more}")


@reviews.command(
    "export", epilog="Example: lora-harness reviews export --training adapters/datasets/more.jsonl"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--raw", "shape", flag_value="raw", default=True, help="Every review as it is.")
@click.option("--training", "shape", flag_value="training", help="Inputs with what was sent.")
@click.option("--candidates", "shape", flag_value="candidates", help="Cases the benchmark lacks.")
@click.option("--task", shell_complete=tasks, help="Of this task only.")
@click.option("--adapter", shell_complete=adapters, help="Of this adapter only.")
@click.option("--since", metavar="DATE", help="From this day on.")
@click.option(
    "--from-rate",
    default=0.5,
    type=click.FloatRange(0, 1),
    show_default=True,
    help="Edit rate from which an edited output is a candidate.",
)
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The count as JSON.")
def export(
    file: Path,
    shape: str,
    task: str | None,
    adapter: str | None,
    since: str | None,
    from_rate: float,
    store: str | None,
    as_json: bool,
) -> None:
    """Write reviews to FILE, one JSON object per line.

    --training: accepted and edited finals, the newest of each input, no input of a benchmark.
    --candidates: rejected and heavily edited ones that no benchmark has, as a proposal.

    Exit codes: 0 done, 4 FILE cannot be written, 11 the store failed.
    """
    from harness.flows.project import Project
    from harness.flows.reviews import export as flow
    from harness.flows.store import open_store
    from harness.workspace.formats.output_file import is_stream, write_output

    project = Project.here()
    chosen = flow.ReviewFilter(task, adapter, _day(since), from_rate)
    with closing(open_store(project, store)) as opened:
        chosen.check(opened)
        lines: Iterator[dict[str, Any]]
        if shape == "training":
            lines = flow.training_lines(project, opened, chosen)
        elif shape == "candidates":
            lines = flow.candidate_lines(project, opened, chosen)
        else:
            raw = flow.raw_lines(opened, chosen, project.redaction)
            lines = map(project.settings.calendar.beside, raw)  # each line has a day
        texts = (json_line(line) + "\n" for line in lines)
        try:
            count = write_output(file, texts)
        except OSError as problem:
            raise RequestError(f"{file}: cannot be written ({problem.strerror})") from problem
    done = f"{file}: {count:,} lines"
    if as_json:
        done = json_line(project.settings.calendar.beside({"lines": count}))
    click.echo(done, err=is_stream(file))


@reviews.command(epilog="Example: lora-harness reviews rates --by slice --since 2026-10-01")
@click.option(
    "--by", default="week", type=click.Choice(BY), show_default=True, help="One line for each."
)
@click.option("--task", shell_complete=tasks, help="Of this task only.")
@click.option("--since", metavar="DATE", help="From this day on.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"by": ..., "groups": [...]}')
def rates(by: Any, task: str | None, since: str | None, store: str | None, as_json: bool) -> None:
    """Edit rate, rejection rate and share edited, each with its 95 % Wilson interval.

    Exit codes: 0 done, 4 the request is wrong, 11 the store failed.
    """
    from harness.flows.project import Project
    from harness.flows.reviews.edit_rates import review_rates
    from harness.flows.store import open_store
    from harness.render.reviews import rates_json, rates_text

    project = Project.here()
    with closing(open_store(project, store)) as opened:
        found = project.redaction.record(review_rates(opened, by, task, _day(since)))
    if as_json:
        click.echo(json_line(project.settings.calendar.beside(rates_json(by, found))))
    else:
        click.echo(rates_text(by, found))


@reviews.command(epilog="Example: lora-harness reviews reviewers --task outreach --json")
@click.option("--task", shell_complete=tasks, help="Of this task only.")
@click.option("--since", metavar="DATE", help="From this day on.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"reviewers": [...], "agreement": ...}')
def reviewers(task: str | None, since: str | None, store: str | None, as_json: bool) -> None:
    """Who reviewed how much and how fast, and how alike two people decide on the same output.

    Exit codes: 0 done, 4 the request is wrong, 11 the store failed.
    """
    from harness.flows.project import Project
    from harness.flows.queries import reviewers_page
    from harness.flows.store import open_store
    from harness.render.reviewers import reviewers_json, reviewers_text

    project = Project.here()
    with closing(open_store(project, store)) as opened:
        found = reviewers_page(project, opened, task, _day(since))
    if as_json:
        click.echo(json_line(project.settings.calendar.beside(reviewers_json(found))))
    else:
        click.echo(reviewers_text(found))


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d")
    except ValueError as problem:
        raise RequestError(f"--since {text}: is no day, write it as 2026-11-20") from problem
