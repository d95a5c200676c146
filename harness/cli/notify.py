"""`lora-harness notify`: try the webhook that is told of alarms, verdicts and decisions.

Tested in tests/flows/notify/test_notify.py.
"""

from __future__ import annotations

import click

from harness.cli.diagnostics import HarnessCommand
from harness.text.safe import json_line


@click.command(cls=HarnessCommand, epilog="Example: lora-harness notify --dry-run")
@click.option("--dry-run", is_flag=True, help="Show what would be posted, send nothing.")
@click.option("--json", "as_json", is_flag=True, help='{"webhook": ..., "sent": ..., ...}')
def notify(dry_run: bool, as_json: bool) -> None:
    """Send a test notice to the webhook that [tool.harness.notify] names.

    `webhook` is the name of an environment variable that holds the address. Told are alarms,
    verdicts and decisions that promote or reject, rollbacks, and an endpoint that answers as
    another: names and figures, never a text. A notice that fails is a warning there.

    Exit codes: 0 done, 4 no webhook is named or its variable is not set, 11 it does not arrive.
    """
    from harness.flows.notify.notify import plan, send_test
    from harness.flows.project import Project
    from harness.render.notices import notify_text

    project = Project.here()
    planned = plan(project)
    done = None if dry_run else send_test(project)
    if as_json:
        click.echo(
            json_line(
                {
                    "webhook": planned.webhook or None,
                    "set": planned.is_set,
                    "form": planned.form,
                    "on": list(planned.on),
                    "notices": [{"kind": kind, "body": body} for kind, body in planned.bodies],
                    "sent": done is not None,
                    "dry_run": dry_run,
                }
            )
        )
        return
    for line in notify_text(planned.webhook, planned.form, planned.on, planned.is_set):
        click.echo(line)
    if done is not None:
        click.echo(f"the test notice was sent, attempt {done.attempts}")
        return
    for kind, body in planned.bodies:
        click.echo(f"  {kind:9} {json_line(body)}")
