"""`lora-harness benchmark propose`: fill the reserve with finals that a person confirms."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.benchmark_answers import refuse_rows, say_added
from harness.cli.completion import benchmarks, tasks
from harness.cli.diagnostics import HarnessCommand
from harness.errors import RequestError
from harness.text.blanks import is_blank
from harness.text.safe import ci_log, json_line

if TYPE_CHECKING:
    from harness.flows.project import Project
    from harness.flows.reviews.proposals import Proposals

MOST = 200
"""Cases that may be proposed at once."""
ANSWERS = {"y": "yes", "e": "edit the ideal", "s": "skip", "n": "never again", "q": "quit"}


@click.command(
    "propose", cls=HarnessCommand,
    epilog="Example: lora-harness benchmark propose outreach --output proposals.jsonl",
)  # fmt: skip
@click.argument("name", required=False, shell_complete=benchmarks)
@click.option("--task", shell_complete=tasks, help="Instead of NAME: the benchmark of this task.")
@click.option(
    "--count", type=click.IntRange(1, MOST), metavar="N",
    help="Cases to propose.  [default: as many as the reserve lacks]",
)  # fmt: skip
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write them here, as JSONL."
)
@click.option(
    "--confirm", type=click.Path(path_type=Path), metavar="FILE",
    help='Add those of FILE that have "confirmed": true to the reserve.',
)  # fmt: skip
@click.option("--by", help="Who confirms them.")
@click.option("--list", "only_list", is_flag=True, help="List them on a terminal, ask nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would be added, write nothing.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"proposals": [...], "reserve": {...}}')
def propose(
    name: str | None,
    task: str | None,
    count: int | None,
    output: Path | None,
    confirm: Path | None,
    by: str | None,
    only_list: bool,
    dry_run: bool,
    store: str | None,
    as_json: bool,
) -> None:
    r"""Propose cases for the reserve of benchmark NAME, from texts that people sent.

    The reserve is used only while a verdict is open. A proposal is the final of a review that no
    training set and no benchmark holds; which adapter wrote it, and whether it was edited, is not
    said. On a terminal you are asked about each: yes, edit, skip, never. Elsewhere write them with
    --output, correct what is wrong, set "confirmed" to true ("never": not to come again), then:

    \b
      lora-harness benchmark propose --confirm proposals.jsonl --by Ana

    Confirmed cases go to the end of cases.reserve.jsonl, all or none; a case that is there already
    stays as it is. They are no longer weighed as finals, and no training set may hold them.
    Exit codes: 0 done, 4 the request or FILE is wrong, 11 the store failed.
    """
    from harness.flows.project import Project

    project = Project.here()
    if confirm is not None:
        if output or count or only_list:
            raise RequestError("--confirm stands alone: it takes a file that --output wrote")
        if by is None:
            raise RequestError("--confirm needs --by WHO: a person confirms the ideals")
        _confirm(project, confirm, name, task, by, dry_run, as_json)
        return
    found = _proposals(project, name, task, count, store)
    if output is not None:
        _write(found, output, as_json)
    elif as_json:
        click.echo(json_line(_about(found) | {"proposals": found.lines}))
    elif found.lines and not only_list and sys.stdin.isatty() and sys.stdout.isatty():
        _walk(project, found, by, dry_run)
    else:
        _list(found)


def _proposals(
    project: Project, name: str | None, task: str | None, count: int | None, store: str | None
) -> Proposals:
    from harness.flows.reviews.proposals import propose as flow
    from harness.flows.reviews.proposals import reserved_benchmark
    from harness.flows.store import open_store

    benchmark = reserved_benchmark(project, name, task)
    with closing(open_store(project, store)) as opened:
        return flow(project, opened, benchmark, count)


def _about(found: Proposals) -> dict[str, Any]:
    return {
        "benchmark": found.benchmark,
        "task": found.task,
        "proposed": len(found.lines),
        "finals": found.finals,
        "left_out": found.left_out,
        "synthetic": found.synthetic,
        "reserve": {"cases": found.reserve, "looks": found.looks},
        "notes": found.notes,
    }


def _list(found: Proposals) -> None:
    from harness.render.reserve import proposed_text

    click.echo(proposed_text(found.lines, _about(found)))
    if found.lines:
        write = f"lora-harness benchmark propose {found.benchmark} --output proposals.jsonl"
        click.echo(f"next      {write}")


def _write(found: Proposals, output: Path, as_json: bool) -> None:
    """Write the proposals; never over a file, which may hold the answers of a person."""
    from harness.flows.reviews.proposals import write_proposals
    from harness.render.reserve import summary_lines

    written = write_proposals(found, output)
    if as_json:
        click.echo(json_line(_about(found) | {"output": written}))
        return
    click.echo("\n".join(summary_lines(_about(found))))
    if written:
        click.echo(f"wrote     {ci_log(written)}")
        shown = ci_log(f"lora-harness benchmark propose --confirm {written} --by YOU")
        click.echo(f'next      correct the ideals, set "confirmed": true, then: {shown}')


def _confirm(
    project: Project,
    file: Path,
    name: str | None,
    task: str | None,
    by: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    from harness.flows.reviews.confirming import confirm as flow

    done = flow(project, file, by=by, name=name, task=task, dry_run=dry_run)
    if done.cases.bad:
        refuse_rows(project.redaction.record(done.cases.bad), as_json)
    say_added(
        project, done.cases, as_json, dry_run,
        benchmark=done.benchmark, declined=len(done.declined), waiting=done.waiting,
    )  # fmt: skip


def _walk(project: Project, found: Proposals, by: str | None, dry_run: bool) -> None:
    """Ask about every proposal; each answer is kept at once, so that Ctrl-C loses none."""
    from harness.flows.benchmarks.adding import NewCase
    from harness.flows.reviews.confirming import keep
    from harness.render.reserve import proposal_text, summary_lines

    about = _about(found)
    click.echo("\n".join(summary_lines(about)))
    who = by or click.prompt("Who confirms them")
    added = 0
    for number, line in enumerate(found.lines, start=1):
        click.echo("\n".join(["", f"{number} of {len(found.lines)}", *proposal_text(line)]))
        answer, ideal = _answer(line["ideal"])
        if answer == "q":
            break
        if answer == "s":
            continue
        declined = [line["id"]] if answer == "n" else []
        case = {key: text for key, text in line.items() if key not in ("benchmark", "confirmed")}
        new = [] if declined else [NewCase("proposal", number, case | {"ideal": ideal})]
        kept = keep(project, found.benchmark, new, declined, by=who, dry_run=dry_run)
        for problem in project.redaction.record([*kept.bad, *kept.warnings]):
            click.echo(f"lora-harness: {ci_log(problem)}", err=True)
        added += len(kept.added)
        about["reserve"] = {"cases": kept.reserve, "looks": kept.looks}
    click.echo(f"\nadded     {added}" + (" (nothing was written)" if dry_run else ""))
    click.echo("\n".join(summary_lines(about)[-2:]))


def _answer(ideal: str) -> tuple[str, str]:
    """Ask about a proposal; return the answer and the ideal, which an editor may change."""
    words = ", ".join(f"{key} {word}" for key, word in ANSWERS.items())
    while True:
        answer = click.prompt(words, type=click.Choice(list(ANSWERS)), show_choices=False)
        if answer != "e":
            return answer, ideal
        edited = click.edit(ideal)
        if edited is not None and not is_blank(edited):
            ideal = edited.strip()
        click.echo(f"  ideal     {ci_log(ideal)}")
