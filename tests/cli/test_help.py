"""Help teaches: each command has its purpose, an example that works and its exit codes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest

from harness.cli.command import COMMANDS, ROLES, cli
from tests.docs.commands import Unknown, check_words

Named = tuple[str, click.Command]


def every(group: click.Group, path: str = "lora-harness") -> Iterator[Named]:
    """Each command and group below a group, with the words that lead there."""
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from every(found, f"{path} {name}")
        else:
            yield f"{path} {name}", found


EVERY = list(every(cli))  # type: ignore[arg-type]
walk = pytest.mark.parametrize(("path", "command"), EVERY, ids=[path for path, _ in EVERY])


@walk
def test_help_begins_with_a_purpose_and_ends_with_exit_codes(
    path: str, command: click.Command
) -> None:
    said = " ".join((command.help or "").split())
    purpose = said.split(". ")[0]
    assert 10 < len(purpose) < 160, purpose
    assert "Exit code" in said


@walk
def test_help_has_an_example_that_the_command_understands(
    path: str, command: click.Command
) -> None:
    example = (command.epilog or "").removeprefix("Example: ")
    assert example != command.epilog
    words = shlex.split(example, comments=True)
    if path == "lora-harness path":
        assert "$(lora-harness path)" in example  # as it is meant to be used
        return
    assert example.startswith(f"{path} ") or example == path
    until = next((n for n, word in enumerate(words) if word in ("&&", ">", ">>", "|")), len(words))
    check_words(words[:until])


@walk
def test_every_option_is_explained(path: str, command: click.Command) -> None:
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert [one.opts[0] for one in options if not one.help] == []


@walk
def test_every_command_has_json(path: str, command: click.Command) -> None:
    below_top = isinstance(command, click.Group) and path != "lora-harness"
    assert below_top or "--json" in {name for one in command.params for name in one.opts}


def test_the_check_of_examples_sees_a_wrong_one() -> None:
    for wrong in ("lora-harness stats", "lora-harness status --jsn", "lora-harness history x"):
        with pytest.raises(Unknown):
            check_words(wrong.split())


def test_pytest_explains_each_option_of_the_plugin() -> None:
    import harness.plugin as plugin

    parser = pytest.Parser(_ispytest=True)
    plugin.pytest_addoption(parser)
    [group] = [one for one in parser._groups if one.name == "harness"]
    assert len(group.options) >= 9
    for option in group.options:
        help_ = str(option.attrs().get("help", ""))
        assert len(help_) > 10, option.names()


def test_help_groups_every_command_by_role_with_the_most_used_first() -> None:
    grouped = [name for names in ROLES.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS), "each in one group"
    shown = click.Context(cli).command.get_help(click.Context(cli))
    heads = [shown.index(f"{role}:") for role in ROLES]
    assert heads == sorted(heads)
    assert len(next(iter(ROLES.values()))) == 3
    assert shown.index("\n  evaluate ") < shown.index("\n  init ")
