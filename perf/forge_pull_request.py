"""Try forgeries of a history or a pull request on copies of a project, and print who noticed each.

    python perf/forge_pull_request.py [--only margin]

A forgery is noticed where the command that a team runs refuses it, or judges as if it were not
there and says what differs. The exit code is 1 where one passes. No model is needed: outputs are
recorded, `good` is in production and `bad` is on trial.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from click.testing import CliRunner

from harness.cli.command import cli
from perf.forgeries_pull_request import (
    FORGERIES,
    JUDGED,
    KEPT,
    Forgery,
    store_in_git,
)
from tests.fakes.project import TinyProject
from tests.github.test_action import Runner, git, handed_on


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    said: str


def typed(folder: Path, words: tuple[str, ...]) -> Ended:
    """Type a command in a folder; pytest gets a process of its own."""
    if words[0] != "pytest":
        with chdir(folder):
            found = CliRunner().invoke(cli, list(words), prog_name="lora-harness")
        return Ended(found.exit_code, " ".join(found.output.split()))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words[1:]], cwd=folder,
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    return Ended(done.returncode, " ".join((done.stdout + done.stderr).split()))


# --- the honest project ------------------------------------------------------------------------


def honest(folder: Path) -> Path:
    """Make a project in git: `first`, then `good` were promoted; `bad` came with the head."""
    made = TinyProject(folder)
    made.write("pyproject.toml", KEPT)
    made.write(".gitignore", "reports/*\n!reports/history.jsonl\n")
    for name, quality in (("first", "same"), ("good", "good"), ("bad", "bad")):
        made.record(name, quality=quality)  # type: ignore[arg-type]
    for name in ("first", "good"):
        expect(typed(folder, ("evaluate", name)), 0)
        expect(typed(folder, ("promote", name, "--by", "Ana", "--why", "better")), 0)
        shutil.copy(folder / "adapters/promoted.json", folder.parent / f"{name}.json")
    for name in ("old", "tuned"):
        made.adapter(name).write()
    git(folder.parent, "init", "-q", str(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    git(folder, "tag", "base")
    expect(typed(folder, JUDGED), 1)
    return folder


def expect(ended: Ended, code: int) -> None:
    if ended.code != code:
        sys.exit(f"the honest project ends with {ended.code}, not {code}: {ended.said[-600:]}")


def forget(folder: Path) -> None:
    """Remove what a fresh clone has not."""
    for file in (folder / "reports").glob("harness.db*"):
        file.unlink()


# --- trying them -------------------------------------------------------------------------------


def noticed(forgery: Forgery, template: Path) -> Iterator[tuple[str, bool, str]]:
    """Yield each command with whether it noticed the forgery, and what it said."""
    for words in forgery.commands:
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(template.parent, place, dirs_exist_ok=True, symlinks=True)
            folder = Path(place) / template.name
            forgery.forge(folder)
            if forgery.forge is not store_in_git:
                forget(folder)
            git(folder, "add", "-A")
            git(folder, "commit", "-qm", "head")
            ended = asked(folder, words)
            fine = ended.code in forgery.codes and forgery.says in ended.said
            yield words[0], fine, f"{ended.code}: {ended.said[-400:]}"


def asked(folder: Path, words: tuple[str, ...]) -> Ended:
    """Type a command, or run a step of the action as a runner would."""
    if words[0] not in ("the filter", "the action"):
        return typed(folder, words)
    runner = Runner(folder.parent / "runner", folder)
    runner.values["github.event.pull_request.base.sha"] = git(folder, "rev-parse", "base")
    if words[0] == "the filter":
        done = runner.run("find the adapters")
        return Ended(done.returncode, runner.text("output") + done.stderr)
    runner.values["steps.find.outputs.adapters"] = "bad"
    done = runner.run("judge")
    (code,) = handed_on(runner, "code") or ["-1"]
    said = f"{runner.text('adapter-gate.md')} {done.stdout[-400:]}"
    return Ended(int(code), said.lower())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="forgeries with this in their name")
    chosen = [one for one in FORGERIES if parser.parse_args().only in one.name]
    tried = found = 0
    with tempfile.TemporaryDirectory() as place, chdir(place):
        os.environ["LORA_HARNESS_CACHE"] = str(Path(place) / "cache")
        template = honest(Path(place) / "made" / "project")
        for forgery in chosen:
            results = list(noticed(forgery, template))
            by = ", ".join(command for command, fine, _ in results if fine)
            missed = [f"{command} {said}" for command, fine, said in results if not fine]
            tried, found = tried + 1, found + (not missed)
            print(f"{forgery.name:<50} {by or '-'}", flush=True)
            for line in missed:
                print(f"   MISSED by {line}", flush=True)
    print(f"{tried} forgeries tried, {found} noticed by every command that has to")
    sys.exit(0 if tried == found else 1)


if __name__ == "__main__":
    main()
