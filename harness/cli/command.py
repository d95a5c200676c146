"""The frame of the command: it imports subcommands when used and ends errors in one line."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from harness import __version__
from harness.cli.diagnostics import Diagnostics, HarnessCommand, allowed
from harness.errors import HarnessError, reason
from harness.libraries import lasting
from harness.stopping import GO_ON, Stopping, ends_in_order

COMMANDS = {
    "init": ("harness.cli.init", "a working project to start from"),
    "benchmark": ("harness.cli.benchmark", "make and look after the fixed benchmark"),
    "train": ("harness.cli.train", "a new adapter with its provenance"),
    "reposition": ("harness.cli.reposition", "a new voice: taught, marked, judged from a day on"),
    "note": ("harness.cli.note", "mark a day on the charts: a campaign, a client's wish"),
    "fetch": ("harness.cli.fetch", "an adapter by reference: Hub, MLflow or folder"),
    "record": ("harness.cli.record", "an adapter's outputs in files, so that they outlive it"),
    "data": ("harness.cli.data", "check, compare and version training data"),
    "doctor": ("harness.cli.doctor", "is this adapter safe, complete, for this base, and applied?"),
    "evaluate": ("harness.cli.evaluate", "the same flow as pytest --model, without pytest"),
    "report": ("harness.cli.report", "a verdict as a page, a comment and a record"),
    "judge": ("harness.cli.judge", "a verdict from paired scores alone"),
    "reviews": ("harness.cli.reviews", "what people did with the outputs"),
    "served": ("harness.cli.served", "does the promoted adapter answer at a live endpoint?"),
    "monitor": ("harness.cli.monitor", "is it time to retrain?"),
    "worth": ("harness.cli.worth", "what adapters saved, and whether a prompt would do"),
    "notify": ("harness.cli.notify", "try the webhook that is told of alarms and decisions"),
    "compare": ("harness.cli.compare", "two adapters side by side, case by case"),
    "export": ("harness.cli.export", "an adapter as it is deployed: merged, GGUF or 4 bits"),
    "sweep": ("harness.cli.sweep", "many adapters on many benchmarks, the base loaded once"),
    "accept": ("harness.cli.decisions", "a person has looked at a broken case and accepts it"),
    "promote": ("harness.cli.decisions", "put a judged adapter into production"),
    "reject": ("harness.cli.decisions", "an adapter is not to be promoted"),
    "rollback": ("harness.cli.decisions", "put the last good adapter back"),
    "pin": ("harness.cli.decisions", "choose the fixed reference"),
    "status": ("harness.cli.ledger", "what is promoted"),
    "log": ("harness.cli.ledger", "every decision: who, what, when, why"),
    "path": ("harness.cli.ledger", "where the promoted adapter lies, verified"),
    "verify": ("harness.cli.ledger", "do bytes, signatures, rows and decisions still match?"),
    "attest": ("harness.cli.ledger", "the verdict as an in-toto statement"),
    "sign": ("harness.cli.ledger", "sign an adapter with a local key"),
    "ci": ("harness.cli.ci", "the gate in pull requests, and the workflow that runs it"),
    "explain": ("harness.cli.explain", "what a finding, an exit code or a metric means"),
    "history": ("harness.cli.history", "list, export, import, recompute what is remembered"),
    "dashboard": ("harness.cli.dashboard", "the same in a browser, on this machine"),
    "completion": ("harness.cli.completion", "names after the Tab key, in bash, zsh or fish"),
}

ROLES = {
    "Used most": ("evaluate", "status", "promote"),
    "ML engineer, from data to a verdict": (
        *("init", "benchmark", "data", "train", "reposition", "fetch", "record", "doctor"),
        *("compare", "sweep", "judge", "report", "export", "ci"),
    ),
    "Team lead, what goes to production, and whether it stays good": (
        *("accept", "reject", "rollback", "pin", "log", "path", "served", "monitor", "worth"),
        *("notify", "verify", "attest", "sign"),
    ),
    "Editor, what people did with the outputs": ("reviews", "note", "dashboard"),
    "For all": ("explain", "history", "completion"),
}
"""The commands by the role that types them; the most used ones first."""


class SuggestingGroup(HarnessCommand, click.Group):
    """A group of commands that suggests a near name if one is mistyped."""

    command_class = HarnessCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; refuse a mistyped name in one line."""
        from harness.workspace.formats.fields import suggestion

        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            fail(f"{args[0]}: no such command{suggestion(args[0], known)}", 4)
        return super().resolve_command(ctx, args)


