"""Sentences, notes and records about one tested metric, whichever rule tested it.

Tested in tests/judge/test_scenes.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from harness.judge import wording
from harness.judge.intervals import risk_by_luck
from harness.judge.metric_pair import MAX_SAMPLES, MetricPair
from harness.judge.metric_test import MetricAnswer, Way
from harness.records import (
    LOWER_IS_BETTER,
    CaseResult,
    MetricRule,
    MetricVerdict,
    Policy,
    Sampling,
    State,
)


@dataclass(frozen=True, slots=True)
class AdapterNames:
    """The names of the candidate and of its references."""

    candidate: str
    others: Mapping[str, str]
    """Adapter names by `promoted`, `pinned`, `base`."""

    def other(self, against: str) -> str:
        """Return the name of a reference's adapter."""
        return self.others.get(against, against)


class Tested(Protocol):
    """A metric that was tested against a reference."""

    @property
    def rule(self) -> MetricRule:
        """The metric with the margin that was used."""
        ...

    @property
    def against(self) -> str:
        """The reference."""
        ...

    @property
    def way(self) -> Way:
        """How it was tested."""
        ...

    @property
    def pair(self) -> MetricPair:
        """The scores of both sides."""
        ...

    @property
    def answer(self) -> MetricAnswer:
        """The figures."""
        ...

    @property
    def sampling(self) -> Sampling | None:
        """Whether more samples would help."""
        ...

    @property
    def not_worse(self) -> bool:
        """Whether it is shown to be within the margin."""
        ...

    @property
    def better(self) -> bool:
        """Whether it is shown to be above the reference."""
        ...


def held(gate: Tested, names: AdapterNames) -> str:
    """Say what was shown on a gate."""
    name, other = wording.metric(gate.rule.name), names.other(gate.against)
    if gate.better:
        return f"{name} is better than with {other} ({difference(gate)})"
    if gate.way == "identical":
        return f"{name} is the same as with {other}"
    return (
        f"{name} is not worse than with {other}: {difference(gate)}, "
        f"{_at_worst(gate)} (margin {wording.number(gate.rule.margin or 0.0)})"
    )


def difference(test: Tested) -> str:
    """Write the mean difference, as the metric is usually read."""
    mean = float(test.pair.d.mean())
    return wording.signed(-mean if test.rule.name in LOWER_IS_BETTER else mean)


def _at_worst(test: Tested) -> str:
    worst = -(test.answer.lower or 0.0)
    return "at worst no drop" if worst <= 0 else f"at worst {_drop(test)}"


def _drop(test: Tested) -> str:
    """Name the largest drop that the data leave possible."""
    return f"a drop of {wording.number(min(1.0, -(test.answer.lower or 0.0)))}"


def not_shown(gate: Tested, names: AdapterNames) -> str:
    """Say why a gate is open."""
    name, other = wording.metric(gate.rule.name), names.other(gate.against)
    margin = wording.number(gate.rule.margin or 0.0)
    if gate.way == "none":
        units = len(gate.pair.units()[0])
        return f"{name} cannot be judged from {units} independent cases"
    if gate.way in ("counts", "binary"):
        return (
            f"{name} rose in {gate.pair.rose} and fell in {gate.pair.fell} of "
            f"{wording.cases(gate.pair.n)} against {other}: {_drop(gate)} "
            f"is still possible (margin {margin})"
        )
    return (
        f"{name} is not shown to be as good as with {other}: {difference(gate)}, "
        f"{_drop(gate)} is still possible (margin {margin})"
    )


def missing_scores(gate: Tested) -> str:
    """Say that a gate lacks scores."""
    missing = gate.pair.missing
    return (
        f"{wording.metric(gate.rule.name)} is missing on {wording.cases(len(missing))} "
        f"({wording.listed(missing)}); missing is not zero, so this gate cannot be judged"
    )


def for_margin(gate: Tested, names: AdapterNames) -> tuple[int, str]:
    """Return the cheapest step that would show the margin, with its price."""
    needed, n, margin = gate.answer.needed, gate.pair.n, gate.rule.margin or 0.0
    inside = n > 0 and float(gate.pair.d.mean()) > -margin
    drawn = gate.sampling
    if inside and drawn is not None and drawn.limit in ("samples", "both"):
        return 3, _more_samples(gate, drawn)
    if needed is not None and needed > n and inside:
        more = wording.cases(needed - n)
        name = wording.metric(gate.rule.name)
        apart = "samples are not what limits it: " if drawn is not None else ""
        return 4, f"{apart}add {more}: {needed} needed for this margin ({name})"
    why = "more cases would hardly help" if inside else "the drop is beyond the margin"
    return 5, (
        f"{why}, so {wording.metric(gate.rule.name)} itself must rise: "
        f"lora-harness compare {names.candidate} {names.other(gate.against)}"
    )


def _more_samples(gate: Tested, drawn: Sampling) -> str:
    """Suggest more samples, which are cheaper than cases as no person has to write them."""
    mostly = f"about {wording.percent(drawn.share)} of the uncertainty is drawing {drawn.samples}"
    name = wording.metric(gate.rule.name)
    if drawn.needed is not None and drawn.limit == "samples":
        return f"{drawn.needed} samples a case would do ({name}): {mostly}"
    more = min(2 * drawn.samples, MAX_SAMPLES)
    return f"draw {more} samples a case before adding cases ({name}): {mostly}"


