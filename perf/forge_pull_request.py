"""Try forgeries of a history or a pull request on copies of a project, and print who noticed each.

    python perf/forge_pull_request.py [--only margin]

A forgery is noticed where the command that a team runs refuses it, or judges as if it were not
there and says what differs. The exit code is 1 where one passes. No model is needed: outputs are
recorded, `good` is in production and `bad` is on trial.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from click.testing import CliRunner  # noqa: E402

from harness.cli.command import cli  # noqa: E402
from tests.fakes.project import BENCHMARK, CASES, SETTINGS, TinyProject  # noqa: E402
from tests.github.test_action import Runner, git  # noqa: E402

KEPT = SETTINGS + 'history = "reports/history.jsonl"\n'
WHO = ("--by", "Ana", "--why", "a forgery")
EVERY = (
    ("pytest", "--model", "bad"), ("evaluate", "bad"), ("sweep", "bad"),
    ("status",), ("path",), ("promote", "bad", *WHO),
)  # fmt: skip
REFUSAL = "promoted.json names good, the store does not know it: commit reports/history.jsonl"
JUDGED = ("evaluate", "bad", "--base-ref", "base")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    said: str


@dataclass(frozen=True)
class Forgery:
    """A change to a project, and the commands that have to notice it."""

    name: str
    forge: Callable[[Path], None]
    commands: tuple[tuple[str, ...], ...] = (JUDGED,)
    says: str = ""
    """What each command has to say."""
    codes: tuple[int, ...] = (1,)


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


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text, (name, old)
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def pointer(folder: Path, **changes: str) -> None:
    file = folder / "adapters/promoted.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    found["tasks"]["openers"] |= changes
    file.write_text(json.dumps(found), encoding="utf-8")


# --- the history -------------------------------------------------------------------------------


def no_history(folder: Path) -> None:
    (folder / "reports/history.jsonl").unlink()


def truncated(folder: Path) -> None:
    file = folder / "reports/history.jsonl"
    *lines, last = file.read_text(encoding="utf-8").splitlines(keepends=True)
    assert '"decision"' in last
    file.write_text("".join(lines), encoding="utf-8")


def emptied(folder: Path) -> None:
    (folder / "reports/history.jsonl").write_text("")


def damaged_pointer(folder: Path) -> None:
    no_history(folder)
    (folder / "adapters/promoted.json").write_text("{")


def older_pointer(folder: Path) -> None:
    shutil.copy(folder.parent / "first.json", folder / "adapters/promoted.json")


def neither(folder: Path) -> None:
    no_history(folder)
    (folder / "adapters/promoted.json").unlink()


# --- the pull request --------------------------------------------------------------------------


def other_ideals(folder: Path) -> None:
    written = (folder / "recorded/bad/openers.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {one["case"]: one["output"] for one in map(json.loads, written)}
    lines = [json.dumps(case | {"ideal": texts[case["id"]]}) for case in CASES]
    (folder / "benchmarks/openers/cases.jsonl").write_text("\n".join(lines) + "\n")


def other_recordings(folder: Path) -> None:
    shutil.copytree(folder / "recorded", folder / "forged")
    shutil.rmtree(folder / "forged/bad")
    shutil.copytree(folder / "forged/good", folder / "forged/bad")
    change(folder, "pyproject.toml", 'engine = "recorded"', 'engine = "recorded:forged"')


def promoted_there(folder: Path) -> None:
    expect(typed(folder, ("promote", "bad", "--override", *WHO)), 0)


def store_in_git(folder: Path) -> None:
    promoted_there(folder)
    (folder / ".gitignore").unlink()
    no_history(folder)


def options(folder: Path) -> None:
    text = '\n[tool.pytest.ini_options]\naddopts = "--harness-against=bad"\n'
    (folder / "pyproject.toml").write_text(KEPT + text)


def own_code(folder: Path) -> None:
    text = "def pytest_sessionfinish(session):\n    import os\n    os._exit(0)\n"
    (folder / "conftest.py").write_text(text)


def linked(folder: Path) -> None:
    file = folder / "adapters/old/adapter_model.safetensors"
    shutil.copy(file, folder.parent / "elsewhere.safetensors")
    file.unlink()
    file.symlink_to(folder.parent / "elsewhere.safetensors")


def linked_folder(folder: Path) -> None:
    shutil.rmtree(folder / "adapters/old")
    (folder / "adapters/old").symlink_to("tuned")


def tokenizer(folder: Path) -> None:
    (folder / "adapters/old/chat_template.jinja").write_text("{{ messages }}")


def margin(folder: Path) -> None:
    change(folder, "benchmarks/openers/benchmark.toml", "margin = 0.08", "margin = 0.99")


TOML = "benchmarks/openers/benchmark.toml"
FORGERIES = (
    Forgery("the history is removed", no_history, EVERY, REFUSAL, (11,)),
    Forgery("the history is cut off before the last decision", truncated, EVERY, REFUSAL, (11,)),
    Forgery("the history is emptied", emptied, EVERY, REFUSAL, (11,)),
    Forgery(
        "the history is removed, promoted.json damaged", damaged_pointer,
        EVERY, "promoted.json cannot be read, and the store knows no promotion", (11,),
    ),
    Forgery(
        "promoted.json names another adapter", lambda f: pointer(f, adapter="bad"),
        (EVERY[0], EVERY[1], EVERY[4]), "promoted.json names bad for openers", (11,),
    ),
    Forgery(
        "promoted.json names another digest", lambda f: pointer(f, digest="0" * 64),
        (EVERY[0], EVERY[1], EVERY[4]), "its decision in the ledger does not", (11,),
    ),
    Forgery(
        "promoted.json is an older one", older_pointer, (EVERY[4],),
        "promoted.json names first for openers, the ledger good", (11,),
    ),
    Forgery(
        "history and promoted.json are removed", neither,
        says="promoted.json: good for openers there, nothing here",
    ),
    Forgery("the margin is raised", margin, says="0.08 there, gate at a margin of 0.99 here"),
    Forgery(
        "the gate becomes a report",
        lambda f: change(f, TOML, 'role = "gate"\nmargin = 0.08', 'role = "report"'),
        says="there, report here",
    ),
    Forgery(
        "the policy is changed",
        lambda f: (f / TOML).write_text(BENCHMARK + "\n[policy]\nalpha = 0.5\n") and None,
        says="policy alpha: 0.05 there, 0.5 here",
    ),
    Forgery("the ideals are what the adapter writes", other_ideals, says="8 cases changed"),
    Forgery(
        "the benchmark is removed", lambda f: shutil.rmtree(f / "benchmarks/openers"),
        says="benchmark openers is removed here",
    ),
    Forgery(
        "the settings name other recordings", other_recordings,
        says="[tool.harness] differs in engine",
    ),
    Forgery(
        "the head promotes it by itself", promoted_there,
        says="promoted.json: good for openers there, bad here",
    ),
    Forgery("a store is committed with it", store_in_git, says="good for openers there, bad here"),
    Forgery(
        "pytest's settings name another reference", options,
        (("pytest", "--model", "bad", "--harness-base-ref", "base"),),
        "differs from base, and its `addopts` has --harness-against=bad", (4,),
    ),
    Forgery("conftest.py ends pytest with 0", own_code, (("the action",),), "reject", (1,)),
    Forgery("weights become a link", linked, (("the filter",),), "old", (0,)),
    Forgery(
        "weights become a link out of the project", linked,
        (("evaluate", "old", "--engine", "transformers", "--base-ref", "base"),),
        "is a link that leads out of", (4,),
    ),
    Forgery("an adapter's folder becomes a link", linked_folder, (("the filter",),), "old", (0,)),
    Forgery("an adapter gets another template", tokenizer, (("the filter",),), "old", (0,)),
    Forgery(
        "only promoted.json names another adapter", lambda f: pointer(f, adapter="bad"),
        (("the filter",),), "bad", (0,),
    ),
    Forgery("only the benchmark changes", margin, (("the filter",),), "good", (0,)),
)  # fmt: skip


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
    code = runner.text("output").strip().removeprefix("code=")
    said = f"{runner.text('adapter-gate.md')} {done.stdout[-400:]}"
    return Ended(int(code or -1), said.lower())


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
