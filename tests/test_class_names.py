"""A class name means one thing: no two classes of harness/ and dashboard/ share a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def classes(source: str) -> list[str]:
    """Return the names of all classes in a module, private and nested classes included."""
    return [one.name for one in ast.walk(ast.parse(source)) if isinstance(one, ast.ClassDef)]


def test_a_class_inside_a_class_or_a_function_counts_too() -> None:
    source = "class A:\n    class _B: ...\ndef f():\n    class C: ..."
    assert sorted(classes(source)) == ["A", "C", "_B"]


@pytest.mark.long
def test_no_two_classes_share_a_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for folder in ("harness", "dashboard"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for name in classes(file.read_text(encoding="utf-8")):
                places[name].append(file.relative_to(ROOT).as_posix())
    assert len(places) > 100
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
