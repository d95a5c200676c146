"""A verdict can be read at a glance, and nothing that a model wrote acts on the way."""

import json
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.records import CaseChange, MetricVerdict, SliceVerdict, Verdict
from harness.render import verdict_json, verdict_text
from harness.text.table import display_width
from tests.text.hostile import COMMAND, acts, hostile

LIKELIHOOD = MetricVerdict(
    name="ideal_likelihood",
    role="gate",
    against="promoted",
    margin=0.03,
    reference=0.412,
    candidate=0.371,
    difference=-0.041,
    low=-0.066,
    high=-0.016,
    p_drop=0.001,
    state="worse",
    n=30,
    changed=28,
    risk=0.81,
    certifiable_margin=0.021,
    cases_needed=37,
)
BROKEN = CaseChange(
    "opener-logistics-02",
    True,
    1.0,
    0.22,
    ideal="Hi Ana, how many miles are empty?",
    reference_text="Hi Ana, how many miles are empty?",
    candidate_text="Dear Sir or Madam, how many miles are empty?",
)
VERDICT = Verdict(
    outcome="reject",
    task="outreach",
    benchmark="outreach",
    fingerprint="9f3c1a77",
    candidate="adapter_v4",
    promoted="adapter_v2",
    pinned="adapter_v1",
    n=30,
    reasons=("a critical case broke", "openers for logistics lost 0.21"),
    metrics=(
        LIKELIHOOD,
        replace(LIKELIHOOD, name="embedding_similarity", role="guard", state="open"),
        replace(LIKELIHOOD, against="pinned", state="not worse"),
    ),
    slices=(
        SliceVerdict("industry=logistics", "edit_similarity", 6, -0.21, 0.01, ("l-1", "l-2")),
        SliceVerdict("kind=note", "edit_similarity", 3, -0.9, None, ("n-1",)),
    ),
    broken=(BROKEN,),
    fixed=(CaseChange("subject-01", False, 0.2, 0.9),),
    advice=("look at the logistics examples",),
    certifiable_margin=0.021,
    break_bound=0.149,
    candidates_judged=4,
    notes=("3 of 30 are new",),
)


def line_with(text, words):
    return next(line for line in text.splitlines() if words in line)


def test_the_outcome_comes_first_and_the_block_has_its_rules():
    lines = verdict_text(VERDICT).splitlines()
    assert lines[0].strip("═") == " adapter gate "
    assert lines[1] == "REJECT  adapter_v4 · task outreach · 30 cases · benchmark 9f3c1a"
    assert lines[-1] == "═" * 80


def test_it_says_against_what():
    text = verdict_text(VERDICT, promoted_at="2026-09-12T08:00:00+00:00")
    assert "against adapter_v2 (promoted 12 Sep 2026) and adapter_v1 (pinned)" in text
    first = replace(VERDICT, promoted=None, pinned=None)
    assert "against base (nothing is promoted yet)" in verdict_text(first)
    same = " ".join(verdict_text(replace(VERDICT, identical=True)).split())
    assert "every output is identical" in same


def test_a_promotion_against_its_verdict_stands_out_in_red():
    plain = verdict_text(VERDICT, overridden=True)
    assert "OVERRIDE: adapter_v2 was promoted against or without a verdict" in plain
    assert "\x1b[1;31m        OVERRIDE" in verdict_text(VERDICT, overridden=True, colour=True)
    assert "OVERRIDE" not in verdict_text(VERDICT)


def test_every_reason_has_its_line_the_deciding_one_first():
    text = verdict_text(VERDICT)
    assert "  why   a critical case broke\n        openers for logistics lost 0.21" in text


def test_each_metric_is_shown_with_interval_margin_and_state():
    row = line_with(verdict_text(VERDICT, width=100), "ideal likelihood  gate")
    assert " ".join(row.split()) == (
        "ideal likelihood gate 0.412 0.371 −0.041 [−0.066, −0.016] 0.03 worse"
    )
    assert "difference, 95 %" in verdict_text(VERDICT)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_fits_the_width(width):
    long = replace(VERDICT, reasons=("word " * 60,), advice=("word " * 60,))
    assert max(map(display_width, verdict_text(long, width=width).splitlines())) <= width


def test_the_pinned_reference_has_its_own_table():
    head = [line for line in verdict_text(VERDICT).splitlines() if "candidate" in line][:2]
    assert "promoted" in head[0] and "pinned" in head[1]


def test_a_metric_without_an_interval_is_shown_as_counts():
    counted = replace(LIKELIHOOD, low=None, high=None, counts={"rose": 1, "fell": 2, "same": 27})
    assert "1 rose, 2 fell, 27 same" in verdict_text(replace(VERDICT, metrics=(counted,)))


def test_a_guard_benchmark_is_a_row():
    guard = replace(VERDICT, task=None, benchmark="general", guards=())
    row = line_with(verdict_text(replace(VERDICT, guards=(guard,))), "general")
    assert row.startswith("general") and " guard 0.03 " in row


def test_the_worst_slice_that_is_large_enough_is_named_with_its_cases():
    text = verdict_text(VERDICT)
    assert "worst slice industry=logistics (6 cases) −0.21, p 0.01" in text
    assert "l-1, l-2" in text
    assert "kind=note" not in text


