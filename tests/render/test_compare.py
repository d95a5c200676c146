"""Two runs side by side: means over the cases of both, then every case that differs."""

import json

import pytest

from harness.errors import Unjudgeable
from harness.records import Case, CaseResult, CheckResult, Output, Run
from harness.render import compare_json, compare_text
from tests.text.hostile import COMMAND


def result(case, text, similarity, **more):
    return CaseResult(
        Case(case, "in", ("Hi Ana, hello",)),
        (Output(case, text),),
        {"edit_similarity": similarity},
        **more,
    )


def run(adapter, *results, fingerprint="9f3c1a77", **more):
    return Run(adapter, adapter, "outreach", "outreach", fingerprint, results, True, **more)


A = run("adapter_v2", result("c1", "Hi Ana, hello", 1.0), result("c2", "same", 0.5))
B = run(
    "adapter_v4",
    result("c1", "Dear Ana, hello", 0.8, checks=(CheckResult("contains", "must", False, "no Hi"),)),
    result("c2", "same", 0.5),
    result("c3", "x", None),
)


def test_means_are_over_the_cases_of_both():
    lines = compare_text(A, B).splitlines()
    assert lines[0] == "adapter_v2 → adapter_v4 · benchmark outreach 9f3c1a · 2 cases"
    row = next(line for line in lines if line.startswith("edit similarity"))
    assert row.split() == ["edit", "similarity", "0.750", "0.650", "−0.100", "2"]


def test_a_case_that_differs_is_shown_with_scores_texts_and_checks():
    text = compare_text(A, B)
    assert "c1\n  edit similarity 1.000 → 0.800" in text
    assert "  ideal       Hi Ana, hello" in text
    assert "  adapter_v2  Hi Ana, hello" in text
    assert "  adapter_v4  [-Hi-] [+Dear+] Ana, hello" in text
    assert "  adapter_v4 fails contains (must): no Hi" in text


def test_the_rest_is_named():
    text = compare_text(A, B)
    assert "same output in 1 case: c2" in text
    assert "only in adapter_v4: c3" in text


def test_what_a_verdict_would_refuse_is_noted():
    other = run("adapter_v4", *B.results, digests={"base": "another"})
    assert "note: the two runs differ in their base" in compare_text(A, other)


def test_runs_on_different_cases_are_refused():
    with pytest.raises(Unjudgeable, match="same version of one benchmark"):
        compare_text(A, run("adapter_v4", fingerprint="777777"))


def test_outputs_are_made_safe():
    evil = run("adapter_v4", result("c1", "\n::error::x ##[error]\x1b[2J", 0.0))
    text = compare_text(A, evil)
    assert not any(COMMAND.search(line) for line in text.splitlines())
    assert "\x1b" not in text


def test_programs_get_every_case():
    answer = json.loads(json.dumps(compare_json(A, B), allow_nan=False))
    assert [case["same"] for case in answer["cases"]] == [False, True]
    assert answer["metrics"][0]["difference"] == pytest.approx(-0.1)
    assert answer["only_b"] == ["c3"]
    assert answer["cases"][0]["b"]["checks"][0]["message"] == "no Hi"
