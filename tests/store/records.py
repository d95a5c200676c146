"""Records with every field filled, since a field that is always empty is never lost."""

from __future__ import annotations

from harness.measure import parse_checks
from harness.records import (
    Case,
    CaseChange,
    CaseResult,
    CheckResult,
    Decision,
    Message,
    MetricRule,
    MetricVerdict,
    Output,
    Policy,
    Run,
    SliceVerdict,
    Verdict,
)

CHECKS = parse_checks(
    {
        "contains": ["a", "b"],
        "excludes": {"value": "x", "level": "report"},
        "matches": "^a+$",
        "max_words": 9,
        "json": True,
        "terms": {"trial": ["PoC", "pilot"]},
    },
    "here",
)


def make_run(identity: str = "r1", adapter: str = "acme/v1", cases: int = 3, **more: object) -> Run:
    fields = {
        "id": identity,
        "adapter": adapter,
        "benchmark": "openers",
        "task": "openers",
        "fingerprint": "f" * 64,
        "results": tuple(make_result(n) for n in range(cases)),
        "complete": True,
        "digests": {"adapter": "a" * 64, "base": "b" * 64, "embedder": "none"},
        "origin": {"engine": "e", "decoding": {"seed": 0, "t": 0.5}, "versions": {"torch": None}},
        "started": "2026-01-02T03:04:05.678Z",
        "seconds": {"generate": 1.25, "measure": 0.0},
    }
    return Run(**(fields | more))


def make_result(number: int) -> CaseResult:
    text = f"naïve 見出し 😀 {number}\n\u2028\x85 '; DROP TABLE runs; --"
    return CaseResult(
        case=Case(
            id=f"case {number} ' \" é",
            input="in\n\0put",
            ideals=("one", "two"),
            slices={"industry": "logistics"},
            critical=number == 1,
            checks=CHECKS,
            group="g" if number else None,
            turns=(Message("user", text), Message("assistant", "what?")) if number == 2 else (),
            system="" if number == 2 else None,
            context=(text, "two") if number == 2 else (),
        ),
        outputs=(
            Output("c", text, 0, 7, "length", (0.25, None)),
            Output("c", "", 1, None, "stop", ()),
        ),
        scores={"edit_similarity": 0.1 + number / 3, "clean_rate": 1.0, "missing": None},
        best_ideals={"edit_similarity": 1},
        checks=(CheckResult("json", "must", False, "no JSON"), CheckResult("x", "report", True)),
    )


def make_verdict(**more: object) -> Verdict:
    guard = Verdict("inconclusive", None, "g", "e" * 64, "v2", None, None, 0, ("nothing yet",))
    fields = {
        "outcome": "reject",
        "task": "openers",
        "benchmark": "openers",
        "fingerprint": "f" * 64,
        "candidate": "v2",
        "promoted": "v1",
        "pinned": "v0",
        "n": 25,
        "reasons": ("2 cases broke",),
        "metrics": (
            MetricVerdict(
                "m", "gate", "promoted", 0.05, 0.5, 0.4, -0.1, -0.2, 0.0, 1e-9, "worse", 25, 20,
                {"rose": 1, "fell": 2}, 0.5, None, 40,
            ),
        ),
        "slices": (SliceVerdict("k=v", "m", 6, -0.2, None, ("a", "b")),),
        "broken": (CaseChange("a", True, 1.0, 0.1, "i", "r", "c", "me: fine"),),
        "fixed": (CaseChange("b", False, 0.1, 1.0),),
        "reworded": (CaseChange("c", False, 1.0, 0.2),),
        "advice": ("add cases",),
        "certifiable_margin": 0.021,
        "identical": False,
        "break_bound": 0.1,
        "candidates_judged": 4,
        "alpha": 0.025,
        "policy": Policy(alpha=0.1, reuse="spend"),
        "rules": (MetricRule("m", "gate", 0.05), MetricRule("n", "report")),
        "notes": ("a note",),
        "runs": {"candidate": "r1"},
        "guards": (guard,),
    }  # fmt: skip
    return Verdict(**(fields | more))


def make_decision(kind: str = "promote", adapter: str = "v1", **more: object) -> Decision:
    fields = {
        "kind": kind,
        "task": "openers",
        "adapter": adapter,
        "digest": "a" * 64,
        "by": "Ana 'née' O\"Neil",
        "why": "it is better 😀",
        "at": "2026-01-02T03:04:05.678Z",
        "verdict": "e" * 64,
        "case": None,
    }
    return Decision(**(fields | more))
