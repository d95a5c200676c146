"""What `monitor` and its plan show: every number with its n, hostile texts harmless."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.alarm.alarm import watched
from harness.alarm.week_count import WeekCount
from harness.records import (
    Age,
    Decision,
    Drift,
    Driver,
    InputShift,
    Monitored,
    Plan,
    Prediction,
    RetrainLine,
)
from harness.render.monitor import monitor_json, monitor_text
from harness.render.plan import plan_json, plan_markdown, plan_text
from harness.text.table import display_width
from tests.text.hostile import acts, hostile

LINE = RetrainLine(0.20, 0.25)
HELD = Decision(
    "promote", "outreach", "adapter_v2", "d" * 64, "Ana", "good", "2026-09-12T10:00:00Z"
)
WEEKS = [WeekCount(f"2026-W{i}", 100, 20) for i in range(40, 45)]
FULL = Monitored(
    task="outreach",
    state="retrain",
    reasons=("edit rate: alarm in 2026-W45", "slice industry=logistics: edit rate 55 %"),
    promoted=HELD,
    reviews=600,
    synthetic=40,
    weeks=("2026-W42", "2026-W45"),
    watched=(
        watched("edit_rate", [*WEEKS, WeekCount("2026-W45", 100, 50)], LINE),
        watched("rejection_rate", [], None),
        watched("benchmark", [], RetrainLine(0.04, 0.10)),
    ),
    standouts=(Driver("slice", "industry=logistics", 40, 0.55, 0.4, 0.69),),
    drifts=(
        Drift(
            "outreach", "2026-09-12", "2026-11-01", 3, 30, ("c1",), {"ideal_likelihood": (0.8, 0.7)}
        ),
    ),
    inputs=InputShift(120, 30, 0.2, 0.001, True, ("an input",)),
    prediction=Prediction("ideal_likelihood", 8, -0.8, -0.96, -0.3, 0.01),
    age=Age(69, "2026-09-10T10:00:00Z", 71, "outreach_240.jsonl", 240),
)  # fmt: skip
PLAN = Plan(
    "outreach", "adapter_v2", "retrain", ("edit rate: alarm",), "reports/plan-outreach", 40, 30,
    200, "adapters/datasets/outreach_240.jsonl", 12, 1, 270, 3, 4, "reports/plan-outreach/o.jsonl",
    "adapter_v3", "lora-harness train adapter_v3 --data reports/plan-outreach/o.jsonl",
)  # fmt: skip


def test_a_tasks_block_says_state_evidence_line_and_what_to_do_next():
    text = monitor_text([FULL])
    assert text.startswith("RETRAIN  outreach   adapter_v2, promoted 12 Sep 2026 by Ana\n")
    for part in (
        "evidence", "20.0 %", "25.0 %", "retrain",
        "520 raise the alarm: about 520 weeks between two false ones",
        "SYNTHETIC: 40 reviews of these nobody made",
        "0.700 (−0.100); 30 cases, 3 runs",
        "120 recent ones are unlike the benchmark's 30",
        "yes: rank correlation of ideal likelihood",
        "promoted 69 days ago; trained 71 days ago; on outreach_240.jsonl (240 examples)",
        "lora-harness monitor --task outreach --plan",
        "--acknowledge",
    ):  # fmt: skip
        assert part in " ".join(text.split()), part


def test_what_is_missing_is_a_dash_and_never_zero():
    text = monitor_text([FULL])
    (row,) = [line for line in text.splitlines() if line.strip().startswith("rejection rate")]
    assert row.split()[2:6] == ["–", "–", "0", "–"]
    assert "no line" in row
    assert "not run again" in text


def test_lines_keep_to_the_width():
    text = monitor_text([FULL], width=100)
    assert max(map(display_width, text.splitlines())) <= 100


@pytest.mark.parametrize(("rho", "said"), [(None, "too few to say: 3 slices"), (0.1, "not shown")])
def test_a_prediction_that_cannot_be_made_is_not_made(rho, said):
    found = Prediction("ideal_likelihood", 3) if rho is None else replace(
        FULL.prediction, rho=rho, low=-0.5, high=0.6
    )  # fmt: skip
    assert said in " ".join(monitor_text([replace(FULL, prediction=found)]).split())


def test_nothing_promoted_and_no_task_have_words_too():
    bare = Monitored("outreach", "watch", ("nothing is promoted yet",), None)
    assert "nothing is promoted yet" in monitor_text([bare])
    assert monitor_text([]).startswith("no task")


def test_json_has_the_keys_that_others_parse_and_more():
    (task,) = monitor_json([FULL])["tasks"]
    assert (task["task"], task["state"]) == ("outreach", "retrain")
    assert task["edit_rate"] == pytest.approx(110 / 400)
    assert task["rejection_rate"] is None
    assert task["reasons"] == list(FULL.reasons)
    assert (task["promoted"], task["since"]) == ("adapter_v2", "2026-09-12T10:00:00Z")
    edits = task["watched"][0]
    assert edits["evidence"] >= 520
    assert [alarm["week"] for alarm in edits["alarms"]] == ["2026-W45"]
    assert len(edits["weeks"]) == 6
    json.dumps(task, allow_nan=False)


@pytest.mark.medium
@settings(max_examples=40, deadline=None)
@given(hostile)
def test_what_people_wrote_cannot_act_on_a_terminal_or_in_json(text):
    found = replace(
        FULL,
        task=text,
        reasons=(text,),
        promoted=replace(HELD, adapter=text, by=text),
        inputs=InputShift(1, 2, skipped=text),
        age=replace(FULL.age, dataset=text),
    )
    assert not acts(monitor_text([found]), keep="\n")
    json.loads(json.dumps(monitor_json([found]), allow_nan=False))


def test_the_plan_names_its_files_its_counts_and_the_commands():
    words = " ".join(plan_text(PLAN).split())
    assert "70 examples (40 edited, 30 accepted)" in words
    assert "7 proposed cases" in words
    assert f"next {PLAN.train}" in words
    assert "next pytest --model adapter_v3" in words
    text = plan_markdown(PLAN)
    assert "12 replaced by a newer final, 1 left out" in text
    assert PLAN.train in text
    assert plan_json(PLAN)["commands"][1] == "pytest --model adapter_v3"


@settings(max_examples=40, deadline=None)
@given(hostile)
def test_a_plan_shows_hostile_texts_as_text(text):
    made = replace(PLAN, task=text, promoted=text, reasons=(text,), old_from=text, training=text)
    assert not acts(plan_text(made), keep="\n")
    shown = plan_markdown(made)
    assert not acts(shown, keep="\n\t")
    assert "<script>" not in shown.split("## Then")[0]
