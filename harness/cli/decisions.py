"""`lora-harness promote`, `accept` and `status`: what people decide, and what holds now."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from harness.records import Decision


@click.command(
    epilog='Example: lora-harness promote adapter_v2 --by "Ana" --why "fewer broken call notes"'
)
@click.argument("name")
@click.option("--task", help="Needed where the project has several.")
@click.option("--by", required=True, help="Who decides.")
@click.option("--why", required=True, help="Why, in one line.")
@click.option("--engine", help="As it was judged: transformers, or recorded:FOLDER.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The decision as JSON.")
def promote(
    name: str,
    task: str | None,
    by: str,
    why: str,
    engine: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Put adapter NAME into production; needs a promote verdict on these very bytes.

    Exit codes: 0 done, 4 refused, 11 the store failed.
    """
    from harness.flows.project import Project
    from harness.flows.promote import promote as flow

    made = flow(Project.here(), name, task=task, by=by, why=why, store_url=store, engine=engine)
    _echo(made, as_json)


@click.command(
    epilog='Example: lora-harness accept opener-retail-01 --run RUN --by "Ana" --why "better so"'
)
@click.argument("case")
@click.option("--run", required=True, help="The run's id, as the verdict's JSON names it.")
@click.option("--by", required=True, help="Who has looked at it.")
@click.option("--why", required=True, help="Why it is acceptable, in one line.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help="The decision as JSON.")
def accept(case: str, run: str, by: str, why: str, store: str | None, as_json: bool) -> None:
    """Accept a broken CASE of a run, as a person who has looked at it.

    The next `pytest --model` counts it as accepted.
    Exit codes: 0 done, 4 refused, 11 the store failed.
    """
    from harness.flows.project import Project
    from harness.flows.promote import accept as flow

    _echo(flow(Project.here(), case, run, by=by, why=why, store_url=store), as_json)


def _echo(decision: Decision, as_json: bool) -> None:
    from harness.render.safe import terminal

    if as_json:
        click.echo(json.dumps(asdict(decision), ensure_ascii=False))
        return
    what = f"{decision.kind} {decision.adapter}"
    case = f" case {decision.case}" if decision.case else ""
    click.echo(terminal(f"{what}{case} for {decision.task}, by {decision.by}: {decision.why}"))


@click.command(epilog="Example: lora-harness status --json")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"tasks": [...]}')
def status(store: str | None, as_json: bool) -> None:
    """What is promoted for each task, and since when.

    Exit codes: 0 fine, 4 the project is wrong, 11 the store failed.
    """
    from harness.flows.opening import open_store
    from harness.flows.project import Project
    from harness.flows.promote import standings

    project = Project.here()
    opened = open_store(project, store)
    try:
        found = standings(project, opened)
    finally:
        opened.close()
    if as_json:
        rows = [
            {
                "task": one.task,
                "promoted": one.promoted.adapter if one.promoted else None,
                "pinned": one.pinned.adapter if one.pinned else None,
                "since": one.promoted.at if one.promoted else None,
                "verdict": one.promoted.verdict if one.promoted else None,
            }
            for one in found
        ]
        click.echo(json.dumps({"tasks": rows}, ensure_ascii=False))
        return
    from harness.render.table import table

    cells = [["task", "promoted", "since", "pinned"]]
    for one in found:
        promoted = one.promoted.adapter if one.promoted else "nothing yet"
        since = one.promoted.at[:10] if one.promoted else ""
        cells.append([one.task, promoted, since, one.pinned.adapter if one.pinned else ""])
    click.echo("\n".join(table(cells)))
