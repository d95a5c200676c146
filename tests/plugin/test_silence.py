"""Being installed costs a stranger's pytest run nothing."""

from __future__ import annotations

import json

import pytest

HEAVY = ("torch", "transformers", "pandas", "sqlalchemy", "alembic", "harness.flows")
SPY = """
import json, pathlib, sys

def pytest_unconfigure(config):
    pathlib.Path("loaded.json").write_text(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture
def stranger(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that has nothing to do with adapters."""
    pytester.makepyfile(test_theirs="def test_theirs():\n    assert True\n")
    pytester.makeconftest(SPY)
    return pytester


def loaded(pytester: pytest.Pytester) -> set[str]:
    return set(json.loads((pytester.path / "loaded.json").read_text()))


@pytest.mark.long
def test_an_unrelated_project_imports_nothing_of_ours_but_the_plugin_itself(
    stranger: pytest.Pytester,
) -> None:
    result = stranger.runpytest_subprocess("--collect-only", "-q")
    result.stdout.fnmatch_lines(["test_theirs.py::test_theirs"])
    with_us = loaded(stranger)
    assert not with_us & {*HEAVY, "click", "rapidfuzz"}
    ours = {name for name in with_us if name.startswith("harness")}
    assert ours == {"harness", "harness.plugin", "harness.plugin.hooks"}
    stranger.runpytest_subprocess("--collect-only", "-q", "-p", "no:harness")
    assert with_us - loaded(stranger) == ours  # so numpy, scipy and the rest are not ours either


def test_without_model_a_run_says_nothing_of_us(stranger: pytest.Pytester) -> None:
    result = stranger.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*adapter gate*")


def test_without_model_a_broken_project_is_nobodys_business(stranger: pytest.Pytester) -> None:
    stranger.makepyprojecttoml("[tool.harness]\nbsae = 3\n")
    assert stranger.runpytest_inprocess().ret == 0


@pytest.mark.slow
def test_switched_off_the_flag_is_unknown(stranger: pytest.Pytester) -> None:
    result = stranger.runpytest_subprocess("-p", "no:harness", "--model", "adapter_v1")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*unrecognized arguments: --model*"])


def test_help_lists_every_option(stranger: pytest.Pytester) -> None:
    result = stranger.runpytest_inprocess("--help")
    for option in ("benchmark=B", "against=NAME", "engine=E", "store=URL", "reports=DIR"):
        result.stdout.fnmatch_lines([f"*--harness-{option}*"])
    result.stdout.fnmatch_lines(["*--model=NAME*", "*--harness-refresh*", "*--harness-samples=K*"])
