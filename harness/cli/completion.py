"""`lora-harness completion`, and the names of a project that a shell offers after the Tab key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from harness.cli.diagnostics import HarnessCommand
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.flows.project import Project

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_LORA_HARNESS_COMPLETE"
"""The variable that click's script sets when it asks for words."""

Offer = Callable[[click.Context, click.Parameter, str], list[str]]


@click.command(cls=HarnessCommand, epilog="Example: lora-harness completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(SHELLS))
@click.option("--json", "as_json", is_flag=True, help='{"shell": ..., "script": ...}')
def completion(shell: str, as_json: bool) -> None:
    """Print the script that completes commands, options and names in SHELL.

    Names are those of the project of the working directory; no model and no store is opened.
    zsh: the same into ~/.zshrc; fish: into ~/.config/fish/completions/lora-harness.fish.
    Exit codes: 0 done, 4 the request is wrong.
    """
    from harness.cli.command import cli

    kind = get_completion_class(shell)
    assert kind is not None
    # Without bash's check of its own version, which starts a bash.
    made = kind(cli, {}, "lora-harness", VARIABLE)
    script = made.source_template % made.source_vars()
    from harness.text.safe import json_line

    click.echo(json_line({"shell": shell, "script": script}) if as_json else script)


def _offering(names: Callable[[Project], Iterable[str]]) -> Offer:
    def offer(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
        from harness.flows.project import Project

        try:
            found = list(names(Project.here()))
        except (HarnessError, OSError):
            return []  # a shell that waits for words has no place for a line
        return [name for name in found if name.startswith(typed)]

    return offer


def _adapters(project: Project) -> Iterable[str]:
    from harness.flows.names import adapters_of

    return adapters_of(project)


def _on_trial(project: Project) -> Iterable[str]:
    from harness.records import BASE, BASE_PROMPT

    return dict.fromkeys([*_adapters(project), BASE, BASE_PROMPT])


adapters = _offering(_adapters)
on_trial = _offering(_on_trial)
"""Adapters, and the base model in their place."""
benchmarks = _offering(lambda project: project.benchmark_names)
tasks = _offering(lambda project: project.tasks)
