"""`-v` and `--traceback`: what happens inside a command, on stderr, before or behind its name.

Warnings are written there without them.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from harness.text.encodable import is_encodable

if TYPE_CHECKING:
    from harness.text.redact import Redaction

TRACEBACK = "LORA_HARNESS_TRACEBACK"
"""Set to 1, it asks for what `--traceback` does."""


class Diagnostics:
    """The log lines and tracebacks of a single call of the command."""

    def __init__(self) -> None:
        self.verbosity = 0
        self.traceback = os.environ.get(TRACEBACK, "0") not in ("", "0")
        self._stack = ExitStack()

    def __enter__(self) -> Diagnostics:
        return self

    def __exit__(self, _: object, problem: BaseException | None, __: object) -> None:
        """Show where an exception came from, where that was asked for, and let it pass."""
        self._stack.close()
        expected = (click.exceptions.NoArgsIsHelpError, BrokenPipeError)
        if self.traceback and isinstance(problem, Exception) and not isinstance(problem, expected):
            from harness.text.failures import traceback_text

            click.echo(traceback_text(problem, allowed()), err=True)

    def listen(self, more: int) -> None:
        """Write log lines to stderr: warnings, INFO when asked once, DEBUG when asked twice."""
        from harness.cli.log_lines import log_lines

        self.verbosity += more
        self._stack.close()
        self._stack.enter_context(log_lines(self.verbosity, allowed))


def allowed() -> Redaction:
    """Return what the project of this folder, and this command line, let be shown."""
    from harness.flows.project import shown_texts

    return shown_texts("--no-texts" not in sys.argv)


def _verbose(context: click.Context, _: click.Parameter, more: int) -> None:
    if more and (asked := context.find_object(Diagnostics)):
        asked.listen(more)


def _traceback(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and (asked := context.find_object(Diagnostics)):
        asked.traceback = True


OPTIONS = (
    click.Option(
        ("-v", "--verbose"),
        count=True,
        callback=_verbose,
        expose_value=False,
        is_eager=True,
        help="Write to stderr what happens; -vv writes more.",
    ),
    click.Option(
        ("--traceback",),
        is_flag=True,
        callback=_traceback,
        expose_value=False,
        is_eager=True,
        help="Show where in the code an error comes from.",
    ),
)


class HarnessCommand(click.Command):
    """A command that takes these options beside its own, as every command takes `--help`."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's options, then these, then `--help`."""
        *own, last = super().get_params(ctx)
        return [*own, *OPTIONS, last]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, unless a text of its line is none; names of files may be any bytes."""
        if (diagnostics := ctx.find_object(Diagnostics)) and not diagnostics.verbosity:
            diagnostics.listen(0)
        for parameter in self.get_params(ctx):
            given = ctx.params.get(parameter.name or "")
            if isinstance(parameter.type, click.Path):
                continue
            for text in given if isinstance(given, tuple) else (given,):
                if isinstance(text, str) and not is_encodable(text):
                    raise click.BadParameter(
                        "holds bytes that are no UTF-8, type it in a terminal of UTF-8",
                        ctx=ctx,
                        param=parameter,
                    )
        return super().invoke(ctx)
