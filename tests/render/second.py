"""A rejection by the second rule, with a reserve, finals and a bar that moved."""

from __future__ import annotations

from dataclasses import replace

from harness.records import (
    CasesUse,
    FinalsUse,
    MarginUse,
    ReserveUse,
    Verdict,
    WeighedFinal,
)
from tests.render.test_verdict import VERDICT

LOST = tuple(
    WeighedFinal(f"r-{n}", 0.1, 0.6, f"2026-10-{n:02}T08:00:00.000Z", ("kind=terminology",))
    for n in range(1, 10)
)
SECOND = replace(
    VERDICT,
    rule=2,
    n=35,
    reasons=(
        "9 of 200 texts that people sent would no longer be written, most of them"
        " kind=terminology; from 5 on, chance does not explain it",
        "a critical case collapsed: opener-logistics-02",
    ),
    margin_used=0.012,
    margins=(MarginUse("ideal_likelihood", 0.012, 0.03, "gain", 0.024),),
    can_break=12,
    break_bound=0.34,
    own_cases=CasesUse(25, 0.004, -0.021, 0, 11, "not worse is not shown"),
    reserve=ReserveUse(2, 10, 30, 0, -0.003, -0.018, 1, "a critical case collapsed"),
    finals=FinalsUse(
        200, 9, -0.021, -0.035, 0.077, True, tuple(one.id for one in LOST), ("kind=terminology",),
        weighed=LOST, since="2026-10-01T08:00:00.000Z", says="too many are lost",
    ),
    bar_moved=("the bar moved: the margin of ideal_likelihood: 0.03 then, 0.3 now",),
    luck=0.144,
    notes=(
        "forgetting was not measured: the project has no guard benchmark",
        "3 of 35 are new",
    ),
    runs={"candidate": "a-run"},
)  # fmt: skip


def second_full_of(text: str, verdict: Verdict) -> Verdict:
    """Return the verdict by the second rule, with this wherever people or files write."""
    used = replace(LOST[0], id=text, at=text, slices=(text,))
    return replace(
        verdict,
        rule=2,
        margins=(MarginUse(text, 0.012, 0.03, "gain", 0.024), MarginUse(text, 0.1, 0.1, "none")),
        can_break=12,
        own_cases=CasesUse(25, 0.004, -0.021, 0, 11, text),
        reserve=ReserveUse(2, 10, 30, 0, -0.003, -0.018, 1, text),
        finals=FinalsUse(
            200, 1, 0.0, 0.0, 0.02, True, (text, f"{text}x"), (text,), text, (used,), text, text
        ),
        bar_moved=(f"the bar moved: {text}",),
        bar_commit="a1b2c3d4" * 5,
        bar_differs=(text,),
        luck=0.1,
        notes=(f"forgetting was {text}", f"finals: {text}", text),
    )
