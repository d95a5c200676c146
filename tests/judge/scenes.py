# ruff: noqa: E501
"""Scenes whose answers are written down in `scenes.json`, to the last word and number.

    python -m tests.judge.scenes        writes them anew; look at what changed, as at any change

Numbers come from a formula: no random generator's version has a say in them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.alarm.alarm import WeekCount, watched
from harness.alarm.drift import fall
from harness.alarm.drivers import EditedWords, reviewers_apart, slices_above
from harness.alarm.input_shift import VectorShift, vector_shift
from harness.alarm.prediction import rank_correlation
from harness.alarm.reasons import reasons_of, state_of
from harness.errors import HarnessError
from harness.judge import Labels
from harness.judge.gain_over_base import forgotten
from harness.judge.metric_test import best_lower_if_worse
from harness.judge.wording import cases, listed, number, percent, signed
from harness.records import (
    CaseResult,
    Drift,
    Driver,
    InputShift,
    MetricRule,
    Output,
    Policy,
    RetrainLine,
    Tally,
    Verdict,
)
from harness.text.plain import plain
from tests.judge.builders import EDIT_GATE, LIKELIHOOD_GATE, case, run
from tests.judge.rule1.ways import verdict, verdict_from_rows

ANSWERS = Path(__file__).with_name("scenes.json")
Scene = Callable[[], Any]


def spread(n: int, middle: float, width: float, turn: int = 1) -> list[float]:
    """n numbers around a middle that look drawn and never change."""
    return [min(1.0, max(0.0, middle + width * math.sin(1.7 * turn + 2.3 * i))) for i in range(n)]


def fallen(before: Sequence[float], at: Sequence[int], to: float) -> list[float]:
    return [to if i in at else score for i, score in enumerate(before)]


def gate(
    n: int = 25, drop: float = 0.0, width: float = 0.02, at: Sequence[int] = (), to: float = 0.1,
    rules: tuple[MetricRule, ...] = EDIT_GATE, policy: Policy | None = None, cases: Any = None,
    base: str = "v1", **more: Any,
) -> Verdict:  # fmt: skip
    """v2 against v1: lower by `drop`, give or take `width`, and with some cases at `to`."""
    before = spread(n, 0.8, 0.08)
    now = fallen(
        [b - drop + d for b, d in zip(before, spread(n, 0.0, width, 3), strict=True)], at, to
    )
    now = [min(1.0, max(0.0, one)) for one in now]
    old = run(base, before, cases=cases)
    sides = (None, old) if base == "base" else (old, more.pop("plain", None))
    return verdict(
        run("v2", now, cases=cases, complete=more.pop("complete", True)), sides[0],
        policy or Policy(), metrics=rules, base=sides[1], **more,
    )  # fmt: skip


def likely(n: int = 25, drop: float = 0.0, edit_drop: float = 0.0, **more: Any) -> Verdict:
    """The same with likelihoods that gate and both similarities that guard."""
    before, edit, near = spread(n, 0.5, 0.1), spread(n, 0.8, 0.05, 2), spread(n, 0.85, 0.05, 4)
    now = [b - drop + d for b, d in zip(before, spread(n, 0, 0.01, 5), strict=True)]
    low = [e - edit_drop + d for e, d in zip(edit, spread(n, 0, 0.02, 6), strict=True)]
    old = run("v1", edit, before, embedding_similarity=near)
    new = run("v2", low, now, embedding_similarity=near)
    return verdict(new, old, Policy(), metrics=LIKELIHOOD_GATE, **more)


def noise(place: int) -> float:
    """Between -1 and 1, and nothing to see in it."""
    return 2 * math.modf(math.sin(place + 1.0) ** 2 * 43758.5453)[0] - 1


def several(
    samples: int, within: float, n: int = 25, between: float = 0.01, turn: int = 9
) -> Verdict:
    """Each case drawn several times."""

    def side(name: str, turn: int) -> Any:
        results = []
        for i in range(n):
            scores = [
                min(1.0, 0.8 + between * math.sin(turn + i) + within * noise(31 * i + 7 * k + 1000 * turn))
                for k in range(samples)
            ]  # fmt: skip
            outputs = tuple(Output(f"case-{i:02d}", f"{name} {i} {k}", k) for k in range(samples))
            mean = sum(scores) / samples
            kept = {"edit_similarity": tuple(scores)}
            results.append(
                CaseResult(case(i), outputs, {"edit_similarity": mean}, sample_scores=kept)
            )
        return replace(run(name, [0.5] * n), results=tuple(results))

    return verdict(side("v2", 1), side("v1", turn), Policy(), metrics=EDIT_GATE)


def sliced(n: int, lost: float, kinds: int = 4) -> Verdict:
    """One slice of several loses, the others gain a little."""
    whole = [
        case(i, slices={"kind": "abcdef"[i % kinds]} | ({"only": f"o{i}"} if n <= 60 else {}))
        for i in range(n)
    ]
    before = spread(n, 0.8, 0.05)
    now = [
        b - lost if i % kinds == 0 else b + 0.02 + 0.01 * math.sin(i) for i, b in enumerate(before)
    ]
    return verdict(
        run("v2", now, cases=whole), run("v1", before, cases=whole), Policy(), metrics=EDIT_GATE
    )


def critical(n: int, broken: Sequence[int], of: Sequence[int]) -> Verdict:
    whole = [case(i, critical=i in of) for i in range(n)]
    return gate(n, at=broken, cases=whole)


def must(failing: Sequence[int]) -> Verdict:
    before = spread(25, 0.8, 0.05)
    return verdict(
        run("v2", before, checked="json", failing=dict.fromkeys(failing, "json")),
        run("v1", before, checked="json"), Policy(), metrics=EDIT_GATE,
    )  # fmt: skip


def first(gain: float) -> Verdict:
    """The first adapter of a task, against the base, with a prompted base beside it."""
    before = spread(25, 0.6, 0.05)
    now = [b + gain + d for b, d in zip(before, spread(25, 0, 0.01, 3), strict=True)]
    return verdict(
        run("v1", now), None, Policy(), metrics=EDIT_GATE, base=run("base", before),
        prompted=run("base+prompt", [b + 0.1 for b in before]),
    )  # fmt: skip


def guarded(drop: float) -> Verdict:
    """With a guard benchmark, which has a base to forget from."""
    before = spread(12, 0.9, 0.03, 8)
    kept = [b - drop + d for b, d in zip(before, spread(12, 0, 0.01, 5), strict=True)]
    about = replace(run("v2", kept), benchmark="general", task=None)
    plain_side = replace(run("base", before), benchmark="general", task=None)
    guard = verdict(about, None, Policy(), metrics=EDIT_GATE, base=plain_side, guard=True)
    return gate(guards=(guard,), prompted=run("base+prompt", spread(25, 0.7, 0.05)))


def rows(n: int = 25, d: float = 0.01, **more: Any) -> list[dict[str, Any]]:
    return [
        {"case": f"case-{i:02d}", "metric": "edit_similarity", "candidate": 0.8 + d * math.sin(i),
         "promoted": 0.8, **more}
        for i in range(n)
    ]  # fmt: skip


def tally(key: str, n: int, rate: float) -> Tally:
    return Tally(key, n, 0, n, 0, n, n * rate, 0, 1, n)


def edited(removed: int, kept: int) -> list[Any]:
    found = EditedWords()
    for i in range(removed):
        found.add(
            f"Every client and buyer of firm{i} waits", f"Every customer and guest of firm{i} waits"
        )
    for _ in range(kept):
        found.add("Every start is slow", "Every start is slow")
    return [found.removed(), found.added()]


LINE = RetrainLine(0.20, 0.25)
GUARDS = (MetricRule("edit_similarity", "gate", 0.05), MetricRule("clean_rate", "guard", 0.1))
REPORTS = (MetricRule("edit_similarity", "gate", 0.05), MetricRule("edit_rate", "report"))
DRIFT = Drift(
    "outreach", "a", "b", 2, 30, ("c1", "c2"), {"ideal_likelihood": (0.8, 0.7), "x": (0.5, 0.25)}
)


def weeks(*totals: float, n: int = 100) -> list[WeekCount]:
    return [WeekCount(f"2026-W{i:02}", n, total) for i, total in enumerate(totals, start=1)]


def watching(
    signal: Any, found: list[WeekCount], line: RetrainLine | None = LINE, after: int = 0
) -> Any:
    one = watched(signal, found, line, after)
    return [one, state_of([one])]


def mixed(n: int, missing: Sequence[int], metric: str = "clean_rate") -> Verdict:
    """Ones and zeros beside a gate, some of them missing."""
    before = spread(n, 0.8, 0.05)
    ones: list[float | None] = [float(i % 3 > 0) for i in range(n)]
    fewer: list[float | None] = [None if i in missing else float(i % 4 > 1) for i in range(n)]
    rule = MetricRule(metric, "guard", 0.1)
    return verdict(
        run("v2", before, **{metric: fewer}), run("v1", before, **{metric: ones}), Policy(),
        metrics=(*EDIT_GATE, rule),
    )  # fmt: skip


def holes(missing: Sequence[int]) -> Verdict:
    before = spread(25, 0.8, 0.05)
    now = [None if i in missing else score for i, score in enumerate(before)]
    return verdict(run("v2", now), run("v1", before), Policy(), metrics=EDIT_GATE)


def grouped() -> Verdict:
    whole = [case(i, group=f"g{i // 3}" if i < 18 else None) for i in range(24)]
    return gate(24, 0.01, cases=whole)


def terms() -> Verdict:
    before = spread(25, 0.8, 0.05)
    old = [f"our client {i} and their client team" for i in range(25)]
    new = [f"our customer {i} and their customer team" for i in range(25)]
    now = [b + d for b, d in zip(before, spread(25, 0, 0.01), strict=True)]
    return verdict(
        run("v2", now, texts=new), run("v1", before, texts=old), Policy(), metrics=EDIT_GATE
    )


def reworded(at: Sequence[int], less_likely: float) -> Verdict:
    """The text is another one, the ideal about as likely as before."""
    edit, odds = spread(25, 0.8, 0.05), spread(25, 0.5, 0.1)
    now = [o - less_likely if i in at else o for i, o in enumerate(odds)]
    return verdict(
        run("v2", fallen(edit, at, 0.1), now), run("v1", edit, odds), Policy(),
        metrics=LIKELIHOOD_GATE[:1],
    )  # fmt: skip


def without_edits(at: Sequence[int], metric: str = "ideal_likelihood") -> Verdict:
    """No edit similarity anywhere, so that another metric says what broke."""
    nothing: list[float | None] = [None] * 25
    before = spread(25, 0.8, 0.05)
    rule = (MetricRule(metric, "gate", 0.05),)
    return verdict(
        run("v2", nothing, **{metric: fallen(before, at, 0.1)}),
        run("v1", nothing, **{metric: before}), Policy(), metrics=rule,
    )  # fmt: skip


def shares(rise: int, fall_: int, n: int = 25, role: Any = "gate", **more: Any) -> Verdict:
    """A metric of ones and zeros alone."""
    table = [
        {"case": f"c{i:02}", "metric": "clean_rate", "candidate": float(i >= fall_),
         "promoted": float(i < n - rise), **more}
        for i in range(n)
    ]  # fmt: skip
    return verdict_from_rows(table, rules=(MetricRule("clean_rate", role, 0.1),))


def placed(new: int, old: int, apart: float) -> Any:
    """Vectors on a circle, the new ones turned by `apart`."""

    def around(n: int, turn: float) -> Any:
        angles = [turn + 0.3 * noise(i) for i in range(n)]
        return np.array([[math.cos(one), math.sin(one)] for one in angles])

    found = vector_shift(around(new, apart), around(old, 0.0))
    return found and [found, found.shown]


def ranked(n: int, way: str) -> Any:
    ways = {"same": range(n), "turned": range(n, 0, -1), "tied": [i // 2 for i in range(n)]}
    return rank_correlation(list(range(n)), list(ways.get(way, [noise(i) for i in range(n)])))


def closest(best: int, name: str, score: float) -> Any:
    """One case of many has two ideals, and the candidate's output is nearest to one of them."""
    made = run(name, [score, *([0.8] * 24)])
    one = replace(made.results[0].case, ideals=("the first", "the second"))
    result = replace(made.results[0], case=one, best_ideals={"edit_similarity": best})
    return replace(made, results=(result, *made.results[1:]))


