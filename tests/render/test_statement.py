"""A verdict becomes a statement that any in-toto tool can read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from harness.records import (
    Case,
    CaseChange,
    CaseResult,
    MetricRule,
    MetricVerdict,
    Output,
    Run,
    Verdict,
)
from harness.render.statement import ADAPTER_DIGEST, Grounds, statement

FILES = {"adapter_model.safetensors": "b" * 64, "adapter_config.json": "a" * 64}

METRIC = MetricVerdict(
    name="ideal_likelihood",
    role="gate",
    against="promoted",
    margin=0.03,
    reference=0.41,
    candidate=float("nan"),
    difference=-0.01,
    low=None,
    high=None,
    p_drop=None,
    state="not worse",
    n=5,
    changed=4,
)

SECRET = CaseResult(
    Case("case-1", "the secret input", ("the secret ideal",)),
    (Output("case-1", "the secret output"),),
    {"ideal_likelihood": 0.4},
)


def run(adapter: str) -> Run:
    return Run(
        id=f"run-of-{adapter}",
        adapter=adapter,
        benchmark="outreach",
        task="outreach",
        fingerprint="f" * 64,
        results=(SECRET,),
        complete=True,
        digests={"adapter": f"digest of {adapter}", "base": "d" * 64},
        origin={
            "versions": {"torch": "2.13.0"},
            "measures": {"rapidfuzz": "3.14"},
            "decoding": {"seed": 0},
            "source": {"commit": "c0ffee"},
        },
        started="2026-11-20T09:12:44Z",
    )


VERDICT = Verdict(
    outcome="reject",
    task="outreach",
    benchmark="outreach",
    fingerprint="f" * 64,
    candidate="adapter_v3",
    promoted="adapter_v2",
    pinned=None,
    n=5,
    reasons=("1 case broke",),
    metrics=(METRIC,),
    rules=(MetricRule("ideal_likelihood", "gate", 0.03),),
    broken=(
        CaseChange("case-1", True, 1.0, 0.2, "the secret ideal", "the secret", "the secret output"),
    ),
    runs={"candidate": "run-of-adapter_v3", "promoted": "run-of-adapter_v2"},
)

GROUNDS = Grounds(
    verdict="e" * 64,
    made="2026-11-20T09:13:00Z",
    digest="c" * 64,
    files=FILES,
    policy="9" * 64,
    runs={"candidate": run("adapter_v3"), "promoted": run("adapter_v2")},
    recomputed_with="0.1.0",
)


def made() -> dict[str, Any]:
    return statement(VERDICT, GROUNDS)


def test_in_toto_s_own_library_takes_it():
    text = json.dumps(made(), allow_nan=False)
    found = json_format.Parse(text, statement_pb2.Statement())
    Statement.copy_from_pb(found).validate()
    assert json.loads(json_format.MessageToJson(found))["predicateType"] == made()["predicateType"]


def test_its_subject_is_every_judged_file_and_the_adapter_as_a_whole():
    assert made()["subject"] == [
        {"name": "adapter_v3/adapter_config.json", "digest": {"sha256": "a" * 64}},
        {"name": "adapter_v3/adapter_model.safetensors", "digest": {"sha256": "b" * 64}},
        {"name": "adapter_v3", "digest": {ADAPTER_DIGEST: "c" * 64}},
    ]


def test_subjects_keep_their_own_names_whatever_the_adapter_is_called():
    odd = statement(replace(VERDICT, candidate="adapter_config.json"), GROUNDS)
    names = [subject["name"] for subject in odd["subject"]]
    assert len(set(names)) == len(names)


def test_it_says_what_was_judged_against_what_by_which_rules():
    found = made()["predicate"]
    assert found["outcome"] == "reject"
    assert found["benchmark"] == {"name": "outreach", "fingerprint": "f" * 64, "cases": 5}
    assert found["base"] == {"digest": "d" * 64}
    assert found["promoted"] == {"name": "adapter_v2", "digest": "digest of adapter_v2"}
    assert found["pinned"] is None
    assert found["policy"]["digest"] == "9" * 64
    assert found["policy"]["values"]["alpha"] == 0.05
    assert found["policy"]["metrics"][0]["margin"] == 0.03
    assert [one["id"] for one in found["runs"]] == ["run-of-adapter_v3", "run-of-adapter_v2"]
    assert found["broken"] == [{"case": "case-1", "critical": True, "accepted": None}]
    assert found["versions"] == {"torch": "2.13.0", "rapidfuzz": "3.14"}
    assert found["time"] == "2026-11-20T09:13:00Z"
    assert found["recomputed_with"] == "0.1.0"


def test_what_cannot_be_a_number_is_null():
    assert made()["predicate"]["metrics"][0]["candidate"] is None


def test_no_text_of_a_case_is_handed_on():
    assert "secret" not in json.dumps(made())


def test_the_same_verdict_on_the_same_bytes_gives_the_same_statement():
    assert json.dumps(made()) == json.dumps(made())


def test_it_claims_nobody_s_domain():
    assert made()["predicateType"].startswith("urn:")
