"""The reasons of a verdict, in sentences that a team lead understands.

There is a sentence per cause; a promotion has none, so its sentences say what was shown.

Tests: tests/judge/test_scenes.py, which holds every sentence to `scenes.json`.

Tested in tests/judge/test_scenes.py.
"""

from __future__ import annotations

from harness.judge import wording
from harness.judge.metric_test import MetricTest
from harness.judge.rule1.decide import Cause
from harness.judge.rule1.evidence import Evidence
from harness.judge.tested import AdapterNames, difference, held, missing_scores, not_shown
from harness.records import Outcome, Verdict


def reasons_for(
    outcome: Outcome, findings: tuple[Cause, ...], evidence: Evidence, names: AdapterNames
) -> tuple[str, ...]:
    """Return the sentences, the most important first."""
    same = (_identical(evidence, names),) if evidence.identical and outcome != "reject" else ()
    if outcome == "promote":
        return same or _shown(evidence, names)
    sentences = [_sentence(finding, evidence, names) for finding in findings]
    return (*same, *dict.fromkeys(sentences))


def _identical(evidence: Evidence, names: AdapterNames) -> str:
    other = names.other(evidence.paired.against)
    if evidence.paired.same_texts:
        return f"identical: every output equals that of {other}"
    return f"identical: no score differs from that of {other}"


def _shown(evidence: Evidence, names: AdapterNames) -> tuple[str, ...]:
    gates = [held(gate, names) for gate in evidence.gates]
    broke, accepted = evidence.broken, evidence.accepted
    n = evidence.breakage.n
    if not broke:
        return (*gates, f"0 of {wording.cases(n)} broke")
    if len(evidence.uncovered) > evidence.covered:
        fixed = int(evidence.breakage.fixed.sum())
        why = f"it is better on every gate and fixed {fixed}"
    elif accepted:
        why = f"{len(accepted)} of them accepted"
    else:
        why = f"{evidence.covered} of {n} are covered"
    return (
        *gates,
        f"{len(broke)} of {wording.cases(n)} broke ({wording.listed(broke)}), but {why}",
    )


def _sentence(finding: Cause, evidence: Evidence, names: AdapterNames) -> str:
    about = finding.about
    if isinstance(about, Verdict):
        why = about.reasons[0] if about.reasons else "it was rejected there"
        return f"guard benchmark {about.benchmark} rejects: {why}"
    if isinstance(about, MetricTest):
        return _about_metric(finding, about, evidence, names)
    return _about_cases(finding, evidence, names)


def _about_metric(finding: Cause, gate: MetricTest, evidence: Evidence, names: AdapterNames) -> str:
    name, other = wording.metric(gate.rule.name), names.other(gate.against)
    if finding.kind == "dropped":
        chance = wording.percent(evidence.adjusted[gate.rule.name])
        return (
            f"{name} dropped against {other} ({difference(gate)}): chance alone gives such a drop "
            f"in {chance} of benchmarks"
        )
    if finding.kind == "missing":
        return missing_scores(gate)
    if finding.kind == "guard doubt":
        return (
            f"{name} fell in so many cases that chance rarely explains it ({difference(gate)}), "
            "though a few cases far from the rest leave it unproven"
        )
    return not_shown(gate, names)


def _about_cases(finding: Cause, evidence: Evidence, names: AdapterNames) -> str:
    n, k = evidence.breakage.n, evidence.breakage.k
    broke = wording.listed(evidence.broken)
    if finding.kind == "critical":
        critical = evidence.critical_broken
        what = "a critical case" if len(critical) == 1 else f"{len(critical)} critical cases"
        return f"{what} broke: {wording.listed(critical)}"
    if finding.kind == "must":
        unmet = [f"{case} ({check})" for case, check in evidence.paired.unmet]
        return (
            f"{wording.listed(unmet)}: must hold, does not, and did with "
            f"{names.other(evidence.paired.against)}"
        )
    if finding.kind == "broke":
        return (
            f"{k} of {wording.cases(n)} broke ({broke}); from {evidence.too_many} on, chance does "
            "not explain it"
        )
    if finding.kind in ("slice", "slice doubt"):
        return _about_slices(finding, evidence)
    if finding.kind == "uncovered":
        unseen = f"only {evidence.covered}" if evidence.covered else "none"
        return (
            f"{k} of {wording.cases(n)} broke ({broke}); with so few cases {unseen} may break "
            "without a person accepting it"
        )
    return _about_the_run(finding, evidence)


def _about_slices(finding: Cause, evidence: Evidence) -> str:
    losses = evidence.slices
    assert losses is not None
    if finding.kind == "slice" and losses.worst is not None and losses.worst.p is not None:
        worst = losses.worst
        return (
            f"slice {worst.name} ({wording.cases(worst.n)}) lost "
            f"{wording.number(-worst.difference)} on {wording.metric(worst.metric)}; "
            f"chance alone gives such a slice in {wording.percent(losses.worst.p)} of benchmarks"
        )
    what = "slice" if len(losses.doubtful) == 1 else "slices"
    return (
        f"{what} {wording.listed(losses.doubtful)} fell further than chance explains in a slice "
        "alone, though not when every slice is taken into account"
    )


def _about_the_run(finding: Cause, evidence: Evidence) -> str:
    n = evidence.paired.n
    if finding.kind == "partial":
        return "a run of some of the cases can never promote"
    if finding.kind == "few":
        fewest = evidence.policy.min_cases
        are = "is" if n == 1 else "are"
        return f"{wording.cases(n)} {are} too few to judge; at least {fewest} are needed"
    if finding.kind == "no gate":
        return "no metric of this benchmark is a gate, so nothing can be shown"
    if finding.kind == "unknown":
        unknown = evidence.named(evidence.breakage.unknown)
        return (
            f"{wording.metric(evidence.breakage.metric)} is missing on {wording.listed(unknown)}, "
            "so nobody can tell whether it broke there"
        )
    return "it is not shown to be better than the base on every gate, and there is nothing promoted"