class Commands(SuggestingGroup):
    """The commands by name and purpose, each imported only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command and return it."""
        if name not in COMMANDS:
            return None
        with lasting():
            found = getattr(import_module(COMMANDS[name][0]), name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the tables above, so that help imports no command."""
        for role, names in ROLES.items():
            with formatter.section(role):
                formatter.write_dl([(f"{name:<10}", COMMANDS[name][1]) for name in names])

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command; every error ends in one line and its exit code."""
        with ends_in_order() as stopping:
            return self._run(stopping, *args, **options)

    def _run(self, stopping: Stopping, *args: Any, **options: Any) -> Any:
        try:
            with Diagnostics() as diagnostics:
                return super().main(
                    *args, **{**options, "standalone_mode": False, "obj": diagnostics}
                )
        except HarnessError as problem:
            fail(str(problem), problem.exit_code)
        except click.exceptions.NoArgsIsHelpError as problem:
            click.echo(problem.ctx.get_help() if problem.ctx else "")
        except click.NoSuchOption as problem:
            fail(f"{_unknown(problem)} (see --help)", 4)
        except click.UsageError as problem:
            fail(f"{problem.format_message()} (see --help)", 4)
        except (click.Abort, KeyboardInterrupt):
            fail(GO_ON, stopping.exit_code)
        except BrokenPipeError:
            sys.stdout = None  # the reader has gone, such as `head`; nobody is left to tell
        except OSError as problem:
            where = f"{problem.filename}: " if problem.filename else ""
            fail(f"{where}{problem.strerror or problem}; run the same command again after that", 11)
        except Exception as problem:  # a bug, ours or of a library; Python itself leaves with 1
            kind = type(problem).__name__
            said = f"{kind}: {reason(problem)}" if allowed().texts else kind
            fail(f"a bug ended this command ({said}), --traceback shows where", 1)


def _unknown(problem: click.NoSuchOption) -> str:
    """Say that there is no such option, and which is near."""
    from harness.workspace.formats.fields import suggestion

    options = problem.ctx.command.get_params(problem.ctx) if problem.ctx else []
    known = [name for one in options for name in one.opts if name.startswith("--")]
    return f"{problem.option_name}: no such option{suggestion(problem.option_name, known)}"


def fail(line: str, code: int) -> NoReturn:
    """Write one line and exit: as JSON on stdout where JSON was asked for, else on stderr."""
    from harness.progress import tell
    from harness.text.safe import ci_log, json_line

    shown = ci_log(allowed().words(line))
    if "--json" in sys.argv:
        click.echo(json_line({"error": shown}))
    else:
        tell(shown)  # over a progress line that may stand there
    sys.exit(code)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog="Example: lora-harness evaluate adapter_v3",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--json", "as_json", is_flag=True, help="Without a command: where you stand.")
@click.version_option(__version__, prog_name="lora-harness")
@click.pass_context
def cli(context: click.Context, as_json: bool) -> None:
    """May this LoRA adapter replace the one in production?

    Without a command it says where you stand and what to do next. -v and --traceback show what
    happens inside, before a command and behind it: lora-harness evaluate NAME -v

    Exit codes: 0 promote or fine, 1 reject or retrain, 4 the request is wrong, 10 inconclusive,
    11 could not judge.
    """
    command = context.invoked_subcommand
    if command is None:
        _say_bearings(as_json)
    elif as_json:
        fail(f"--json goes behind the command: lora-harness {command} --json", 4)


def _say_bearings(as_json: bool) -> None:
    import shutil

    from harness.flows.overview import overview
    from harness.render.status import bearings_json, bearings_text
    from harness.text.safe import json_line

    found = overview()
    if as_json:
        click.echo(json_line(bearings_json(found)))
    else:
        width = max(60, min(100, shutil.get_terminal_size().columns))
        click.echo(bearings_text(found, __version__, width))