def unknown(at: Sequence[int]) -> Verdict:
    """A gate on every case, and no edit similarity on some."""
    edit, odds = spread(25, 0.8, 0.05), spread(25, 0.5, 0.1)
    now: list[float | None] = [None if i in at else e for i, e in enumerate(edit)]
    return verdict(
        run("v2", now, [o + 0.01 for o in odds]), run("v1", edit, odds), Policy(),
        metrics=LIKELIHOOD_GATE[:1],
    )  # fmt: skip


def pinned(below: float) -> Verdict:
    high = [min(1.0, one + below) for one in spread(25, 0.8, 0.08)]
    return gate(pinned=run("v0", high))


SCENES: dict[str, Scene] = {
    **{f"gate {n} cases, drop {d}": (lambda n=n, d=d: gate(n, d)) for n in (1, 2, 4, 5, 7, 12, 25, 60)
       for d in (-0.04, 0.0, 0.02, 0.06, 0.3)},
    **{f"wide {w}": (lambda w=w: gate(width=w)) for w in (0.05, 0.1, 0.2)},
    **{f"broken {k} of {n}": (lambda k=k, n=n: gate(n, -0.03, at=range(k)))
       for n, k in ((8, 1), (25, 1), (25, 2), (25, 5), (60, 1), (60, 2), (60, 3), (60, 9))},
    "accepted": lambda: gate(25, -0.03, at=[3, 4], accepted={"case-03": "Ana: better", "case-20": "x"}),
    "both accepted": lambda: gate(
        25, -0.03, at=[3, 4], accepted={"case-03": "Ana: better", "case-04": "Ben: fine"}
    ),
    "incomplete": lambda: gate(complete=False),
    "identical": lambda: gate(width=0.0),
    "identical to itself": lambda: verdict(
        run("v1", [0.8] * 25), run("v1", [0.8] * 25), Policy(), metrics=EDIT_GATE
    ),
    "no gate": lambda: gate(rules=(MetricRule("edit_similarity", "report"),)),
    "ninth candidate": lambda: gate(candidates_judged=9),
    "ninth candidate, spent": lambda: gate(candidates_judged=9, policy=Policy(reuse="spend")),
    "nobody promoted, no base": lambda: verdict(run("v1", [0.8] * 25), None, Policy()),
    "base itself": lambda: verdict(run("base", [0.8] * 25), None, Policy(), base=run("base", [0.8] * 25)),
    **{f"first, gain {g}": (lambda g=g: first(g)) for g in (-0.1, 0.0, 0.05, 0.12, 0.2)},
    **{f"guard, drop {d}": (lambda d=d: guarded(d)) for d in (-0.02, 0.0, 0.04, 0.2)},
    **{f"pinned, below {b}": (lambda b=b: pinned(b)) for b in (0.0, 0.02, 0.1, 0.15)},
    **{f"likely, drop {d}": (lambda d=d: likely(drop=d)) for d in (0.0, 0.02, 0.05, 0.2)},
    **{f"edit guard, drop {d}": (lambda d=d: likely(edit_drop=d)) for d in (0.05, 0.1, 0.4)},
    **{f"slice of {n}, lost {d}, {k} kinds": (lambda n=n, d=d, k=k: sliced(n, d, k))
       for n, d, k in ((24, 0.05, 4), (24, 0.12, 4), (40, 0.25, 4), (60, 0.06, 3), (60, 0.2, 6))},
    "a critical case": lambda: critical(25, [3], [3]),
    "two critical cases": lambda: critical(25, [3, 4], [3, 4, 5]),
    "a must": lambda: must([2]),
    "three musts": lambda: must([2, 3, 7]),
    **{f"{k} samples, {w} within, {b} between": (lambda k=k, w=w, b=b: several(k, w, between=b))
       for k, w, b in ((2, 0.02, 0.01), (2, 0.2, 0.01), (4, 0.1, 0.05), (3, 0.05, 0.2), (2, 0.1, 0.1))},
    **{f"missing {len(m)}": (lambda m=m: holes(m)) for m in ([3], [3, 9], list(range(12)))},
    **{f"ones and zeros, missing {len(m)}": (lambda m=m: mixed(25, m)) for m in ([], [3], range(25))},
    "groups": grouped,
    "one group": lambda: gate(25, 0.02, cases=[case(i, group="g") for i in range(25)]),
    "two groups of cases": lambda: gate(24, 0.02, cases=[case(i, group=f"g{i % 2}") for i in range(24)]),
    **{f"few changed, {k} to {to}": (lambda k=k, to=to: gate(25, 0.0, 0.0, at=range(k), to=to))
       for k, to in ((1, 0.6), (3, 0.55), (4, 0.9), (5, 0.6), (8, 0.7))},
    **{f"reworded {len(at)}, {less}": (lambda at=at, less=less: reworded(at, less))
       for at, less in (([3], 0.0), ([3, 7], 0.04), ([3], 0.06), ([3, 7, 9, 11], 0.2))},
    **{f"no edits, {metric}, {len(at)}": (lambda at=at, metric=metric: without_edits(at, metric))
       for metric in ("ideal_likelihood", "embedding_similarity", "mine") for at in ([], [3], range(6))},
    **{f"shares, {rise} up, {fell} down of {n}, {role}":
       (lambda rise=rise, fell=fell, n=n, role=role: shares(rise, fell, n, role))
       for rise, fell, n, role in ((0, 1, 25, "gate"), (2, 1, 25, "gate"), (0, 6, 25, "gate"), (6, 0, 25, "gate"),
                                   (0, 1, 60, "gate"), (1, 12, 25, "guard"), (3, 4, 9, "gate"), (1, 1, 4, "gate"))},
    "shares, critical and grouped": lambda: shares(0, 3, critical=True, group="g"),
    **{f"noisy, {k} samples, {w} within": (lambda k=k, w=w: several(k, w))
       for k, w in ((2, 0.05), (2, 0.12), (2, 0.3), (3, 0.2), (8, 0.3), (16, 0.3))},
    **{f"slices, {n} cases, {lost} lost, {kinds} kinds": (lambda n=n, lost=lost, kinds=kinds: sliced(n, lost, kinds))
       for n, lost, kinds in ((12, 0.03, 2), (18, 0.03, 3), (20, 0.02, 4), (24, 0.015, 4), (30, 0.03, 6), (50, 0.02, 4))},
    "words changed": terms,
    "left out": lambda: gate(left_out={"case-03": "line 2 of the training data", "case-07": "the same"}),
    "from rows": lambda: verdict_from_rows(rows()),
    "from rows, named": lambda: verdict_from_rows(
        rows(pinned=0.9, slice="a=1;b=2"), labels=Labels("b", "t", "v2", "v1", "v0"), candidates_judged=3
    ),
    "from rows, a likelihood": lambda: verdict_from_rows(
        [{**row, "metric": "ideal_likelihood"} for row in rows(d=0.05)]
    ),
    "edit rate": lambda: verdict_from_rows(
        [{**row, "metric": "edit_rate"} for row in rows(d=0.1)],
        rules=(MetricRule("edit_rate", "gate", 0.05),),
    ),
    **{f"weeks {i}": (lambda found=found, signal=signal: watching(signal, found))
       for i, (signal, found) in enumerate([
           ("edit_rate", []), ("edit_rate", weeks(4, n=19)), ("edit_rate", weeks(5, n=15)),
           ("edit_rate", weeks(20, 20, 20, 20, 20)), ("edit_rate", weeks(20, 20, 32)),
           ("rejection_rate", weeks(20, 24, 18, 50, 20)), ("edit_rate", weeks(20, 35)),
           ("benchmark", weeks(3, n=30)), ("benchmark", weeks(1, 20, n=30)), ("benchmark", []),
           ("edit_rate", weeks(*(20 + 8 * (-1) ** i for i in range(13)), 36)),
       ])},
    "weeks without a line": lambda: watching("edit_rate", weeks(20, 30), None),
    "weeks after an alarm": lambda: watching("edit_rate", [], LINE, 7),
    "reasons": lambda: reasons_of(
        [watched("edit_rate", weeks(20, 20, 20), LINE), watched("rejection_rate", weeks(60), LINE),
         watched("benchmark", weeks(2, n=30), LINE)],
        [Driver("slice", "industry=retail", 40, 0.5, 0.35, 0.65),
         Driver("reviewer", "cleo", 60, 0.6, 0.5, 0.7, 0.11),
         Driver("removed", "client", 16, 0.875, 0.64, 0.96),
         Driver("added", "customer", 12, 0.5, 0.3, 0.7)],
        [DRIFT, replace(DRIFT, fallen=())],
        InputShift(50, 30, 0.2, 0.0012, True, ("a contract\nfor court " + "x" * 99, "b")),
    ),
    "reasons of nothing": lambda: reasons_of(
        [], [], [], InputShift(50, 30, 0.2, 0.001, True, ())
    ),
    "slices above": lambda: slices_above(
        [tally(f"k={i}", 40 + 10 * i, 0.3 + 0.05 * i) for i in range(6)] + [tally("few", 9, 0.9)], 0.2
    ),
    "reviewers apart": lambda: reviewers_apart(
        [tally("ana", 60, 0.1), tally("ben", 80, 0.12), *(tally(f"c{i}", 40, 0.55 + 0.02 * i) for i in range(2)),
         tally("", 20, 0.9)]
    ),
    "edited words": lambda: edited(6, 10),
    "edited words, few": lambda: edited(3, 40),
    "fallen": lambda: fall(
        {"edit_similarity": {f"c{i}": 0.8 for i in range(6)}, "clean_rate": {"c1": 1.0}},
        {"edit_similarity": {f"c{i}": 0.8 - 0.02 * i for i in range(7)}, "clean_rate": {"c1": 0.0}},
        (MetricRule("edit_similarity", "gate", 0.05), MetricRule("clean_rate", "gate", 0.1)),
    ),
    "reviewers apart, the lower first": lambda: reviewers_apart(
        [tally("b", 40, 0.55), tally("a", 40, 0.6), *(tally(f"r{i}", 200, 0.05) for i in range(4)),
         tally("c", 40, 0.6), tally("d", 40, 0.58)]
    ),
    "reasons, watched": lambda: reasons_of(
        [watched("edit_rate", weeks(20, 20, 20), LINE), watched("rejection_rate", [], LINE)], [], [], None
    ),
    **{f"vectors {new} and {old}, {apart} apart": (lambda new=new, old=old, apart=apart: placed(new, old, apart))
       for new, old, apart in ((9, 12, 1), (10, 12, 0.0), (12, 10, 0.15), (15, 30, 0.4), (30, 15, 2))},
    **{f"ranks of {n}, {way}": (lambda n=n, way=way: ranked(n, way))
       for n in (4, 5, 6, 7, 8, 20) for way in ("same", "turned", "mixed", "tied")},
    "worth, identical to the base": lambda: verdict(
        run("v1", [0.8] * 25), None, Policy(), metrics=EDIT_GATE, base=run("base", [0.8] * 25),
        prompted=run("base+prompt", [0.8] * 25),
    ),
    "worth, a guard metric too": lambda: verdict(
        run("v1", spread(25, 0.8, 0.05), embedding_similarity=spread(25, 0.7, 0.05)), None, Policy(),
        metrics=(*EDIT_GATE, MetricRule("embedding_similarity", "guard", 0.05)),
        base=run("base", spread(25, 0.6, 0.05), embedding_similarity=spread(25, 0.72, 0.05, 3)),
    ),
    "forgotten": lambda: forgotten([first(0.1), replace(first(0.2), benchmark="general")]),
    **{f"many cases, {n}": (lambda n=n: sliced(n, 0.02, 2)) for n in (300, 1200)},
    "closest ideal": lambda: [
        verdict(closest(best, "v2", 0.1), closest(0, "v1", 0.9), Policy(), metrics=EDIT_GATE).broken
        for best in (0, 1, 2, -1)
    ],
    "best bounds of the worse": lambda: [
        best_lower_if_worse(np.array([*spread(n, -0.05, 0.03), high]), None, alpha)
        for n in (4, 6, 12, 24) for high in (-0.05, 0.1, 0.6) for alpha in (0.05, 0.01)
    ],
    "chances at which a shift is shown": lambda: [VectorShift(0.1, p, ()).shown for p in (0.009, 0.01, 0.011)],
    **{f"mostly drawn, {k} samples, {n} cases, turn {turn}":
       (lambda k=k, n=n, turn=turn: several(k, 0.45, n, 0.001, turn))
       for k, n, turn in ((2, 8, 3), (2, 12, 4), (2, 25, 5), (3, 8, 6), (40, 6, 7))},
    "drawing limits it, and cases too": lambda: several(2, 0.3, 12, 0.08, 3),
    "drawing limits it, and cases too, 3": lambda: several(3, 0.2, 12, 0.08, 3),
    "a guard that gives no reason": lambda: gate(
        guards=(replace(gate(25, 0.3), benchmark="general", reasons=()),)
    ),
    "nobody can tell whether it broke": lambda: unknown([3]),
    "nobody can tell of two": lambda: unknown([3, 8]),
    "bounds of groups": lambda: best_lower_if_worse(
        np.array([*spread(11, -0.05, 0.03), 0.6]), np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]), 0.05
    ),
    "numbers": lambda: [
        [f(value) for f in (number, signed)]
        for value in (0, 0.0004, -0.0004, 0.0005, 0.001, 0.1, 0.12, 0.1234, 1, 10, 100, -0.5, -10)
    ],
    "shares": lambda: [percent(one) for one in (0, 0.0005, 0.001, 0.0123, 0.199, 0.2, 0.5, 1)],
    "lists": lambda: [listed([f"c{i}" for i in range(n)]) for n in (0, 1, 2, 3, 6, 7, 9)]
    + [cases(n) for n in (0, 1, 2)],
}  # fmt: skip

