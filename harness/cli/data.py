"""`lora-harness data`: check, fingerprint and compare training data.

The commands about versions and origins are in `data_versions.py` and `data_origin.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.command import SuggestingGroup
from harness.cli.completion import benchmarks, tasks
from harness.cli.data_origin import origin
from harness.cli.data_versions import at, log, version
from harness.cli.example_options import columns_of, reads_examples
from harness.cli.without_project import project_here
from harness.progress import ProgressLine
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.training.check_data import CheckedData, Fixed
    from harness.flows.training.compare_data import DataDiff


@click.group(
    cls=SuggestingGroup, epilog="Example: lora-harness data check adapters/datasets/more.jsonl"
)
def data() -> None:
    """Look after training data: JSONL, JSON, CSV, TSV, XLSX or Parquet in any usual format.

    Exit codes: 0 fine, 1 unfit or different, 4 the request is wrong.
    """


@data.command("check", epilog="Example: lora-harness data check more.jsonl --fix clean.jsonl")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--benchmark", "--benchmarks", "benchmarks", multiple=True,
              shell_complete=benchmarks,
              help="Look for overlap with this one only; may be given several times.")  # fmt: skip
@click.option(
    "--task",
    shell_complete=tasks,
    help="Whose glossary and voice count (needed where there are several).",
)
@click.option("--region", default="US", show_default=True,
              help="Country of phone numbers without a +, as two letters.")  # fmt: skip
@click.option("--names", metavar="MODEL",
              help="Look for people's names with this local NER model (a folder).")  # fmt: skip
@click.option("--fix", type=click.Path(path_type=Path), help="Write a cleaned copy to this file.")
@click.option("--json", "as_json", is_flag=True, help='{"fit": ..., "findings": [...]}')
@reads_examples
def check(
    file: Path,
    benchmarks: tuple[str, ...],
    task: str | None,
    region: str,
    names: str | None,
    fix: Path | None,
    maps: tuple[str, ...],
    ignore: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what is wrong with FILE, line by line; nothing leaves this machine.

    Kinds: schema, empty, duplicate, near_duplicate, contradiction, overlap, personal_data,
    banned_term, tone, truncated make it unfit; outlier, size and origin are for a person to
    look at: `data origin` says where a set comes from.
    A copy of JSONL, JSON, CSV or TSV keeps its format; of XLSX and Parquet it is CSV or JSONL.
    Exit codes: 0 fit, 1 unfit, 4 the request is wrong.
    """
    from harness.flows.training.check_data import DataCheckRequest, check_data, fix_data
    from harness.flows.training.data_versions import find_set
    from harness.text.redact import OPEN

    line = ProgressLine(f"checking {file.name}")
    columns = columns_of(maps, ignore)
    asked = DataCheckRequest(benchmarks, task, region.upper(), names, columns)
    project = project_here(asked_for=bool(benchmarks or task))
    file = find_set(project, file)
    found = check_data(project, file, asked, lambda step, done, total: line.show(done, total, step))
    line.close()
    fixed = fix_data(project, file, fix, found, asked) if fix else None
    redaction = project.redaction if project else OPEN
    found, fixed = redaction.record(found), redaction.record(fixed)
    if as_json:
        click.echo(json_line(_checked_json(found, fixed)))
    else:
        click.echo(_checked_text(found, fixed))
    sys.exit(0 if found.fit else 1)


def _checked_json(found: CheckedData, fixed: Fixed | None) -> dict[str, Any]:
    from harness.findings import counted
    from harness.render.findings import findings_json

    said: dict[str, Any] = {
        "file": found.file,
        "fit": found.fit,
        "format": found.format,
        "examples": found.examples,
        "fingerprint": found.fingerprint,
        "findings": findings_json(found.findings),
        "counts": counted(found.findings),
        "notes": list(found.notes),
    }
    if fixed is not None:
        said["fixed"] = {
            "file": fixed.file,
            "written_as": fixed.written_as,
            "kept": fixed.kept,
            "fingerprint": fixed.fingerprint,
            "dropped": findings_json(fixed.dropped),
            "left": findings_json(fixed.left),
        }
    return said


