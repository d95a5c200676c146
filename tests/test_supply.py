"""What is installed, what CI runs, and what is never loaded: the supply chain as files say it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github").rglob("*.y*ml"))
"""One of them is what `lora-harness ci init github` writes; a test holds that."""
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} +# v\d+(\.\d+)*")
PICKLES = frozenset(
    {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
)  # fmt: skip
LOADERS = frozenset({"load", "read_pickle", "to_pickle", "torch_load"})


def parsed(file: Path) -> dict[Any, Any]:
    read = yaml.safe_load(file.read_text("utf-8"))
    assert isinstance(read, dict)
    return read


# --- what is installed --------------------------------------------------------------------------


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    found = [line.split(" ")[0].partition("==") for line in lines if "==" in line]
    return {package.lower().replace("_", "-"): version for package, _, version in found}


def test_every_pinned_release_has_hashes_and_only_torch_stands_apart() -> None:
    pinned, hashed = pins("constraints.txt"), pins("hashes.txt")
    assert {name: pinned[name] for name in pinned if name != "torch"} == hashed
    blocks = (ROOT / "hashes.txt").read_text("utf-8").split("\n")
    starts = [n for n, line in enumerate(blocks) if "==" in line]
    assert all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", blocks[n + 1]) for n in starts)


@pytest.mark.parametrize("name", ["constraints.txt", "hashes.txt"])
def test_no_place_to_install_from_is_written_down(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"https?:|file:|--(?:extra-)?index|--find-links|--trusted|@ ", text)


def test_setup_installs_by_hash_and_builds_nothing() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "--require-hashes --no-deps --only-binary :all: --requirement hashes.txt" in makefile


# --- what CI runs -------------------------------------------------------------------------------


def test_there_are_workflows_to_look_at() -> None:
    assert WORKFLOWS


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(file: Path) -> None:
    for line in file.read_text("utf-8").splitlines():
        used = re.match(r"\s*(?:- )?uses:\s*(.+)", line)
        if used and not used[1].startswith("./"):
            assert PINNED.fullmatch(used[1].strip()), line


def test_an_action_is_pinned_to_the_same_commit_everywhere() -> None:
    template = ROOT / "harness" / "workspace" / "ci_files" / "github.yml"
    texts = [file.read_text("utf-8") for file in (*WORKFLOWS, template)]
    pins = {pin for text in texts for pin in re.findall(r"uses: ([\w.-]+/[\w.-]+)\S*@(\w+)", text)}
    assert len(pins) == len({action for action, _ in pins})


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_nothing_is_allowed_but_what_a_job_asks_for(file: Path) -> None:
    read = parsed(file)
    if "jobs" not in read:
        return  # an action of our own; its workflow gives the permissions
    assert read.get("permissions") in ({}, {"contents": "read"})
    for name, job in read["jobs"].items():
        asked = job.get("permissions", {})
        assert isinstance(asked, dict), f"{name} asks for everything"
        assert "pull_request_target" not in read.get(True, {}), "strangers' code with our rights"
        for scope, level in asked.items():
            assert level in ("read", "none") or f"{scope}: write # " in file.read_text("utf-8"), (
                f"{name} may write {scope}, and no comment says why"
            )


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_checkout_leaves_a_token_behind(file: Path) -> None:
    for step in steps(parsed(file)):
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step.get("with", {}).get("persist-credentials") is False


def steps(read: dict[str, object]) -> Iterator[dict[str, dict[str, object]]]:
    jobs = read.get("jobs") or {"action": read.get("runs", {})}
    assert isinstance(jobs, dict)
    for job in jobs.values():
        yield from job.get("steps", [])


# --- what is never loaded -----------------------------------------------------------------------


def sources() -> list[Path]:
    return [file for room in ("harness", "dashboard") for file in (ROOT / room).rglob("*.py")]


@pytest.mark.long
def test_nothing_is_pickled_anywhere() -> None:
    assert len(sources()) > 150
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            assert not _imported(node) & PICKLES, f"{file}:{getattr(node, 'lineno', 0)}"
            assert not _loads_weights(node), f"{file}:{getattr(node, 'lineno', 0)}"


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {name.name.partition(".")[0] for name in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
        "import_module",
        "__import__",
    ):
        return {str(getattr(one, "value", "")).partition(".")[0] for one in node.args}
    return set()


def _loads_weights(node: ast.AST) -> bool:
    """`torch.load`, `np.load`, `pd.read_pickle`, or anything that is told to allow pickles."""
    if not isinstance(node, ast.Call):
        return False
    allowed = any(word.arg == "allow_pickle" for word in node.keywords)
    if not isinstance(node.func, ast.Attribute) or not isinstance(node.func.value, ast.Name):
        return allowed
    foreign = node.func.value.id in ("torch", "np", "numpy", "pd", "pandas")
    return allowed or (foreign and node.func.attr in LOADERS)


def test_no_column_of_the_store_holds_objects() -> None:
    from sqlalchemy import LargeBinary, PickleType

    from harness.store.schema import metadata

    binary = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary | PickleType)
    }
    assert binary == {"vectors.vector"}  # numbers of a fixed width, read by their length


@pytest.mark.parametrize(
    "line",
    ["import pickle", "from joblib import load", "torch.load('x')", "np.load('x')",
     "import_module('dill')"],
)  # fmt: skip
def test_the_look_for_pickles_sees_them(line: str) -> None:
    nodes = list(ast.walk(ast.parse(line)))
    assert any(_imported(node) & PICKLES or _loads_weights(node) for node in nodes)
