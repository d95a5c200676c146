"""Every case is a test item, every benchmark ends in a gate item, and pytest's options work."""

from __future__ import annotations

import pytest

from tests.fakes.project import CASES, TinyProject
from tests.plugin.conftest import Gate


def ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


def outputs(project: TinyProject) -> dict[str, dict[str, str]]:
    """By run, what was written for each case."""
    store = project.store()
    runs = [store.runs.by_id(identity) for identity in store.runs.ids()]
    store.close()
    return {run.id: {r.case.id: r.text for r in run.results} for run in runs if run}


@pytest.mark.slow
def test_cases_and_gate_are_listed_with_names_to_type(gate: Gate) -> None:
    result = gate("--collect-only", "-q", "--model", "same")
    assert result.ret == 0
    assert ids(result)[:2] == [
        "benchmarks/openers/cases.jsonl::logistics-1[same]",
        "benchmarks/openers/cases.jsonl::logistics-2[same]",
    ]
    assert ids(result)[8] == "benchmarks/openers/cases.jsonl::gate[same]"
    assert ids(result)[-1] == "benchmarks/manners/cases.jsonl::gate[same]"
    assert len(ids(result)) == 8 + 1 + 5 + 1


@pytest.mark.medium
def test_collecting_makes_nothing(gate: Gate, project: TinyProject) -> None:
    gate("--collect-only", "--model", "same")
    assert outputs(project) == {}


@pytest.mark.long
def test_a_gate_says_what_fine_tuning_was_worth(gate: Gate, project: TinyProject) -> None:
    result = gate("--model", "same")
    result.stdout.fnmatch_lines(["  worth it?   ideal likelihood (8 cases), over base +0.*"])
    assert {run.split("_")[1] for run in outputs(project)} == {"same", "good", "base"}


@pytest.mark.long
def test_without_baselines_the_base_is_not_run(gate: Gate, project: TinyProject) -> None:
    result = gate("--model", "same", "--harness-no-baselines")
    result.stdout.fnmatch_lines(["  worth it?   not asked: there is no run of base*"])
    assert {run.split("_")[1] for run in outputs(project)} == {"same", "good"}


@pytest.mark.medium
def test_each_adapter_gets_its_own_items(gate: Gate) -> None:
    result = gate("--collect-only", "-q", "--model", "same", "--model", "bad", "--model", "same")
    found = ids(result)
    assert len(found) == 2 * 15 == len(set(found))
    assert "benchmarks/openers/cases.jsonl::gate[bad]" in found


@pytest.mark.slow
def test_two_adapters_are_judged_in_one_run(gate: Gate) -> None:
    result = gate("-q", "--model", "same", "--model", "bad")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "reject  bad on openers",
            "promote  same on manners",
            "promote  same on openers",
            "1 failed, 29 passed*",
        ]
    )


@pytest.mark.medium
def test_a_benchmark_can_be_chosen(gate: Gate) -> None:
    result = gate("--collect-only", "-q", "--model", "same", "--harness-benchmark", "manners")
    assert len(ids(result)) == 6


@pytest.mark.long
def test_one_case_alone_says_the_same_as_among_all(gate: Gate, project: TinyProject) -> None:
    whole = gate("--model", "same", "-q")
    alone = gate("--model", "same", "-k", "health-2")
    assert (whole.ret, alone.ret) == (0, 10)
    alone.assert_outcomes(passed=1, deselected=14)
    alone.stdout.fnmatch_lines(["INCONCLUSIVE*same*1 case*", "*run all cases*"])
    texts = [found["health-2"] for found in outputs(project).values() if "health-2" in found]
    assert {"Hi Finn, how does Oak Care plan its week with 2 groups?"} < set(texts)
    full, part = (
        found for found in outputs(project).values() if "groups?" in found.get("health-2", "")
    )
    assert (len(full), len(part)) == (8, 1)
    assert part["health-2"] == full["health-2"]


@pytest.mark.slow
def test_an_adapter_equal_to_the_promoted_one_in_one_case_is_still_not_promoted(gate: Gate) -> None:
    assert gate("--model", "good", "-k", "health-2").ret == 10


@pytest.mark.long
def test_the_gate_alone_judges_every_case(gate: Gate) -> None:
    result = gate("--model", "same", "-k", "gate", "--harness-benchmark", "openers")
    assert result.ret == 0
    result.assert_outcomes(passed=1, deselected=8)


@pytest.mark.slow
def test_a_node_id_from_the_listing_runs_that_item(gate: Gate) -> None:
    result = gate("--model", "same", "benchmarks/openers/cases.jsonl::health-2[same]")
    assert result.ret == 10
    result.assert_outcomes(passed=1)


@pytest.mark.long
def test_what_failed_last_is_run_first(gate: Gate) -> None:
    assert gate("--model", "bad", "-q").ret == 1
    again = gate("--model", "bad", "--lf")
    again.assert_outcomes(failed=1, deselected=8)
    again.stdout.fnmatch_lines(["*run-last-failure: rerun previous 1 failure*"])
    assert again.ret == 1


@pytest.mark.medium
def test_a_name_in_an_id_cannot_command_a_ci_runner(gate: Gate, project: TinyProject) -> None:
    project.write_lines(
        "benchmarks/openers/cases.jsonl",
        [CASES[0] | {"id": "##[error]x"}, CASES[1] | {"id": " ::error::y"}],
    )
    for options in ((), ("-v",), ("--collect-only",)):
        result = gate("--model", "same", "-k", "nothing or x or y", *options)
        assert "##[" not in result.stdout.str()
        assert " ::error" not in result.stdout.str()
