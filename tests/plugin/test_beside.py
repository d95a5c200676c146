"""The project's other tests run beside the gate when they are named, and only then."""

from __future__ import annotations

import pytest

from tests.fakes.project import TinyProject
from tests.plugin.conftest import Gate

FAILS = "def test_theirs():\n    assert False\n"
PASSES = "def test_theirs():\n    assert True\n"


@pytest.fixture
def theirs(project: TinyProject) -> TinyProject:
    project.write("checks/test_theirs.py", PASSES)
    return project


@pytest.mark.slow
def test_unnamed_they_stay_out(gate: Gate, theirs: TinyProject) -> None:
    gate("--model", "same").assert_outcomes(passed=15)


@pytest.mark.slow
@pytest.mark.parametrize(
    "place", ["checks", "checks/test_theirs.py", ".", "checks/test_theirs.py::test_theirs"]
)
def test_named_they_run_too(gate: Gate, theirs: TinyProject, place: str) -> None:
    result = gate("--model", "same", place)
    assert result.ret == 0
    result.assert_outcomes(passed=16)


@pytest.mark.slow
def test_testpaths_of_the_project_name_nothing(gate: Gate, theirs: TinyProject) -> None:
    theirs.settings("\n[tool.pytest.ini_options]\ntestpaths = ['checks']\n")
    gate("--model", "same").assert_outcomes(passed=15)


@pytest.mark.slow
def test_a_folder_of_benchmarks_names_the_gate_alone(gate: Gate, theirs: TinyProject) -> None:
    gate("--model", "same", "benchmarks/manners").assert_outcomes(passed=6)


@pytest.mark.slow
@pytest.mark.parametrize(("adapter", "code"), [("same", 1), ("broken", 1), ("bad", 1)])
def test_their_failure_is_a_failure(
    gate: Gate, theirs: TinyProject, adapter: str, code: int
) -> None:
    theirs.write("checks/test_theirs.py", FAILS)
    assert gate("--model", adapter, "checks").ret == code


@pytest.mark.long
def test_their_success_hides_nothing(gate: Gate, theirs: TinyProject) -> None:
    assert gate("--model", "broken", "checks").ret == 10
    assert gate("--model", "bad", "checks").ret == 1


@pytest.mark.medium
def test_without_model_the_cases_are_no_tests(gate: Gate, theirs: TinyProject) -> None:
    gate().assert_outcomes(passed=1)


@pytest.mark.slow
def test_an_adapter_of_a_client_has_a_slash_in_its_ids(gate: Gate, theirs: TinyProject) -> None:
    theirs.record("acme/openers_v1", quality="same")
    result = gate("--model", "acme/openers_v1", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*cases.jsonl::gate?acme/openers_v1? PASSED*"])


@pytest.mark.long
@pytest.mark.parametrize("place", ["elsewhere/../kept", "linked"])
def test_benchmarks_may_lie_elsewhere(gate: Gate, theirs: TinyProject, place: str) -> None:
    (theirs.folder / "benchmarks").rename(theirs.folder / "kept")
    (theirs.folder / "elsewhere").mkdir()
    (theirs.folder / "linked").symlink_to(theirs.folder / "kept")
    theirs.settings(f'benchmarks = "{place}"\n')
    for named in ((), (place,), (f"{place}/openers/cases.jsonl", f"{place}/manners")):
        result = gate("--model", "same", *named)
        assert result.ret == 0
        result.assert_outcomes(passed=15)
