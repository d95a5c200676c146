"""`lora-harness served`: is what a live endpoint answers the promoted adapter?

Tested in tests/flows/monitoring/test_served.py.
"""

from __future__ import annotations

import sys

import click

from harness.cli.completion import tasks
from harness.cli.diagnostics import HarnessCommand
from harness.text.safe import json_line

CODES = {"same": 0, "other": 1, "unknown": 10}


@click.command(
    cls=HarnessCommand,
    epilog="Example: lora-harness served --task outreach --url http://127.0.0.1:8000/v1",
)
@click.option("--task", shell_complete=tasks, help="The task; needed where there are several.")
@click.option("--url", default="", help="The endpoint, instead of [tool.harness.openai] url.")
@click.option("--model", default="", help="The name that customers ask the endpoint for.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--json", "as_json", is_flag=True, help='{"outcome": ..., "answers": ..., ...}')
def served(task: str | None, url: str, model: str, store: str | None, as_json: bool) -> None:
    """Tell whether the promoted adapter answers at an endpoint, or who does in its place.

    Eight prompts and ideals of the task's benchmark are asked and held against the stored run of
    the promoted bytes, and against those of the base and other adapters. No base is loaded. Under
    cron, in Kubernetes or as an analysis of Argo Rollouts: examples/serving.

    Exit codes: 0 the promoted adapter answers, 1 something else does, 10 the answers do not tell, 4
    the request is wrong, 11 the endpoint or the store failed.
    """
    from harness.flows.monitoring.served import served as flow
    from harness.flows.project import Project
    from harness.render.endpoint_check import endpoint_json, endpoint_text

    project = Project.here()
    found = project.redaction.record(flow(project, task, url, model=model, store_url=store))
    click.echo(json_line(endpoint_json(found)) if as_json else endpoint_text(found))
    sys.exit(CODES[found.outcome])
