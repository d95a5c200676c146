"""Sentences of advice: the cheapest next step for each cause of a verdict.

Tested in tests/judge/rule2/test_decide.py.
"""

from __future__ import annotations

from harness.judge import wording
from harness.judge.rule2.decide import Conclusion
from harness.judge.rule2.look import LookEvidence, Ruling
from harness.judge.rule2.score_test import ScoreTest
from harness.judge.tested import AdapterNames, for_margin
from harness.records import Verdict


def advice_for(found: Conclusion, names: AdapterNames) -> tuple[str, ...]:
    """Return the next steps, the cheapest first."""
    applied = _applied(found.look, names)
    if found.outcome == "promote":
        return applied
    steps = [step for ruling in found.causes for step in _steps(ruling, found, names)]
    steps += _compare(found, names)
    ordered = sorted(steps, key=lambda step: step[0])
    return (*applied, *dict.fromkeys(said for _, said in ordered))


def _applied(look: LookEvidence, names: AdapterNames) -> tuple[str, ...]:
    """Advise to check that the adapter is applied, where its outputs are the reference's."""
    if not look.identical:
        return ()
    other = names.other(look.paired.against)
    if names.candidate == other:
        return (f"{other} was judged against itself; name another adapter as the candidate",)
    return (f"make sure that the adapter is applied at all: lora-harness doctor {names.candidate}",)


def _steps(ruling: Ruling, found: Conclusion, names: AdapterNames) -> list[tuple[int, str]]:
    """Return the steps for a cause, each with its price: lower is cheaper."""
    look = found.look
    if isinstance(ruling.about, Verdict):
        if ruling.kind == "guard":
            return [(5, f"train with fewer steps or a lower rate to keep {ruling.about.benchmark}")]
        return [(4, f"add cases to {ruling.about.benchmark}: it is open there")]
    if isinstance(ruling.about, ScoreTest) and ruling.kind == "not shown":
        return [_more_evidence(ruling.about, found, names)]
    if ruling.kind == "uncovered" and look.uncovered:
        cases = look.uncovered
        which = f"{'case' if len(cases) == 1 else 'cases'} {wording.listed(cases)}"
        what = "it if it is" if len(cases) == 1 else "them if they are"
        accept = "lora-harness accept CASE --run RUN --by WHO --why TEXT"
        return [(0, f"look at {which} and accept {what} fine: {accept}")]
    if ruling.kind == "slice doubt":
        return [(3, f"look at slice {ruling.about}, or add cases to it")]
    lacking = look.policy.min_cases - look.paired.n
    plain = {
        "partial": (1, "run all cases"),
        "no gate": (2, 'give one metric role = "gate" in benchmark.toml'),
        "few": (4, f"add at least {wording.cases(lacking)} to the benchmark; 20 to 30 judge well"),
        "voice": (1, "look at the texts that would be lost: are they still what the team wants?"),
        "finals collapsed": (1, "look at the texts that would be lost"),
        "late": (3, "train again, or write new cases: these have been used up"),
    }
    if ruling.kind in ("missing", "unknown"):
        every = "evaluate again on an engine that scores every case, or make the metric a report"
        return [(2, every)]
    return [plain[ruling.kind]] if ruling.kind in plain else []


def _more_evidence(gate: ScoreTest, found: Conclusion, names: AdapterNames) -> tuple[int, str]:
    price, said = for_margin(gate, names)
    if price == 4 and not found.planned:
        said += "; as reserve they are used only while a verdict is open (cases.reserve.jsonl)"
    return price, said


def _compare(found: Conclusion, names: AdapterNames) -> list[tuple[int, str]]:
    """Join everything to look at side by side into a single step with a single command."""
    look = found.look
    kinds = {ruling.kind for ruling in found.causes if not isinstance(ruling.about, Verdict)}
    what = ["the failed checks"] if "must" in kinds else []
    if kinds & {"critical", "collapsed"}:
        collapsed = wording.listed(look.named(look.collapses.collapsed))
        what.append(f"the collapsed cases ({collapsed})")
    if "slice" in kinds:
        lost = [each for each in look.slices.verdicts if each.name in look.slices.lost]
        worst = min(lost, key=lambda each: each.difference)
        what.append(f"the training examples for {worst.name}")
    if kinds & {"finals", "finals slice"}:
        what.append("the texts that would be lost")
    if not what and not kinds & {"dropped", "not better", "doubt"}:
        return []
    said = f"look at {wording.listed(what)}" if what else "see what changed"
    other = names.other(look.paired.against)
    return [(3, f"{said}: lora-harness compare {names.candidate} {other}")]
