"""`lora-harness ci`: the gate in CI, and the workflow that runs it.

Tested in tests/cli/test_ci.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.command import SuggestingGroup
from harness.cli.completion import on_trial as known_adapters
from harness.text.safe import ci_log, json_line

if TYPE_CHECKING:
    from harness.flows.ci.touched import Kind

ADAPTERS = "LORA_HARNESS_ADAPTERS"
"""The variable with adapters by white space, so that no name is ever part of a script."""
BASE_REF = "LORA_HARNESS_BASE_REF"


@click.group(cls=SuggestingGroup, epilog="Example: lora-harness ci init github")
def ci() -> None:
    """Judge what a pull request changes, by the bar of its base.

    `ci init` writes the workflow; its steps are the other commands, which you can type as well.

    Exit codes: 0 promote or done, 1 reject, 4 the request is wrong, 10 inconclusive, 11 failed.
    """


@ci.command(epilog="Example: lora-harness ci init github --dry-run")
@click.argument("kind", metavar="github|gitlab", type=click.Choice(("github", "gitlab")))
@click.option("--force", is_flag=True, help="Replace a workflow that is there and differs.")
@click.option("--dry-run", is_flag=True, help="Show the files, write nothing.")
@click.option("--json", "as_json", is_flag=True, help='{"written": [...], "files": {...}, ...}')
def init(kind: str, force: bool, dry_run: bool, as_json: bool) -> None:
    """Write the workflow that judges adapters in pull or merge requests.

    Its actions are pinned by commit, and wheels, weights and outputs are cached. How CI installs
    the package is said in one place, [tool.harness.ci] `install`; then write the file anew.

    Exit codes: 0 done, 4 the request is wrong or another file stands there.
    """
    from harness.flows.ci.init import write_ci

    made = write_ci(kind, force=force, dry_run=dry_run)
    if as_json:
        answer = {
            "kind": kind,
            "folder": str(made.top),
            "written": [] if dry_run else list(made.written),
            "kept": list(made.kept),
            "to_add": made.to_add,
            "notes": list(made.notes),
            "files": made.texts,
            "dry_run": dry_run,
        }
        click.echo(json_line(answer))
        return
    for name in made.written:
        click.echo(f"# {name}\n{made.texts[name]}" if dry_run else f"wrote   {name}")
    for name in made.kept:
        click.echo(f"kept    {name}", err=dry_run)
    if made.to_add:
        click.echo(f"\nadd these lines to {made.kept[-1]}:\n\n{made.to_add}", err=dry_run)
    for note in made.notes:
        click.echo(f"note    {ci_log(note)}", err=dry_run)
    if not dry_run:
        click.echo("next    commit it; the next pull request that changes an adapter is judged")


@ci.command(epilog="Example: lora-harness ci changed --base-ref origin/main")
@click.argument("names", nargs=-1, envvar=ADAPTERS, shell_complete=known_adapters)
@click.option("--base-ref", envvar=BASE_REF, default="", help="The commit to compare HEAD with.")
@click.option("--json", "as_json", is_flag=True, help='{"adapters": [...], "bar": [...], ...}')
def changed(names: tuple[str, ...], base_ref: str, as_json: bool) -> None:
    """Name the adapters that HEAD adds or changes since it left the base, one on a line.

    Where it changes the bar (settings, benchmarks, history, promoted.json), those that are promoted
    as well. NAMES are taken instead where there are any. Both are also read from the variables
    LORA_HARNESS_ADAPTERS and LORA_HARNESS_BASE_REF, and on GitHub the answer is the step's output.

    Exit codes: 0 done, 4 a name that no adapter can have, or no base to compare with.
    """
    from harness.flows.ci.changed import on_trial
    from harness.flows.ci.job import hand_on

    found = on_trial(base_ref, names)
    hand_on("adapters", *found.adapters)
    if as_json:
        rows = {"adapters": list(found.adapters), "bar": list(found.bar), "nothing": found.nothing}
        click.echo(json_line(rows))
        return
    for name in found.adapters:
        click.echo(name)
    if found.bar:
        click.echo(f"the bar is changed: {ci_log(', '.join(found.bar))}", err=True)
    if found.nothing:
        click.echo(found.nothing, err=True)


@ci.command(epilog="Example: lora-harness ci gate adapter_v3 --base-ref origin/main")
@click.argument("names", nargs=-1, envvar=ADAPTERS, shell_complete=known_adapters)
@click.option("--base-ref", envvar=BASE_REF, default="", help="The commit that sets the bar.")
@click.option(
    "--arguments",
    envvar="LORA_HARNESS_ARGUMENTS",
    default="",
    help="More words for pytest, by white space.",
)
@click.option("--json", "as_json", is_flag=True, help="The code as JSON; pytest writes to stderr.")
def gate(names: tuple[str, ...], base_ref: str, arguments: str, as_json: bool) -> None:
    """Judge the adapters NAMES with pytest, by the bar of a commit.

    Neither conftest.py nor pytest's settings take part where a base is given, and no module of the
    project's folder is imported. Reports go where they always go; the variable
    LORA_HARNESS_SUMMARY names a file that gets them as Markdown too.

    Exit codes: those of the gate: 0 promote, 1 reject, 4 the request is wrong, 10 inconclusive,
    11 could not judge.
    """
    from harness.flows.ci.changed import on_trial
    from harness.flows.ci.gate import gate as judged
    from harness.flows.ci.job import hand_on

    adapters = on_trial(base_ref, names).adapters if names else ()
    code = judged(adapters, base_ref, arguments.split(), to_stderr=as_json)
    hand_on("code", str(code))
    if as_json:
        click.echo(json_line({"adapters": list(adapters), "base_ref": base_ref, "code": code}))
    sys.exit(code)


@ci.command(epilog="Example: lora-harness ci check benchmarks/outreach/cases.jsonl")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--only", type=click.Choice(("benchmarks", "data", "adapters")), help="This kind.")
@click.option("--json", "as_json", is_flag=True, help="The answer of each check, one a line.")
def check(files: tuple[Path, ...], only: Kind | None, as_json: bool) -> None:
    """Check what changed FILES belong to, as a hook of pre-commit passes them.

    Files of a benchmark ask for `benchmark check`, training data in adapters/datasets for `data
    check`, files of an adapter for `doctor`; other files for nothing.

    Exit codes: the gravest of the checks: 0 fine, 1 unfit, 4 refused, 11 failed.
    """
    from harness.cli.command import cli
    from harness.errors import HarnessError
    from harness.exit_codes import gravest
    from harness.flows.ci.touched import checks_for

    codes = []
    for words in checks_for(files, only):
        if not as_json:
            click.echo(f"lora-harness {ci_log(' '.join(words))}")
        asked = [*words, "--json"] if as_json else list(words)
        with cli.make_context("lora-harness", asked) as context:
            try:
                cli.invoke(context)
            except SystemExit as ended:
                codes.append(int(ended.code or 0))
            except HarnessError as problem:  # the next file is checked as well
                said = ci_log(str(problem))
                click.echo(json_line({"error": said}) if as_json else said, err=not as_json)
                codes.append(problem.exit_code)
    sys.exit(gravest((), codes))


@ci.command(epilog="Example: lora-harness ci comment --file gate.md --dry-run")
@click.option(
    "--file",
    envvar="LORA_HARNESS_SUMMARY",
    type=click.Path(path_type=Path),
    help="The Markdown to write.  [default: what $LORA_HARNESS_SUMMARY names]",
)
@click.option("--dry-run", is_flag=True, help="Show the comment, send nothing.")
@click.option("--json", "as_json", is_flag=True, help='{"done": ..., "said": ..., "dry_run": ...}')
def comment(file: Path | None, dry_run: bool, as_json: bool) -> None:
    """Write the gate's report as a comment on the pull or merge request; the next replaces it.

    The only command of this group that asks the network. The token is GITHUB_TOKEN with
    `pull-requests: write`, or GITLAB_TOKEN with the scope `api`. A comment that cannot be written
    is no failure: the summary and the reports say the same.

    Exit codes: 0 done, or said why not; 4 the request is wrong.
    """
    from harness.errors import RequestError
    from harness.flows.ci.comment import Commented, body_of, place_here
    from harness.flows.ci.comment import comment as write

    if file is None:
        raise RequestError("which report? --file FILE, or the variable LORA_HARNESS_SUMMARY")
    body, place = body_of(file), place_here(os.environ)
    if not body:
        ended = Commented(False, "there is no report to comment with")
    elif dry_run:
        ended = Commented(False, "nothing was sent")
    elif place is None:
        ended = Commented(False, "no comment: this is no job of a pull or merge request")
    else:
        ended = write(body, place)
    if as_json:
        shown = {"body": body} if dry_run else {}
        click.echo(json_line({"done": ended.done, "said": ended.said, "dry_run": dry_run} | shown))
        return
    if dry_run and body:
        click.echo(body)
    click.echo(ci_log(ended.said), err=dry_run)
