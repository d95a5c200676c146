"""Every module has a test file of its name in the mirror place, or says where it is tested.

`harness/store/codec.py` is tested in `tests/store/test_codec.py`, `dashboard/told.py` in
`tests/dashboard/test_told.py`. A module that is tested elsewhere names the file in its
docstring: "Tested in tests/store/test_runs.py."
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTED_IN = re.compile(r"\bTested in\s+`?(tests/\S+?\.py)\b")


def modules() -> Iterator[str]:
    """Yield the path of every module but packages and migrations."""
    for folder in ("harness", "dashboard"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file.name != "__init__.py" and "migrations" not in file.parts:
                yield file.relative_to(ROOT).as_posix()


def mirror(module: str) -> str:
    """Return the path of the test file that has a module's name."""
    folder, _, name = module.removeprefix("harness/").rpartition("/")
    return "/".join(filter(None, ("tests", folder, f"test_{name}")))


def named(source: str) -> list[str]:
    """Return the test files that a module's docstring names."""
    return TESTED_IN.findall(ast.get_docstring(ast.parse(source)) or "")


@pytest.mark.parametrize(
    ("module", "test"),
    [
        ("harness/errors.py", "tests/test_errors.py"),
        ("harness/store/codec.py", "tests/store/test_codec.py"),
        ("dashboard/page/now.py", "tests/dashboard/page/test_now.py"),
    ],
)
def test_the_mirror_of_harness_is_tests_itself(module: str, test: str) -> None:
    assert mirror(module) == test


def test_a_docstring_names_a_test_file_and_a_comment_does_not() -> None:
    assert named('"""A.\n\nB. Tested in\ntests/store/test_runs.py."""') == [
        "tests/store/test_runs.py"
    ]
    assert named('"""A.\n\nTested in `tests/test_a.py`.\n"""') == ["tests/test_a.py"]
    assert named('"""A."""\n# Tested in tests/store/test_runs.py') == []
    assert named('"""A. Tested in the tests of B."""') == []


@pytest.mark.long
def test_every_module_has_a_test_file_or_names_one() -> None:
    untested = [
        module
        for module in modules()
        if not (ROOT / mirror(module)).is_file()
        and not named((ROOT / module).read_text(encoding="utf-8"))
    ]
    assert untested == []


@pytest.mark.slow
def test_every_test_file_that_a_module_names_is_there() -> None:
    missing = [
        f"{module}: {test}"
        for module in modules()
        for test in named((ROOT / module).read_text(encoding="utf-8"))
        if not (ROOT / test).is_file()
    ]
    assert missing == []