REFUSED: dict[str, Scene] = {
    **{f"policy {name}={value!r}": (lambda name=name, value=value: gate(policy=Policy(**{name: value})))
       for name, value in (
           ("alpha", 0), ("alpha", 0.5), ("alpha", float("nan")), ("broken_from", 1.1),
           ("broken_drop", 0), ("break_rate", 1), ("break_cover", 0), ("slice_cases", 1),
           ("slice_exact", 17), ("slice_draws", 999), ("slice_draws", 1_000_001), ("min_cases", 1),
           ("min_differences", 0), ("power", 0.4), ("power", 1), ("seed", -1), ("seed", 2**63),
           ("min_cases", True), ("min_cases", 5.0), ("reuse", "never"),
       )},
    **{f"score {place}": (lambda value=value: verdict_from_rows([*rows(n=2),
        {"case": "x", "metric": "edit_similarity", "candidate": value, "promoted": 0.5, "line": 9}]))
       for place, value in enumerate((1.0000001, -0.1, 90, True, "0.9", float("inf"), 10**40, 10**39, "x" * 38, "x" * 39, "x" * 99, []))},
    "no rows": lambda: verdict_from_rows([]),
    "no promoted": lambda: verdict_from_rows([{"case": "a", "metric": "m", "candidate": 1}]),
    "a blank case": lambda: verdict_from_rows(rows(2, case=" ")),
    "a case that is no name": lambda: verdict_from_rows(rows(2, case=7)),
    "twice": lambda: verdict_from_rows(rows(2) + rows(1)),
    "a slice that is none": lambda: verdict_from_rows(rows(2, slice=7)),
    "a strange critical": lambda: verdict_from_rows(rows(2, critical="maybe")),
    "two groups": lambda: verdict_from_rows(
        [row | {"group": f"g{i}", "case": "a", "metric": f"m{i}"} for i, row in enumerate(rows(2))]
    ),
    "look alike": lambda: verdict_from_rows([row | {"case": "aA"[i]} for i, row in enumerate(rows(2))]),
    "other benchmark": lambda: verdict(
        run("v2", [0.8] * 5), run("v1", [0.8] * 5, fingerprint="f" * 81), Policy()
    ),
    "other benchmark, 80 letters": lambda: verdict(
        run("v2", [0.8] * 5, base=""), run("v1", [0.8] * 5, base="f" * 80), Policy()
    ),
    "fewer cases": lambda: verdict(run("v2", [0.8] * 5), run("v1", [0.8] * 3), Policy()),
    "more cases": lambda: verdict(run("v2", [0.8] * 3), run("v1", [0.8] * 12), Policy()),
}  # fmt: skip

SECOND = {
    "rule", "margin_used", "margins", "can_break", "own_cases", "reserve", "finals", "bar_moved", "luck",
    "bar_commit", "bar_differs",
}  # fmt: skip
"""Fields that came with the second rule, and that the first leaves at their default."""
LEFT = frozenset({"policy", "rules", "fingerprint", "benchmark", "forgetting_of"} | SECOND)
"""What only repeats the question."""


def told(scene: Scene) -> Any:
    """The answer as JSON has it, or the line of the refusal."""
    try:
        return _short(plain(scene()))
    except HarnessError as problem:
        return {"refused": f"{type(problem).__name__}: {problem}"}


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items() if key not in LEFT}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def answers() -> dict[str, Any]:
    """All of them, by scene."""
    return {name: told(scene) for name, scene in (SCENES | REFUSED).items()}


if __name__ == "__main__":
    lines = (
        f"{json.dumps(name)}: {json.dumps(one, ensure_ascii=False)}"
        for name, one in answers().items()
    )
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
