"""Forgeries of a history and of a pull request, each a change to a project's files.

`forge_pull_request.py` tries them. In the project `first`, then `good` were promoted, `bad` is on
trial, and `base` is the commit that a pull request starts from.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.flows.decisions.promote import promote
from harness.flows.project import Project
from tests.fakes.project import BENCHMARK, CASES, SETTINGS

KEPT = SETTINGS + 'history = "reports/history.jsonl"\n'
WHO = ("--by", "Ana", "--why", "a forgery")
EVERY = (
    ("pytest", "--model", "bad"), ("evaluate", "bad"), ("sweep", "bad"),
    ("status",), ("path",), ("promote", "bad", *WHO),
)  # fmt: skip
REFUSAL = "promoted.json names good, the store does not know it: commit reports/history.jsonl"
JUDGED = ("evaluate", "bad", "--base-ref", "base")


@dataclass(frozen=True)
class Forgery:
    """A change to a project, and the commands that have to notice it."""

    name: str
    forge: Callable[[Path], None]
    commands: tuple[tuple[str, ...], ...] = (JUDGED,)
    says: str = ""
    """What each command has to say."""
    codes: tuple[int, ...] = (1,)


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
    (folder / "adapters/promoted.json").write_text("[]")


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
    project = Project.here(folder)
    promote(project, "bad", task=None, by="Ana", why="a forgery", override=True)


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
        EVERY, "promoted.json was damaged, and the store knows no promotion", (11,),
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
        lambda f: (f / TOML).write_text(BENCHMARK + "\n[policy]\nmin_cases = 8\n") and None,
        says="policy min_cases: 5 there, 8 here",
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
