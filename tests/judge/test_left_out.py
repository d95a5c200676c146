"""Cases that an adapter has seen in training: no side is judged on them, and everybody sees it."""

from __future__ import annotations

import pytest

from harness.records import Policy, Verdict
from harness.render import verdict_json, verdict_text
from tests.judge.builders import LIKELIHOOD_GATE, case, run
from tests.judge.rule1.ways import verdict

N = 25
EDIT = [0.9 - 0.001 * (n % 7) for n in range(N)]
LIKELIHOOD = [0.5 + 0.01 * (n % 5) for n in range(N)]
SEEN = {f"case-0{n}": f"line {n} of more.jsonl, which v2 was trained on" for n in range(3)}


def judged(left_out: dict[str, str], broken: int = 3) -> Verdict:
    """The candidate breaks the first `broken` cases, the first of which is critical."""
    cases = [case(n, critical=n == 0) for n in range(N)]
    edit = [0.1] * broken + [each + 0.0005 * (n % 3) for n, each in enumerate(EDIT)][broken:]
    likelihood = [0.01] * broken + [x + 0.004 * (n % 3) for n, x in enumerate(LIKELIHOOD)][broken:]
    return verdict(
        run("v2", edit, likelihood, cases=cases),
        run("v1", EDIT, LIKELIHOOD, cases=cases),
        Policy(),
        metrics=LIKELIHOOD_GATE,
        pinned=run("v0", EDIT, LIKELIHOOD, cases=cases),
        base=run("base", EDIT, LIKELIHOOD, cases=cases),
        left_out=left_out,
    )


def test_what_is_left_out_decides_nothing_on_any_side() -> None:
    assert judged({}).outcome == "reject"
    result = judged(SEEN)
    assert result.outcome == "promote"
    assert (result.n, result.broken) == (22, ())
    scored = [metric for metric in result.metrics if metric.name != "embedding_similarity"]
    assert {metric.n for metric in scored} == {22}
    assert all(worth.n == 22 for worth in result.worth)


def test_it_is_visible_in_the_record_the_text_and_the_json() -> None:
    result = judged(SEEN)
    assert result.left_out == SEEN
    note = (
        "3 cases left out: case-00, case-01 and case-02 are in more.jsonl, which v2 was trained on"
    )
    assert result.notes[0] == note
    shown = " ".join(verdict_text(result).split())
    assert "22 cases (3 left out)" in shown and note in shown
    assert verdict_json(result)["left_out"] == SEEN


def test_nothing_left_out_says_nothing() -> None:
    result = judged({}, broken=0)
    assert result.left_out == {}
    assert "left out" not in verdict_text(result)


@pytest.mark.parametrize("kept", [0, 1, 4])
def test_too_few_cases_that_remain_never_promote(kept: int) -> None:
    seen = {f"case-{n:02d}": "line 1 of x.jsonl, which v2 was trained on" for n in range(kept, N)}
    result = judged(seen, broken=0)
    assert (result.outcome, result.n) == ("inconclusive", kept)
    assert any("too few to judge" in reason for reason in result.reasons)


def test_a_case_of_another_benchmark_is_not_counted() -> None:
    assert judged({"elsewhere": "line 1 of x.jsonl"}, broken=0).left_out == {}
