"""`lora-harness judge`: a verdict from paired scores alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from harness.cli.completion import benchmarks
from harness.cli.diagnostics import HarnessCommand
from harness.cli.terminal import screen
from harness.errors import RequestError
from harness.exit_codes import gravest
from harness.records import MetricRule, Policy, Role
from harness.text.safe import json_line

_FILE = click.Path(path_type=Path)


@click.command(
    cls=HarnessCommand,
    epilog="Example: lora-harness judge scores.csv --gate edit_similarity=0.05\n\n"
    "lora-harness judge cases.csv --reserve reserve.csv --finals finals.csv --base base.csv",
)
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--reserve", multiple=True, type=_FILE, help="More cases, used while it is open.")
@click.option("--finals", multiple=True, type=_FILE, help="CSV with id, candidate, promoted, at.")
@click.option("--base", multiple=True, type=_FILE, help="CSV with case, metric, base.")
@click.option("--gate", multiple=True, metavar="METRIC=MARGIN", help="Promotion needs not worse.")
@click.option("--guard", multiple=True, metavar="METRIC=MARGIN", help="Only a proven drop counts.")
@click.option(
    "--benchmark",
    shell_complete=benchmarks,
    help="Take metrics and policy from this benchmark of the project.",
)
@click.option("--alpha", type=click.FloatRange(0.0001, 0.49), help="Instead of the policy's.")
@click.option("--rule", type=click.IntRange(1, 2), default=2, help="1: the rule of version 1.0.0.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each file.")
def judge(
    files: tuple[Path, ...],
    reserve: tuple[Path, ...],
    finals: tuple[Path, ...],
    base: tuple[Path, ...],
    gate: tuple[str, ...],
    guard: tuple[str, ...],
    benchmark: str | None,
    alpha: float | None,
    rule: int,
    as_json: bool,
) -> None:
    """Judge score FILES: CSV with case, metric, candidate, promoted, one line each.

    More columns that are understood: pinned, slice (several with `;`), group, critical. Several
    files give several verdicts; the exit code is that of the gravest. --reserve, --finals and
    --base are repeated in the order of the files. Finals are likelihoods of texts that people
    sent, with the time `at`, and optionally `slice`.
    Exit codes: 0 promote, 1 reject, 4 a file is wrong, 10 inconclusive.
    """
    from dataclasses import replace

    from harness.judge import Labels, verdict_from_rows
    from harness.render import verdict_json, verdict_text
    from harness.workspace.project.scores import OF_BASE, PAIRED, SENT, read_scores

    rules, policy = _from_benchmark(benchmark)
    own = (*(_rule(text, "gate") for text in gate), *(_rule(text, "guard") for text in guard))
    policy = policy if alpha is None else replace(policy, alpha=alpha)
    beside = (("reserve", reserve), ("finals", finals), ("base", base))
    for name, given in beside:
        if given and len(given) != len(files):
            raise RequestError(
                f"--{name} is given {len(given)} times for {len(files)} files, once for each is"
                " needed, in their order"
            )
    verdicts = []
    for number, file in enumerate(files):
        rows = read_scores(file, PAIRED)
        _refuse_unscored(file, own, rows)
        try:
            found = verdict_from_rows(
                rows,
                policy,
                own or rules,
                labels=Labels(file.stem),
                reserve=read_scores(reserve[number], PAIRED) if reserve else (),
                finals=read_scores(finals[number], SENT) if finals else (),
                base=read_scores(base[number], OF_BASE) if base else (),
                rule=rule,
            )
        except RequestError as problem:
            if str(problem).startswith(tuple(str(path) for given in beside for path in given[1])):
                raise
            said = re.sub(r"^line (\d+): ", r"\1: ", str(problem))
            raise type(problem)(f"{file}:{'' if said[0].isdigit() else ' '}{said}") from problem
        verdicts.append(found)
        if as_json:
            click.echo(json_line(verdict_json(found)))
        else:
            click.echo(verdict_text(found, **screen()))
    sys.exit(gravest(verdict.outcome for verdict in verdicts))


def _from_benchmark(name: str | None) -> tuple[tuple[MetricRule, ...], Policy]:
    if name is None:
        return (), Policy()
    from harness.flows.project import Project

    found = Project.here().benchmark(name)
    return found.metrics, found.policy


def _refuse_unscored(
    file: Path, rules: Iterable[MetricRule], rows: Sequence[Mapping[str, Any]]
) -> None:
    known = dict.fromkeys(str(row["metric"]) for row in rows)
    for rule in rules:
        if rule.name not in known:
            raise RequestError(
                f"{file}: holds no score of {rule.name!r}, its metrics are {', '.join(known)}"
            )


def _rule(text: str, role: Role) -> MetricRule:
    from harness.judge.policy import MARGINS, is_tiny
    from harness.records.policy import SMALLEST_MARGIN

    name, _, margin = text.partition("=")
    try:
        number = float(margin)
    except ValueError:
        number = 0.0
    if not name or not MARGINS.holds(number):
        least = f"; the smallest is {SMALLEST_MARGIN:g}" if is_tiny(number) else ""
        raise RequestError(
            f"{text}: must look like METRIC=MARGIN with a margin between 0 and 1,"
            f" such as clean_rate=0.05{least}"
        )
    return MetricRule(name, role, number)
