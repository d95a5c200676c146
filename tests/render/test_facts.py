"""With every verdict: the margin and which of the two it is, the risk, what can break."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.judge.rule2.judged import UNMEASURED
from harness.records import MarginUse
from harness.render.facts import FORGETTING_NOTE, facts, moved_bar
from tests.render.second import SECOND
from tests.render.test_verdict import VERDICT


def fact(label: str, **fields: object) -> str | None:
    """What is said under a label for the verdict with these fields."""
    return dict(facts(replace(SECOND, **fields))).get(label)


def test_the_facts_come_in_the_order_of_their_weight() -> None:
    assert [label for label, _ in facts(SECOND)] == [
        "the bar moved", "margin", "risk", "can certify", "can break", "forgetting", "candidates",
    ]  # fmt: skip
    assert facts(VERDICT) == ()


@pytest.mark.parametrize(
    ("margin", "said"),
    [
        (
            MarginUse("m", 0.012, 0.03, "gain", 0.024),
            "0.012, half of what adapter_v2 gains over the base (+0.024); declared is 0.03",
        ),
        (
            MarginUse("m", 0.03, 0.03, "declared", 0.2),
            "0.03, as declared; adapter_v2 gains +0.200 over the base",
        ),
        (
            MarginUse("m", 0.03, 0.03, "unknown"),
            "0.03, as declared; what adapter_v2 gains over the base is not known and may be less",
        ),
        (
            MarginUse("m", 0.03, 0.03, "none", -0.01),
            "not used: adapter_v2 is not better than the base, which the candidate has to be",
        ),
    ],
)
def test_the_margin_says_which_of_the_two_it_is(margin: MarginUse, said: str) -> None:
    assert fact("margin", margins=(margin,)) == said


def test_another_share_than_half_and_several_gates_are_named() -> None:
    policy = replace(SECOND.policy, margin_share=0.25)
    two = (MarginUse("a", 0.01, 0.03, "gain", 0.04), MarginUse("b", 0.1, 0.1, "declared", 0.4))
    said = fact("margin", margins=two, policy=policy)
    assert said == (
        "a 0.01, 25 % of what adapter_v2 gains over the base (+0.040); declared is 0.03; "
        "b 0.1, as declared; adapter_v2 gains +0.400 over the base"
    )


def test_the_first_adapter_has_no_promoted_gain_to_speak_of() -> None:
    used = MarginUse("m", 0.03, 0.03, "unknown")
    assert fact("margin", margins=(used,), promoted=None) == "0.03, as declared"


def test_the_risk_is_said_for_each_gate_against_each_reference() -> None:
    assert fact("risk") == (
        "81 % that ideal likelihood truly dropped by more than 0.03 against adapter_v2; "
        "81 % that ideal likelihood truly dropped by more than 0.03 against adapter_v1"
    )
    assert fact("risk", metrics=()) is None


def test_what_the_benchmark_can_certify_has_its_power_and_the_cases_needed() -> None:
    assert fact("can certify") == (
        "a margin of 0.021 (ideal likelihood) with 80 % power; 37 cases needed for 0.03"
    )
    assert fact("can certify", certifiable_margin=None) is None


def test_how_much_could_break_is_bounded_and_none_is_never_called_zero() -> None:
    assert fact("can break") == "1 of 12 that can break collapsed: up to 34 % could"
    assert fact("can break", reserve=None) == "0 of 12 that can break collapsed: up to 34 % could"
    assert fact("can break", can_break=0, break_bound=None) == (
        "no case can break: breakage is not watched"
    )


def test_a_project_without_a_guard_is_told_that_forgetting_was_not_measured() -> None:
    assert UNMEASURED.startswith(FORGETTING_NOTE)
    assert fact("forgetting") == "not measured: the project has no guard benchmark"
    assert fact("forgetting", notes=()) is None


def test_candidates_that_were_judged_before_add_to_the_luck() -> None:
    assert fact("candidates") == (
        "4 judged on this benchmark version; the risk that one worse by exactly the margin passed "
        "by luck is now 14.4 %"
    )
    assert "the first judged" in str(fact("candidates", candidates_judged=1, luck=0.05))


def test_a_bar_that_moved_asks_for_a_reason() -> None:
    assert moved_bar(SECOND) == (
        "the margin of ideal_likelihood: 0.03 then, 0.3 now. Who promotes has to say why (--why)"
    )
    assert moved_bar(replace(SECOND, bar_moved=())) == ""


def test_a_verdict_by_the_bar_of_a_commit_says_which_and_what_differs() -> None:
    assert fact("judged by") is None
    same = fact("judged by", bar_commit="a1" * 20)
    assert same == "the benchmark, policy, settings and history of commit a1a1a1a1a1a1"
    moved = fact("judged by", bar_commit="a1" * 20, bar_differs=("benchmark m is new here", "x"))
    assert str(moved).endswith("Changed here, and not used: benchmark m is new here; x")
