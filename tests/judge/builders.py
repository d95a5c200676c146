"""Real records, made small: runs whose scores are what a test wants to talk about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.judge import Paired
from harness.judge.paired import memberships
from harness.records import Case, CaseResult, CheckResult, MetricRule, Output, Run, Verdict

LIKELIHOOD_GATE = (
    MetricRule("ideal_likelihood", "gate", 0.03),
    MetricRule("edit_similarity", "guard", 0.05),
    MetricRule("embedding_similarity", "guard", 0.05),
)
EDIT_GATE = (MetricRule("edit_similarity", "gate", 0.05),)


def case(
    index: int, *, critical: bool = False, slices: Mapping[str, str] | None = None, group=None
) -> Case:
    name = f"case-{index:02d}"
    return Case(name, "input", (f"ideal of {name}",), slices or {}, critical, (), group)


def run(
    adapter: str,
    edit: Sequence[float | None],
    likelihood: Sequence[float | None] | None = None,
    *,
    cases: Sequence[Case] | None = None,
    failing: Mapping[int, str] | None = None,
    texts: Sequence[str] | None = None,
    checked: str = "",
    complete: bool = True,
    fingerprint: str = "9f3c1a",
    base: str = "smol",
    **more: Sequence[float | None],
) -> Run:
    """A run on `case-00`, `case-01`, ...; further metrics by keyword."""
    cases = cases or [case(i) for i in range(len(edit))]
    results = []
    for i, each in enumerate(cases):
        scores: dict[str, float | None] = {"edit_similarity": edit[i]}
        if likelihood is not None:
            scores["ideal_likelihood"] = likelihood[i]
        scores |= {name: values[i] for name, values in more.items()}
        failed = (failing or {}).get(i)
        checks = (CheckResult(checked, "must", failed != checked),) if checked else ()
        text = texts[i] if texts else f"{each.id} {edit[i]}"
        results.append(CaseResult(each, (Output(each.id, text),), scores, {}, checks))
    return Run(
        id=f"run-{adapter}",
        adapter=adapter,
        benchmark="outreach",
        task="outreach",
        fingerprint=fingerprint,
        results=tuple(results),
        complete=complete,
        digests={"base": base},
        origin={"decoding": "greedy"},
    )


def paired(
    candidate: Mapping[str, Sequence[float]],
    promoted: Mapping[str, Sequence[float]],
    slices: Sequence[Sequence[str]] | None = None,
    groups: Sequence[int] | None = None,
) -> Paired:
    """Arrays straight away, for what needs no texts."""
    metrics = tuple(sorted(candidate))
    n = len(candidate[metrics[0]])
    names, members = memberships(slices or [[] for _ in range(n)])
    return Paired(
        cases=tuple(f"case-{i:03d}" for i in range(n)),
        metrics=metrics,
        candidate=np.array([candidate[name] for name in metrics], dtype=float),
        references={"promoted": np.array([promoted[name] for name in metrics], dtype=float)},
        slices=names,
        members=members,
        groups=None if groups is None else np.array(groups),
        critical=np.zeros(n, dtype=bool),
    )


def metric_of(verdict: Verdict, name: str, against: str = "promoted"):
    return next(m for m in verdict.metrics if (m.name, m.against) == (name, against))


def words_of(verdict: Verdict) -> str:
    return " | ".join((*verdict.reasons, *verdict.advice, *verdict.notes))
