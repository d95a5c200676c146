"""End a command that adds cases: with what was added, or with the rows that are no cases.

Tested in tests/cli/test_benchmark.py.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from harness.cli.command import fail
from harness.text.safe import ci_log, json_line

if TYPE_CHECKING:
    from harness.flows.benchmarks.adding import AddedCases
    from harness.flows.project import Project

MAX_SHOWN = 20
"""Bad rows that are shown on a terminal."""


def refuse_rows(bad: Sequence[str], as_json: bool) -> NoReturn:
    """Write the bad rows, the first twenty on a terminal, and exit."""
    count = "1 row is no case" if len(bad) == 1 else f"{len(bad)} rows are no cases"
    said = f"{count}, nothing was written"
    if as_json:
        click.echo(json_line({"error": said, "bad": [ci_log(line) for line in bad]}))
        sys.exit(4)
    if len(bad) == 1:
        fail(f"{bad[0]}; nothing was written", 4)
    for line in bad[:MAX_SHOWN]:
        click.echo(f"lora-harness: {ci_log(line)}", err=True)
    more = f" ({len(bad) - MAX_SHOWN} more than shown)" if len(bad) > MAX_SHOWN else ""
    fail(f"{said}{more}", 4)


def say_added(
    project: Project, cases: AddedCases, as_json: bool, dry_run: bool, **more: Any
) -> None:
    """Write what was added to a reserve; `more` are further keys of the JSON."""
    from harness.render.reserve import added_json, added_text

    shown = project.redaction.record(cases)
    said = added_json(shown, dry_run=dry_run, **more)
    click.echo(json_line(said) if as_json else added_text(said))
