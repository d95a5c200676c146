"""`--map` and `--ignore` of the commands that read training data, and the formats in their help.

Tested in tests/cli/test_data.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from harness.workspace.importers.example_columns import ExampleColumns

Command = TypeVar("Command", bound=Callable[..., Any])
FORMATS_HELP = """
    \b
    Every row of JSONL, JSON, CSV, TSV, XLSX or Parquet is one of these, known by its keys:
      {"input": "Ana", "output": "Hi Ana"}                           and "system", "slices"
      {"messages": [{"role": "user", "content": "Ana"}, ...]}        OpenAI chat
      {"conversations": [{"from": "human", "value": "Ana"}, ...]}    ShareGPT
      {"prompt": "Ana", "completion": "Hi Ana"}                      TRL, texts or turns
      {"instruction": "Write", "input": "Ana", "output": "Hi Ana"}   Alpaca
"""
"""Shown by `--help`; adapters/datasets/README.md has an example of each."""


def reads_examples(command: Command) -> Command:
    """Add the options, and the formats to the help text, to a command that reads examples."""
    text = command.__doc__ or ""
    before, marked, ends = text.rpartition("    Exit codes:")
    command.__doc__ = f"{before.rstrip()}\n{FORMATS_HELP}\n{marked}{ends}"
    for option in (
        click.option(
            "--ignore", multiple=True, metavar="COLUMN", help="A column that is left out."
        ),
        click.option(
            "--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Which column is which."
        ),
    ):
        command = option(command)
    return command


def columns_of(maps: tuple[str, ...], ignore: tuple[str, ...]) -> ExampleColumns:
    """Return what the options say."""
    from harness.workspace.importers.example_columns import ExampleColumns

    return ExampleColumns.parsed(maps, ignore)
