"""Sentences of advice: the cheapest next step for each cause of a verdict.

Looking at two cases is cheaper than a full run, and that is cheaper than writing new cases.

Tests: tests/judge/test_scenes.py, which holds every sentence to `scenes.json`.

Tested in tests/judge/test_scenes.py.
"""

from __future__ import annotations

from harness.judge import wording as words
from harness.judge.metric_test import MetricTest
from harness.judge.rule1.decide import Cause
from harness.judge.rule1.evidence import Evidence
from harness.judge.tested import AdapterNames, for_margin
from harness.records import Outcome, Verdict


def advice_for(
    outcome: Outcome, findings: tuple[Cause, ...], evidence: Evidence, names: AdapterNames
) -> tuple[str, ...]:
    """Return the next steps, the cheapest first."""
    if outcome == "promote":
        return _applied(evidence, names)
    steps = [step for finding in findings for step in _steps(finding, evidence, names)]
    steps += _compare(findings, evidence, names)
    cheapest_first = sorted(steps, key=lambda step: step[0])
    return (*_applied(evidence, names), *dict.fromkeys(words for _, words in cheapest_first))


def _applied(evidence: Evidence, names: AdapterNames) -> tuple[str, ...]:
    """Advise to check that the adapter is applied, where its outputs are the reference's."""
    if not evidence.identical:
        return ()
    other = names.other(evidence.paired.against)
    if names.candidate == other:
        return (f"{other} was judged against itself; name another adapter as the candidate",)
    return (f"make sure that the adapter is applied at all: lora-harness doctor {names.candidate}",)


def _steps(finding: Cause, evidence: Evidence, names: AdapterNames) -> list[tuple[int, str]]:
    """Return the steps for a cause, each with its price: lower is cheaper."""
    if isinstance(finding.about, Verdict):
        return [(5, f"train with fewer steps or a lower rate to keep {finding.about.benchmark}")]
    if finding.kind == "uncovered":
        return [(0, f"look at {_which(evidence.uncovered)} and accept {_them(evidence)}")]
    if finding.kind == "partial":
        return [(1, "run all cases")]
    if finding.kind in ("missing", "unknown"):
        return [
            (2, "evaluate again on an engine that scores every case, or make the metric a report")
        ]
    if finding.kind == "no gate":
        return [(2, 'give one metric role = "gate" in benchmark.toml')]
    if finding.kind == "few":
        lacking = evidence.policy.min_cases - evidence.paired.n
        return [(4, f"add at least {words.cases(lacking)} to the benchmark; 20 to 30 judge well")]
    if isinstance(finding.about, MetricTest) and finding.kind == "not shown":
        return [for_margin(finding.about, names)]
    if finding.kind == "slice doubt" and evidence.slices is not None:
        return [(3, f"look at slice {words.listed(evidence.slices.doubtful)}, or add cases to it")]
    return []


def _compare(
    findings: tuple[Cause, ...], evidence: Evidence, names: AdapterNames
) -> list[tuple[int, str]]:
    """Join everything to look at side by side into a single step with a single command."""
    kinds = {finding.kind for finding in findings if not isinstance(finding.about, Verdict)}
    look = ["the failed checks"] if "must" in kinds else []
    if kinds & {"critical", "broke"}:
        look.append(f"the broken cases ({words.listed(evidence.broken)})")
    if "slice" in kinds and evidence.slices is not None and evidence.slices.worst:
        look.append(f"the training examples for {evidence.slices.worst.name}")
    if not look and not kinds & {"dropped", "not better", "guard doubt"}:
        return []
    what = f"look at {words.listed(look)}" if look else "see what changed"
    other = names.other(evidence.paired.against)
    return [(3, f"{what}: lora-harness compare {names.candidate} {other}")]


def _which(cases: tuple[str, ...]) -> str:
    return f"{'case' if len(cases) == 1 else 'cases'} {words.listed(cases)}"


def _them(evidence: Evidence) -> str:
    what = "it if it is" if len(evidence.uncovered) == 1 else "them if they are"
    return f"{what} fine: lora-harness accept CASE --run RUN --by WHO --why TEXT"
