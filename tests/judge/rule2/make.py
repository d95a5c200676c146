"""Trials made small: likelihoods of a candidate as differences from a promoted adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.judge.paired import Paired, memberships
from harness.judge.rule2.decide import Trial
from harness.judge.rule2.finals import Finals
from harness.records import MetricRule, Policy

LIKELIHOOD = "ideal_likelihood"
POLICY = Policy()


def noise(n: int, width: float, turn: int = 1) -> np.ndarray:
    """n numbers around 0 with exactly this standard deviation, and always the same."""
    drawn = np.random.default_rng(turn).standard_normal(n)
    drawn -= drawn.mean()
    return width * drawn / drawn.std()


def pair(
    d: Sequence[float] | np.ndarray,
    *,
    level: float = 0.6,
    base: float | None = None,
    own: int | None = None,
    slices: Sequence[Sequence[str]] | None = None,
    groups: Sequence[int] | None = None,
    edit: tuple[Sequence[float], Sequence[float]] | None = None,
    critical: Sequence[int] = (),
    pinned: Sequence[float] | None = None,
) -> Paired:
    """`base` is the base's likelihood below the promoted one, on the first `own` cases."""
    d = np.asarray(d, dtype=float)
    n = len(d)
    before = np.full(n, level)
    rows, refs = [before + d], {"promoted": [before]}
    if pinned is not None:
        refs["pinned"] = [before + d - np.asarray(pinned)]
    if base is not None:
        scores = before - base
        scores[own if own is not None else n :] = np.nan
        refs["base"] = [scores]
    metrics = [LIKELIHOOD]
    if edit is not None:
        metrics.append("edit_similarity")
        rows.append(np.asarray(edit[0], dtype=float))
        for name, table in refs.items():
            table.append(np.asarray(edit[1] if name == "promoted" else edit[0], dtype=float))
    names, members = memberships(slices or [[] for _ in d])
    return Paired(
        cases=tuple(f"case-{i:03d}" for i in range(n)),
        metrics=tuple(metrics),
        candidate=np.array(rows),
        references={name: np.array(table) for name, table in refs.items()},
        slices=names,
        members=members,
        groups=None if groups is None else np.array(groups),
        critical=np.array([i in critical for i in range(n)]),
    )


def gate(margin: float = 0.03) -> tuple[MetricRule, ...]:
    return (MetricRule(LIKELIHOOD, "gate", margin),)


def trial(
    d: Sequence[float] | np.ndarray,
    reserve: Sequence[float] | np.ndarray = (),
    *,
    margin: float = 0.03,
    finals: Finals | None = None,
    policy: Policy = POLICY,
    more: Mapping[str, object] | None = None,
    **shape: object,
) -> Trial:
    """A trial on the likelihood alone; `more` goes to the trial, other words to `pair`."""
    whole = np.concatenate([np.asarray(d, dtype=float), np.asarray(reserve, dtype=float)])
    paired = pair(whole, own=len(d), **shape)  # type: ignore[arg-type]
    rules = gate(margin)
    if "edit_similarity" in paired.metrics:
        rules = (*rules, MetricRule("edit_similarity", "report"))
    return Trial(
        paired,
        rules,
        policy,
        policy.alpha,
        reserve=paired.cases[len(d) :],
        finals=finals,
        **(more or {}),  # type: ignore[arg-type]
    )


def sent(
    x: Sequence[float] | np.ndarray,
    *,
    level: float = 0.7,
    slices: Sequence[Sequence[str]] | None = None,
    at: Sequence[str] | None = None,
) -> Finals:
    """Finals by their differences, the oldest first, a day apart."""
    x = np.asarray(x, dtype=float)
    m = len(x)
    days = np.datetime64("2026-01-01") + np.arange(m)
    names, members = memberships(slices or [[] for _ in x])
    return Finals(
        tuple(f"final-{i:03d}" for i in range(m)),
        np.full(m, level) + x,
        np.full(m, level),
        tuple(at) if at is not None else tuple(f"{day}T00:00:00+00:00" for day in days),
        names,
        members,
    )
