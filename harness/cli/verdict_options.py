"""The options of every command that asks for a verdict.

Tested in tests/cli/test_judge.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from harness.cli.completion import benchmarks, on_trial

_OPTIONS = (
    click.option(
        "--benchmark",
        "benchmarks",
        multiple=True,
        shell_complete=benchmarks,
        help="Only this benchmark; may be given several times.",
    ),
    click.option(
        "--against",
        shell_complete=on_trial,
        help="Compare with this adapter instead of the promoted one.",
    ),
    click.option("--engine", help="transformers, ray, recorded:FOLDER, or openai:URL."),
    click.option("--store", help="Store URL instead of the settings'."),
    click.option("--reports", type=click.Path(path_type=Path), help="Reports folder."),
    click.option("--samples", type=click.IntRange(1, 64), help="Outputs per case."),
    click.option("--refresh", is_flag=True, help="Generate again what the store knows."),
    click.option(
        "--baselines/--no-baselines",
        default=True,
        help="Whether to say what fine-tuning was worth.",
    ),
    click.option(
        "--reserve/--no-reserve",
        default=True,
        help="Whether reserve cases are run while the verdict is open.",
    ),
    click.option("--finals/--no-finals", default=True, help="Whether what people sent is weighed."),
    click.option(
        "--texts/--no-texts", default=True, help="Whether inputs, ideals and outputs are shown."
    ),
    click.option("--mlflow", metavar="URI", help="Log verdicts there too, off unless asked for."),
    click.option(
        "--base-ref",
        metavar="REF",
        help="Commit that sets the bar: its benchmark, policy, settings, history.",
    ),
)
"""The name that click gives to each is a field of `Request`."""


def verdict_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options, in this order; it gets them as its `request`."""

    @wraps(command)
    def asked(*words: Any, **named: Any) -> Any:
        from harness.flows.evaluation.context import Request

        request = Request(**{field.name: named.pop(field.name) for field in fields(Request)})
        return command(*words, request=request, **named)

    for option in reversed(_OPTIONS):
        asked = option(asked)
    return asked
