"""A rule that decides something stands in one place: these tests find a second one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEDGER_RULES = "harness/store/in_production.py"
PUTS = {"promote", "rollback"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every module that is shipped, by its path."""
    for folder in ("harness", "dashboard"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def texts(node: ast.AST) -> set[object]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}


def in_types(tree: ast.AST) -> set[ast.AST]:
    """What stands in `Literal[...]`: there the kinds are only listed."""
    named = [one for one in ast.walk(tree) if isinstance(one, ast.Subscript)]
    literals = [one for one in named if getattr(one.value, "id", "") == "Literal"]
    return {inner for one in literals for inner in ast.walk(one)}


def asks_kind(node: ast.Compare) -> bool:
    return any(getattr(one, "attr", "") == "kind" for one in ast.walk(node))


def reads_a_kind(tree: ast.Module) -> bool:
    """Whether the kinds of a promotion are gathered, or a decision's kind is compared with one."""
    listed = in_types(tree)
    for node in ast.walk(tree):
        if node in listed:
            continue
        if isinstance(node, ast.Tuple | ast.List | ast.Set) and texts(node) >= PUTS:
            return True
        if isinstance(node, ast.Compare) and asks_kind(node) and texts(node) & PUTS:
            return True
    return False


@pytest.mark.long
def test_one_module_says_which_decisions_put_an_adapter_into_production() -> None:
    assert [name for name, tree in trees() if reads_a_kind(tree)] == [LEDGER_RULES]


def gathers_tasks(tree: ast.Module) -> bool:
    """Whether the tasks of several benchmarks are gathered, under whatever name the loop has."""
    loops = [
        one
        for one in ast.walk(tree)
        if isinstance(one, ast.SetComp | ast.ListComp | ast.GeneratorExp)
    ]
    return any(
        getattr(loop.elt, "attr", "") == "task"
        and "benchmarks" in ast.unparse(loop.generators[0].iter)
        for loop in loops
    )


@pytest.mark.long
def test_a_project_says_its_tasks_in_one_place() -> None:
    assert [name for name, tree in trees() if gathers_tasks(tree)] == ["harness/flows/project.py"]


def ranks_codes(tree: ast.Module) -> bool:
    """Whether the codes of a gate stand side by side, or are given to outcomes."""
    rows = [one for one in ast.walk(tree) if isinstance(one, ast.Tuple | ast.List | ast.Set)]
    tables = [one for one in ast.walk(tree) if isinstance(one, ast.Dict)]
    listed = [{getattr(item, "value", None) for item in one.elts} for one in rows]
    return any({4, 11} <= one for one in listed) or any(
        {"reject", "inconclusive"} <= texts(one) and {1, 10} <= texts(one) for one in tables
    )


@pytest.mark.long
def test_one_module_says_which_exit_code_wins() -> None:
    assert [name for name, tree in trees() if ranks_codes(tree)] == ["harness/exit_codes.py"]


@pytest.mark.long
def test_one_module_says_of_which_metrics_less_is_better() -> None:
    given = [
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and any(
            getattr(one, "id", "").startswith("LOWER") and isinstance(one.ctx, ast.Store)
            for one in ast.walk(node)
        )
    ]
    assert given == ["harness/records/policy.py"]
