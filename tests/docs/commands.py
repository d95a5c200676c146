"""Whether words that a document shows are a command that exists, with options that exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import click
import pytest

import harness.plugin
from harness.cli.command import cli
from harness.cli.diagnostics import OPTIONS


class Unknown(Exception):
    """A word that no command knows."""


def check_words(words: Sequence[str]) -> None:
    """`lora-harness status --json`, `pytest --model NAME`; refused where a word is unknown."""
    if words[0] == "lora-harness":
        command, rest = resolve(words[1:])
        options = (*command.params, *OPTIONS)
        known = {name for one in options for name in (*one.opts, *one.secondary_opts)}
        known |= {"--help", "-h"}
    elif words[0] == "pytest":
        known, rest = plugin_options(), [w for w in words if w.startswith("--harness")]
    else:
        raise Unknown(f"{words[0]}: neither lora-harness nor pytest")
    for word in rest:
        name = word.partition("=")[0]
        if name.startswith("--") and len(name) > 2 and name not in known:
            raise Unknown(f"{' '.join(words)}: no option {name}")


def resolve(words: Sequence[str]) -> tuple[click.Command, list[str]]:
    """The command behind the words, and what is left of them."""
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(click.Context(command), rest[0])
        if found is None:
            raise Unknown(f"{' '.join(words)}: no command {rest[0]}")
        command, rest = found, rest[1:]
    return command, rest


@cache
def plugin_options() -> frozenset[str]:
    """Of the pytest plugin."""
    parser = pytest.Parser(_ispytest=True)
    harness.plugin.pytest_addoption(parser)
    return frozenset(n for group in parser._groups for one in group.options for n in one.names())


def every_option(group: click.Command = cli) -> Iterator[str]:
    """Of every command."""
    for one in (*group.params, *OPTIONS):
        yield from (*one.opts, *one.secondary_opts)
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from every_option(found)
