"""A stranger's first minute: a new project, and the base model in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Shell

pytestmark = pytest.mark.real


def test_a_new_project_works_at_once_and_says_that_placeholders_are_no_benchmark(
    tmp_path: Path,
) -> None:
    made = Shell(tmp_path)("harness.cli", "init", "x")
    assert made.returncode == 0, made.stderr
    project = Shell(tmp_path / "x")
    found = project("pytest", "--model", "base")
    said = " ".join(found.stdout.split())
    assert found.returncode == 10, found.stdout + found.stderr
    assert "INCONCLUSIVE base · task my-task · 5 cases" in said
    assert "all 5 cases are placeholders, and placeholders are not a benchmark" in said
    assert "2 failed, 25 passed" in said  # the gates of task and guard, for want of a candidate
    assert "Traceback" not in found.stdout + found.stderr
    checked = project("harness.cli", "benchmark", "check")
    assert checked.returncode == 1
    (line,) = re.findall(r"placeholder .*", checked.stdout)  # equal findings are one line
    assert "PLACEHOLDER-1" in line
    assert "4 more" in " ".join(checked.stdout.split())