def _checked_text(found: CheckedData, fixed: Fixed | None) -> str:
    from harness.findings import counted
    from harness.render.findings import findings_text, format_said, kinds_text
    from harness.text.safe import ci_log

    table = findings_text(found.findings)
    lines = [table, ""] if table else []
    lines += [f"note  {ci_log(note)}" for note in found.notes]
    state = "fit" if found.fit else "unfit"
    lines.append(
        f"{state}: {found.examples:,} examples in {ci_log(found.file)}{format_said(found.format)},"
        f" {kinds_text(counted(found.findings))}"
    )
    lines.append(f"fingerprint {found.fingerprint}")
    if fixed is not None:
        lines += ["", *_fixed_lines(fixed)]
    return "\n".join(lines)


def _fixed_lines(fixed: Fixed) -> list[str]:
    from harness.findings import counted
    from harness.render.findings import findings_text, kinds_text
    from harness.text.safe import ci_log

    dropped = kinds_text(counted(fixed.dropped))
    lines = [
        f"{ci_log(fixed.file)}: {fixed.kept:,} examples kept, {len(fixed.dropped):,} lines dropped"
        + (f" ({dropped})" if fixed.dropped else "")
    ]
    if not fixed.file.lower().endswith(f".{fixed.written_as.lower()}"):
        lines.append(f"written as {fixed.written_as}")
    if any(finding.kind == "contradiction" for finding in fixed.dropped):
        lines.append(
            "of contradictions the first line was kept: whether it is right, only you know"
        )
    if fixed.left:
        lines += ["dropping mends no more; a person has to look at:", findings_text(fixed.left)]
    return lines


@data.command("fingerprint", epilog="Example: lora-harness data fingerprint more.jsonl")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='{"file", "examples", "fingerprint"}')
@reads_examples
def fingerprint(file: Path, maps: tuple[str, ...], ignore: tuple[str, ...], as_json: bool) -> None:
    """Print a hash of the examples in FILE, the same in any order and in every format.

    training.json carries it.
    Exit codes: 0 done, 4 FILE is no training set.
    """
    from harness.flows.training.check_data import fingerprint_data
    from harness.flows.training.data_versions import find_set
    from harness.render.findings import format_said, record_json

    named = find_set(project_here(asked_for=False), file)
    found = fingerprint_data(named, columns_of(maps, ignore))
    click.echo(
        json_line(record_json(found))
        if as_json
        else f"{found.fingerprint}  {found.examples} examples{format_said(found.format)}"
    )


@data.command("diff", epilog="Example: lora-harness data diff old.jsonl new.jsonl")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='{"equal", "added", "removed", "changed"}')
@reads_examples
def diff(
    before: Path, after: Path, maps: tuple[str, ...], ignore: tuple[str, ...], as_json: bool
) -> None:
    """Show the examples that only AFTER or only BEFORE has; order and format do not count.

    Either may be a version, such as outreach@3.

    Exit codes: 0 both say the same, 1 they differ, 4 a file is no training set.
    """
    from harness.flows.training.compare_data import diff_data
    from harness.flows.training.data_versions import find_set
    from harness.render.findings import record_json
    from harness.text.redact import OPEN

    project = project_here(asked_for=False)
    sides = (find_set(project, before), find_set(project, after))
    exact = diff_data(*sides, columns_of(maps, ignore))
    found = (project.redaction if project else OPEN).record(exact)
    if as_json:
        said = record_json(found) | {"equal": found.equal}
        click.echo(json_line(said))
    else:
        click.echo("\n".join(_diff_lines(found)))
    sys.exit(0 if found.equal else 1)


def _diff_lines(found: DataDiff) -> Sequence[str]:
    from harness.render.findings import sides_text
    from harness.text.figures import count

    if found.equal:
        return [f"equal: {count(found.same, 'example')}, fingerprint {found.after.fingerprint}"]
    changes = [
        (sign, text)
        for one in found.changed
        for sign, texts in (("=", (one.input,)), ("-", one.before), ("+", one.after))
        for text in texts
    ]
    return [
        f"{count(found.same, 'example')} in both, {len(found.added)} added,"
        f" {len(found.removed)} removed, {len(found.changed)} changed",
        *sides_text("added", [("+", f"{e.input} → {e.output}") for e in found.added]),
        *sides_text("removed", [("-", f"{e.input} → {e.output}") for e in found.removed]),
        *sides_text("changed (same input, another output)", changes, most=9),
    ]


for command in (version, log, at, origin):
    data.add_command(command)
