"""`def test_x(harness): ...` in a stranger's own tests: scores, checks and verdicts.

Tests `harness.flows.evaluation.score_text`, which the fixture offers as `score`.
"""

from __future__ import annotations

import pytest

from tests.fakes.project import TinyProject

SCORES = """
import pytest
from harness import HarnessError

def test_equal(harness):
    found = harness.score("Hi Ana", "Hi Ana")
    assert found.scores == {"edit_similarity": 1.0, "edit_rate": 0.0, "clean_rate": 1.0}

def test_best_of_several(harness):
    assert harness.score("Hi Ana", ["Dear Sir", "Hi Ana"]).best_ideals["edit_similarity"] == 1

def test_checks(harness):
    found = harness.score("Hi Ana, 900 trucks", "Hi Ana", input="Ana", checks={"grounded": True})
    (failed,) = found.failed_musts
    assert "900" in failed.message

@pytest.mark.parametrize(
    ("metrics", "line"),
    [
        (["ideal_likelihood"], "a model has to say it"),
        (["consistency"], "several outputs of one case"),
        (["embedding_similarity"], 'embedder = "none"'),
        (["polte"], "polte: no such metric, known are"),
    ],
)
def test_what_a_text_alone_does_not_say(harness, metrics, line):
    with pytest.raises(HarnessError, match=line):
        harness.score("Hi", "Hi", metrics=metrics)

@pytest.mark.parametrize(("output", "ideal"), [(None, "Hi"), ("Hi", ""), ("Hi", []), ("Hi", [3])])
def test_what_is_no_text(harness, output, ideal):
    with pytest.raises(HarnessError, match="text"):
        harness.score(output, ideal)
"""

JUDGES = """
def test_verdicts(harness):
    found = harness.evaluate("bad")
    assert {name: verdict.outcome for name, verdict in found.items()} == {
        "openers": "reject", "manners": "promote",
    }

def test_two_runs(harness):
    from harness import Case, CaseResult, Output, Run
    cases = [Case(f"c{n}", "in", ("ideal",)) for n in range(8)]
    def run(name, score):
        results = tuple(
            CaseResult(c, (Output(c.id, "out"),), {"edit_similarity": score + n / 100})
            for n, c in enumerate(cases)
        )
        return Run(name, name, "openers", "openers", "f", results, True)
    assert harness.verdict(run("b", 0.5), run("a", 0.5)).outcome == "promote"
"""

LIGHT = """
import sys

def test_score(harness):
    harness.score("Hi Ana", "Hi Ben")
    assert not {"torch", "transformers", "pandas"} & set(sys.modules)
"""


@pytest.mark.medium
def test_texts_are_scored(pytester: pytest.Pytester, project: TinyProject) -> None:
    pytester.makepyfile(test_theirs=SCORES)
    pytester.runpytest_inprocess("-p", "no:hypothesispytest").assert_outcomes(passed=11)


@pytest.mark.slow
def test_adapters_are_judged(pytester: pytest.Pytester, project: TinyProject) -> None:
    pytester.makepyfile(test_theirs=JUDGES)
    pytester.runpytest_inprocess("-p", "no:hypothesispytest").assert_outcomes(passed=2)


@pytest.mark.long
def test_texts_need_no_project_and_no_model(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_theirs=LIGHT)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_fixture_of_the_same_name_stays_the_strangers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_theirs="""
        import pytest
        @pytest.fixture
        def harness(): return "mine"
        def test_mine(harness): assert harness == "mine"
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_pytest_explains_it(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--fixtures")
    result.stdout.fnmatch_lines(["harness [[]session scope[]]*", "*Score texts and judge*"])
