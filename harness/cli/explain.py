"""`lora-harness explain`: what a finding, an exit code or a metric means."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from harness.cli.diagnostics import HarnessCommand
from harness.text.safe import ci_log, json_line

if TYPE_CHECKING:
    from harness.flows.explain import Explained


def _words(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    from harness.flows.explain import every_word

    return [one.word for one in every_word() if one.word.startswith(typed)]


@click.command(cls=HarnessCommand, epilog="Example: lora-harness explain near_duplicate")
@click.argument("words", nargs=-1, metavar="[WORD]...", shell_complete=_words)
@click.option("--json", "as_json", is_flag=True, help='{"words": [{"word", "about", "means"}]}')
def explain(words: tuple[str, ...], as_json: bool) -> None:
    """Say what WORD means: a kind of finding, an exit code or outcome, a metric.

    Without WORD it lists them all. No project is needed.
    Exit codes: 0 done, 4 there is no such word.
    """
    from harness.flows.explain import every_word
    from harness.flows.explain import explain as flow

    found = [one for word in words for one in flow(word)] if words else every_word()
    if as_json:
        click.echo(json_line({"words": [asdict(one) for one in found]}))
    else:
        click.echo("\n".join(_lines(found, whole=bool(words))))


def _lines(found: Iterable[Explained], whole: bool) -> list[str]:
    from harness.progress import WIDEST, terminal_width
    from harness.text.table import hang, pad

    width, lines, about = min(WIDEST, terminal_width(sys.stdout)), [], ""
    for one in found:
        means, remedy = ci_log(one.means), ci_log(one.remedy)
        if whole:
            lines += hang(f"{one.word}  ", f"{one.about}: {means}", width)
            lines += hang("  next  ", remedy, width) if remedy else []
            continue
        if one.about != about:
            lines += [*([""] if about else []), f"{one.about}s"]
            about = one.about
        lines += hang(f"  {pad(ci_log(one.word), 22)}", means, width)
    return lines