def risk_notes(tests: Iterable[Tested], names: AdapterNames) -> list[str]:
    """Say, for every gate, the risk that it truly dropped beyond the margin."""
    return [
        f"the risk that {wording.metric(gate.rule.name)} truly dropped by more than "
        f"{wording.number(gate.rule.margin or 0.0)} against {names.other(gate.against)} is "
        f"{wording.percent(gate.answer.risk)}"
        for gate in tests
        if gate.rule.role == "gate" and gate.answer.risk is not None and gate.way != "identical"
    ]


def two_sides(tests: Iterable[Tested], alpha: float) -> list[str]:
    """Explain intervals that reach past the margin although the metric is `not worse`."""
    surprising = [
        wording.metric(s.rule.name)
        for s in tests
        if s.not_worse
        and s.rule.margin is not None
        and s.answer.interval is not None
        and s.answer.interval[0] <= -s.rule.margin
    ]
    if not surprising:
        return []
    return [
        f"{wording.listed(surprising)}: the interval leaves {wording.percent(alpha / 2)} "
        f"on either side; not worse needs {wording.percent(alpha)} on the lower side only"
    ]


def sample_notes(tests: Iterable[Tested], samples: int) -> list[str]:
    """Say how far samples of a case lie apart, and whether samples or cases limit a gate."""
    tests = list(tests)
    seen = [
        f"{wording.metric(s.rule.name)} ±{wording.number(s.sampling.deviation)}"
        for s in tests
        if s.sampling is not None and s.sampling.deviation is not None
    ]
    apart = f"from sample to sample of one case ({samples} drawn): {', '.join(seen)}"
    return ([apart] if seen else []) + [
        f"{wording.metric(gate.rule.name)}: about {wording.percent(gate.sampling.share)} of its "
        f"uncertainty is from drawing {gate.sampling.samples} samples a case, the rest from the "
        f"cases; {_what_limits(gate.sampling, gate)}"
        for gate in tests
        if gate.rule.role == "gate" and gate.sampling is not None
    ]


def _what_limits(seen: Sampling, gate: Tested) -> str:
    if seen.limit == "nothing":
        return "both are enough for this margin"
    if seen.limit == "samples":
        return f"samples limit it: {seen.needed} a case would do for this margin"
    if seen.limit == "both":
        return "both limit it, and more samples come first"
    if gate.answer.needed is None:
        return "cases limit it, not samples"
    return (
        f"cases limit it, not samples: {wording.cases(gate.answer.needed)} needed for this margin"
    )


def luck_note(policy: Policy, candidates_judged: int) -> str:
    """Say how likely it is that a worse candidate passed by luck so far."""
    risk = wording.percent(risk_by_luck(policy, candidates_judged))
    if candidates_judged <= 1:
        return (
            "the first candidate judged on this benchmark version: one that is worse by exactly "
            f"the margin passes by luck in {risk} of benchmarks"
        )
    return (
        f"{candidates_judged} candidates were judged on this benchmark version: the risk that one "
        f"worse by exactly the margin passed by luck is now {risk}"
    )


def missing_notes(tests: Iterable[Tested]) -> list[str]:
    """Name the metrics besides gates that lack scores."""
    notes = []
    for test in tests:
        if not test.pair.missing or test.rule.role == "gate":
            continue
        name, missing = wording.metric(test.rule.name), test.pair.missing
        if test.pair.n == 0:
            notes.append(f"{name} has no scores on both sides, so it was not judged")
        else:
            notes.append(
                f"{name} is missing on {wording.listed(missing)} and was judged on the rest"
            )
    return notes


def closest_ideal(result: CaseResult | None) -> str:
    """Return the ideal that a candidate's text is nearest to."""
    if result is None or not result.case.ideals:
        return ""
    best = result.best_ideals.get("edit_similarity", 0)
    return result.case.ideals[best if 0 <= best < len(result.case.ideals) else 0]


def metric_record(test: Tested, state: State) -> MetricVerdict:
    """Return the record of a tested metric."""
    pair, answer = test.pair, test.answer
    seen = pair.n > 0
    low, high = answer.interval or (None, None)
    # The record shows a metric as it is usually defined; the tests turned it upwards.
    if test.rule.name in LOWER_IS_BETTER and low is not None and high is not None:
        low, high = -high, -low
    counts = None
    if test.way in ("counts", "binary"):
        same = pair.n - pair.rose - pair.fell
        counts = {"rose": pair.rose, "fell": pair.fell, "same": same}
    return MetricVerdict(
        name=test.rule.name,
        role=test.rule.role,
        against=test.against,
        margin=test.rule.margin,
        reference=float(pair.before.mean()) if seen else None,
        candidate=float(pair.now.mean()) if seen else None,
        difference=float((pair.now - pair.before).mean()) if seen else None,
        low=low,
        high=high,
        p_drop=answer.p_drop,
        state=state,
        n=pair.n,
        changed=pair.rose + pair.fell,
        counts=counts,
        risk=answer.risk,
        certifiable_margin=answer.certifiable,
        cases_needed=answer.needed,
        sampling=test.sampling,
    )
