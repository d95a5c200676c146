import pytest

from harness.errors import Unjudgeable
from harness.records import Policy
from tests.judge.rule1.ways import verdict

from .builders import EDIT_GATE, case, run

N = 25


def judged(candidate, reference, **more):
    return verdict(candidate, reference, Policy(), metrics=EDIT_GATE, **more)


def test_another_version_of_the_benchmark_is_refused():
    with pytest.raises(Unjudgeable, match="benchmark version is 9f3c1a here and old there"):
        judged(run("v2", [0.8] * N), run("v1", [0.8] * N, fingerprint="old"))


def test_another_base_is_refused():
    with pytest.raises(Unjudgeable, match="base is smol here and big there; evaluate v1 again"):
        judged(run("v2", [0.8] * N), run("v1", [0.8] * N, base="big"))


def test_a_pinned_run_must_be_alike_too():
    with pytest.raises(Unjudgeable, match=r"v0 \(pinned\)"):
        judged(run("v2", [0.8] * N), run("v1", [0.8] * N), pinned=run("v0", [0.8] * N, base="big"))


def test_24_of_25_cases_are_refused_with_the_missing_one_named():
    with pytest.raises(Unjudgeable, match="v2 was run on 24 of 25 cases: case-24 missing"):
        judged(run("v2", [0.8] * (N - 1)), run("v1", [0.8] * N))
    with pytest.raises(Unjudgeable, match=r"v1 \(promoted\) was run on 24 of 25 cases: case-24"):
        judged(run("v2", [0.8] * N), run("v1", [0.8] * (N - 1)))


def test_a_case_scored_twice_is_refused():
    twice = [case(0), *(case(i) for i in range(N - 1))]
    with pytest.raises(Unjudgeable, match="case-00 more than once"):
        judged(run("v2", [0.8] * N, cases=twice), run("v1", [0.8] * N))


def test_a_run_of_some_cases_is_judged_on_them_but_never_promotes():
    part = run("v2", [0.9] * 10, complete=False)
    result = judged(part, run("v1", [0.8] * N))
    assert (result.outcome, result.n) == ("inconclusive", 10)
    assert result.reasons == ("a run of some of the cases can never promote",)
    assert "run all cases" in result.advice


def test_a_run_of_some_cases_can_reject():
    cases = [case(i, critical=i == 1) for i in range(N)]
    part = run("v2", [0.9, 0.1], cases=cases[:2], complete=False)
    result = judged(part, run("v1", [0.8] * N, cases=cases))
    assert result.outcome == "reject"


def test_a_run_of_no_case_says_so():
    result = judged(run("v2", [], complete=False), run("v1", [0.8] * N))
    assert (result.outcome, result.n) == ("inconclusive", 0)
