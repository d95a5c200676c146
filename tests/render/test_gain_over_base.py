"""What fine-tuning gained and cost is one line each, with interval and number of cases."""

from dataclasses import replace

from harness.records import Worth
from harness.render import verdict_json, verdict_text

from .test_verdict import VERDICT

OVER_BASE = Worth("base", "outreach", "ideal_likelihood", "gate", 0.19, 0.15, 0.23, 30, "better")
OVER_PROMPT = replace(
    OVER_BASE, against="base+prompt", gain=0.03, low=-0.02, high=0.08, state="not worse",
    says="a prompt would do",
)  # fmt: skip
LOST = Worth(
    "base", "general", "ideal_likelihood", "gate", -0.12, -0.19, -0.06, 20, "worse", "it was lost"
)
RUN = replace(VERDICT, runs={"candidate": "r1"}, worth=(OVER_BASE, OVER_PROMPT))


def told(verdict):
    return " ".join(verdict_text(verdict).split())


def test_the_gain_over_base_and_over_a_prompt_is_one_line_with_intervals():
    assert (
        "worth it? ideal likelihood (30 cases), over base +0.190 [+0.150, +0.230]"
        " · over base+prompt +0.030 [−0.020, +0.080]: a prompt would do"
    ) in told(RUN)


def test_other_metrics_are_for_programs():
    also = replace(OVER_BASE, metric="edit_similarity", role="guard", gain=0.4)
    verdict = replace(RUN, worth=(OVER_BASE, also))
    assert "+0.400" not in told(verdict)
    assert [worth["gain"] for worth in verdict_json(verdict)["worth"]] == [0.19, 0.4]


def test_what_was_forgotten_stands_beside_the_gain():
    text = told(replace(RUN, forgetting=(LOST,)))
    assert (
        "forgotten? general ideal likelihood (20 cases), against base"
        " −0.120 [−0.190, −0.060]: it was lost"
    ) in text
    assert text.index("worth it?") < text.index("forgotten?")


def test_a_guard_says_it_of_itself():
    guard = replace(RUN, task=None, benchmark="general", worth=(LOST,))
    assert "forgotten? general" in told(guard)
    assert "worth it?" not in told(guard)


def test_a_gain_that_nobody_asked_for_is_not_shown_as_none():
    assert "worth it? not asked: there is no run of base" in told(replace(RUN, worth=()))


def test_the_base_itself_and_score_files_are_not_asked():
    assert "worth it?" not in told(replace(RUN, candidate="base", worth=()))
    assert "worth it?" not in told(VERDICT)


def test_several_samples_stand_beside_the_cases():
    assert "30 cases × 4 samples · benchmark" in told(replace(VERDICT, samples=4))


def test_the_name_of_a_guard_cannot_act():
    evil = replace(LOST, benchmark="x\x1b[31m::error::")
    assert "\x1b" not in verdict_text(replace(RUN, forgetting=(evil,)))
