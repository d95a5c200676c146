"""`lora-harness doctor`: is this adapter safe, complete, for this base, and really applied?

Tested in tests/cli/test_evaluate.py.
"""

from __future__ import annotations

import sys

import click

from harness.cli.completion import adapters
from harness.cli.diagnostics import HarnessCommand
from harness.text.safe import json_line


@click.command(cls=HarnessCommand, epilog="Example: lora-harness doctor adapter_v3")
@click.argument("name", shell_complete=adapters)
@click.option("--json", "as_json", is_flag=True, help='{"ok": ..., "checks": [...]}')
def doctor(name: str, as_json: bool) -> None:
    """Look at adapter NAME before anything is generated with it.

    Exit codes: 0 sound, 4 refused.
    """
    from harness.flows.evaluation.doctor import doctor as flow
    from harness.flows.project import Project
    from harness.render import doctor_json, doctor_text

    project = Project.here()
    found = project.redaction.record(flow(project, name))
    checks = [(check.name, check.ok, check.message) for check in found]
    if as_json:
        click.echo(json_line(doctor_json(checks)))
    else:
        click.echo(doctor_text(checks))
    sys.exit(0 if all(ok for _, ok, _ in checks) else 4)