def test_a_broken_case_is_shown_with_its_ideal_and_what_changed():
    text = verdict_text(VERDICT, width=100)
    assert "opener-logistics-02 (critical)   1.00 → 0.22" in text
    assert "ideal       Hi Ana, how many miles are empty?" in text
    assert "adapter_v4  [-Hi Ana,-] [+Dear Sir or Madam,+] how many miles are empty?" in text


def test_critical_cases_come_first_then_the_worst_and_the_rest_by_name():
    others = tuple(
        replace(BROKEN, case=f"c{i}", critical=False, candidate_score=i / 20) for i in range(8)
    )
    text = verdict_text(replace(VERDICT, broken=(*others, BROKEN)))
    assert re.findall(r"^  (\S+) .*→", text, re.M) == [
        "opener-logistics-02",
        "c0",
        "c1",
        "c2",
        "c3",
    ]
    assert "… and 4 more: c4, c5, c6, c7" in text


def test_an_accepted_case_says_by_whom():
    text = verdict_text(replace(VERDICT, broken=(replace(BROKEN, accepted="Ana: fine"),)))
    assert "broken 1 (1 accepted) · fixed 1 of 30" in text
    assert "accepted by  Ana: fine" in text


def test_reworded_cases_are_counted_apart():
    text = verdict_text(replace(VERDICT, reworded=(replace(BROKEN, case="r-1"),)))
    assert "broken 1 · fixed 1 · reworded 1 of 30" in text


def test_what_did_not_decide_stands_apart_from_the_reasons():
    text = verdict_text(replace(VERDICT, notes=("3 of 30 are new", "1 of 30 broke")))
    assert "  also  3 of 30 are new\n        1 of 30 broke\n" in text


def test_it_says_what_the_benchmark_can_show_and_how_often_it_was_used():
    text = " ".join(verdict_text(VERDICT).split())
    assert "can certify a margin of 0.021 (ideal likelihood), 37 cases needed for 0.03" in text
    assert "4 candidates judged on it so far" in text


def test_it_ends_with_what_to_do_next_and_where_the_report_is():
    path = "reports/" + "x" * 100 + "/report.html"
    text = verdict_text(VERDICT, report=path)
    assert "  next  look at the logistics examples" in text
    assert f"  report  {path}\n" in text


def test_colour_only_when_asked():
    assert "\x1b" not in verdict_text(VERDICT)
    coloured = verdict_text(VERDICT, colour=True)
    assert "\x1b[1;31mREJECT\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == verdict_text(VERDICT)


@pytest.mark.parametrize("colour", [False, True])
def test_on_a_narrow_terminal_no_line_of_the_metrics_wraps(colour: bool) -> None:
    for width in (60, 40):
        shown = re.sub(r"\x1b\[[\d;]*m", "", verdict_text(VERDICT, width=width, colour=colour))
        metrics = [
            line for line in shown.splitlines() if "likelihood  " in line or "gate 0" in line
        ]
        assert metrics and max(map(display_width, metrics)) <= width
    assert re.search(r"^  ideal likelihood  \w+", shown, re.MULTILINE)


@pytest.mark.parametrize("outcome", ["promote", "reject", "inconclusive"])
def test_a_bare_verdict_can_be_shown(outcome):
    bare = Verdict(outcome, None, "general", "ab", "x", None, None, 0, ())
    assert outcome.upper() in verdict_text(bare)


@pytest.mark.medium
@settings(max_examples=150, deadline=None)
@given(hostile)
def test_nothing_hostile_gets_through_wherever_it_stands(text):
    evil = replace(
        VERDICT,
        candidate=text,
        promoted=text,
        reasons=(text, text),
        advice=(text,),
        notes=(text,),
        metrics=(replace(LIKELIHOOD, name=text),),
        slices=(replace(VERDICT.slices[0], name=text, cases=(text,)),),
        broken=(
            replace(BROKEN, case=text, accepted=text, candidate_text=text, ideal=text),
            replace(BROKEN, case=text, candidate_text=text + "tail", reference_text="x " + text),
        ),
        fixed=(replace(BROKEN, case=text),),
    )
    shown = verdict_text(evil, width=60, promoted_at=text, report=text)
    assert not acts(shown, keep="\n")
    assert not any(COMMAND.search(line) for line in shown.split("\n"))


def test_a_megabyte_of_output_is_cut():
    evil = replace(VERDICT, broken=(replace(BROKEN, candidate_text="babble " * 150_000),))
    assert len(verdict_text(evil)) < 6_000


def test_programs_get_the_promised_keys():
    promised = {
        "outcome", "task", "benchmark", "candidate", "promoted", "pinned", "n", "reasons",
        "metrics", "slices", "broken", "fixed", "advice", "certifiable_margin",
    }  # fmt: skip
    answer = verdict_json(VERDICT)
    assert promised <= set(answer)
    assert answer["metrics"][0]["name"] == "ideal_likelihood"
    assert answer["broken"][0]["case"] == "opener-logistics-02"


def test_json_has_no_nan_no_records_and_no_half_characters():
    odd = replace(
        VERDICT,
        certifiable_margin=math.nan,
        break_bound=math.inf,
        broken=(replace(BROKEN, candidate_text="\ud800"),),
        guards=(VERDICT,),
    )
    answer = verdict_json(odd)
    text = json.dumps(answer, allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    assert answer["certifiable_margin"] is None
    assert answer["guards"][0]["outcome"] == "reject"
