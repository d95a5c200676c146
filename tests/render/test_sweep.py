"""The table of a sweep: every figure with its n, missing is a dash, hostile names do nothing."""

from __future__ import annotations

import json

from harness.records import JobResult, MetricVerdict, Verdict, Worth
from harness.render.sweep import sweep_json, sweep_text

GATE = MetricVerdict(
    "ideal_likelihood", "gate", "promoted", 0.03, 0.412, 0.371, -0.041, -0.066, -0.016, 0.01,
    "worse", 30, 30,
)  # fmt: skip
PINNED = MetricVerdict(
    "ideal_likelihood", "gate", "pinned", 0.03, 0.9, 0.9, 0.0, 0.0, 0.0, 1.0, "open", 30, 0
)
WORTH = Worth("base", "outreach", "ideal_likelihood", "gate", 0.19, 0.1, 0.28, 30, "better")


def verdict(**how):
    plain = {
        "outcome": "reject", "task": "outreach", "benchmark": "outreach", "fingerprint": "9f",
        "candidate": "v4", "promoted": "v2", "pinned": "v1", "n": 30, "reasons": (),
        "metrics": (PINNED, GATE), "worth": (WORTH,),
    }  # fmt: skip
    return Verdict(**(plain | how))


ROWS = [
    JobResult("v4", "outreach", verdict()),
    JobResult("v5", "outreach", verdict(outcome="promote", metrics=(), worth=(), n=8)),
    JobResult("v6", None, error="v6: no such adapter", code=4),
    JobResult("v7", "general", error="v7: the server says 500", code=11),
]


def test_a_row_has_the_gate_its_n_the_reference_and_the_gain():
    lines = sweep_text(ROWS).splitlines()
    assert lines[1].split() == [
        "v4", "outreach", "reject", "ideal", "likelihood", "30", "0.412", "v2", "0.371",
        "−0.041", "[−0.066,", "−0.016]", "+0.190", "[+0.100,", "+0.280]",
    ]  # fmt: skip
    assert lines[2].split() == ["v5", "outreach", "promote", "–", "8"]


def test_what_was_not_judged_says_why_and_is_counted():
    text = sweep_text(ROWS)
    assert "v6: no such adapter" in text
    assert "v7 on general: the server says 500" in text
    assert text.splitlines()[-1] == (
        "4 adapters, 2 benchmarks: 1 promote · 1 reject · 1 refused · 1 not judged"
    )


def test_json_holds_the_same_and_the_whole_verdict():
    found = sweep_json(ROWS)
    json.dumps(found, allow_nan=False)
    first, second, third, fourth = found["rows"]
    assert (first["n"], first["against"], first["difference"]) == (30, "promoted", -0.041)
    assert (first["over_base"], first["verdict"]["candidate"]) == (0.19, "v4")
    assert (second["metric"], second["difference"], second["over_base"]) == (None, None, None)
    assert (third["code"], third["verdict"], third["benchmark"]) == (4, None, None)
    assert fourth["error"] == "v7: the server says 500"


def test_hostile_names_are_shown_and_do_nothing():
    rows = [JobResult("::error::x\n\x1b[31m", "b", error="::stop::\r", code=11)]
    text = sweep_text(rows)
    assert "::" not in text
    assert "\x1b" not in text and "\r" not in text
