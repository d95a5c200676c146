"""`lora-harness data origin`: where training sets come from, and what their cards leave open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.diagnostics import HarnessCommand
from harness.cli.without_project import project_here
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.flows.training.origins import SetOrigin
    from harness.records import DataOrigin

QUESTIONS = {
    "source": "Who or what wrote the examples, and when.",
    "owner": "The person or team that answers for the set.",
    "licence": "The terms under which it may be trained on.",
    "consent": "Whether the people in it agreed, and how.",
    "lawful_basis": "The basis on which personal data in it is processed.",
    "retention": "How long it is kept.",
}
"""The texts of a card, with what each of them says."""
YES_OR_NO = {
    "third_party_copy": "Whether it holds texts that others wrote and own.",
    "contains_personal_data": "Whether it holds personal data.",
}
"""The same for the fields that are yes or no."""


def _options(command: click.Command) -> click.Command:
    for name, says in QUESTIONS.items():
        command.params.append(click.Option([f"--{name.replace('_', '-')}"], help=says))
    for name, says in YES_OR_NO.items():
        option = name.replace("_", "-")
        command.params.append(click.Option([f"--{option}/--no-{option}"], default=None, help=says))
    return command


@_options
@click.command(
    "origin",
    cls=HarnessCommand,
    epilog='Example: lora-harness data origin outreach --source "our own calls of 2025" '
    "--no-third-party-copy",
)
@click.argument("file", metavar="[SET]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='{"sets": [{"set", "origin", "missing"}]}')
def origin(file: Path | None, as_json: bool, **stated: str | bool | None) -> None:
    """Show the origin card of SET, or the missing entries of all sets; options fill the card in.

    It is kept in SET.origin.toml beside the set, whose keys are those of the options; commit it.
    `train` records it, `data check` warns, and the model card and `attest` carry it.
    Exit codes: 0 all is stated, 1 something is missing, 4 there is no such set.
    """
    from harness.errors import RequestError
    from harness.flows.training.origins import origins, state_origin
    from harness.render.data_origin import origin_text, origins_json, origins_text
    from harness.text.redact import OPEN

    said = {name: value for name, value in stated.items() if value is not None}
    if said and file is None:
        raise RequestError("name the SET that this is the origin of")
    project = project_here(asked_for=file is None)
    exact = [state_origin(project, file, said)] if file and said else origins(project, file)
    found: list[SetOrigin] = (project.redaction if project else OPEN).record(exact)
    if as_json:
        click.echo(json_line(origins_json(found)))
    else:
        click.echo(origins_text(found) if file is None else origin_text(found[0]))
    sys.exit(1 if any(one.origin.missing for one in exact) else 0)


def ask_origin(said: DataOrigin) -> dict[str, str | bool]:
    """Ask at a terminal for what a card leaves open; an empty answer leaves it so."""
    found: dict[str, str | bool] = {}
    for name in said.missing:
        title = name.replace("_", " ")
        if name in QUESTIONS:
            answer = click.prompt(f"{title} ({QUESTIONS[name]})", "", show_default=False, err=True)
            found |= {name: answer.strip()} if answer.strip() else {}
            continue
        words = click.Choice(["yes", "no", ""], case_sensitive=False)
        asked = f"{title} ({YES_OR_NO[name]} yes, no)"
        answer = click.prompt(asked, "", type=words, show_choices=False, show_default=False,
                              err=True)  # fmt: skip
        found |= {name: answer == "yes"} if answer else {}
    return found
