"""Notes beside a verdict, which did not decide it.

They are about texts that are no whole answers, the share that may break in production, the risk of
promoting by luck, the metrics and slices that were not judged, and the words that changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

from harness.judge import wording
from harness.judge.breakage import TEXT
from harness.judge.evidence import Evidence
from harness.judge.intervals import risk_by_luck
from harness.judge.metric_test import MetricTest
from harness.judge.reasons import AdapterNames
from harness.records import Run, Sampling
from harness.text.quoting import APPEARED, NUMBERS_APPEARED, NUMBERS_VANISHED, VANISHED, Shape

MAX_READ = 10_000
"""Characters of a text that are read."""
NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
WORD = re.compile(r"[^\W\d_]{2,40}")
MIN_OCCURRENCES = 2
"""Cases in which a word has to change before it is named; a number is named from the first."""


UNFINISHED = re.compile(
    r"\d+ of \d+ texts of \S+ (?:(?:was|were) cut at max_new_tokens.*|never ended their thinking.*)"
)


def unfinished_notes(runs: Iterable[Run]) -> tuple[str, ...]:
    """Count for each run the texts that are no whole answers; no note where all are."""
    notes = []
    for run in runs:
        outputs = [output for result in run.results for output in result.outputs]
        of = f"of {len(outputs)} texts of {run.adapter}"
        if cut := sum(output.finish == "length" for output in outputs):
            were = "was" if cut == 1 else "were"
            notes.append(f"{cut} {of} {were} cut at max_new_tokens{_limit(run)}")
        if unended := sum(output.unended for output in outputs):
            notes.append(f"{unended} {of} never ended their thinking, and count as empty")
    return tuple(notes)


def counts_unfinished(note: str) -> bool:
    """Tell whether a note counts unfinished texts; verdicts of version 1.0.0 have none."""
    return UNFINISHED.fullmatch(note) is not None


def _limit(run: Run) -> str:
    decoding = run.origin.get("decoding")
    limit = decoding.get("max_new_tokens") if isinstance(decoding, Mapping) else None
    return "" if limit is None else f" = {limit}"


def changed_terms(pairs: Iterable[tuple[str, str]], most: int = 5) -> tuple[str, ...]:
    """Describe the terms that changed most; `pairs` are reference and candidate texts."""
    appeared: Counter[str] = Counter()
    vanished: Counter[str] = Counter()
    for before, now in pairs:
        old, new = _terms(before), _terms(now)
        appeared.update(new - old)
        vanished.update(old - new)
    appeared, vanished = appeared - vanished, vanished - appeared
    lines = (
        _line(APPEARED, _top(appeared, False, most)),
        _line(VANISHED, _top(vanished, False, most)),
        _line(NUMBERS_APPEARED, _top(appeared, True, most)),
        _line(NUMBERS_VANISHED, _top(vanished, True, most)),
    )
    return tuple(line for line in lines if line)


def _terms(text: str) -> set[str]:
    head = text[:MAX_READ]
    words = (word.casefold() for word in WORD.findall(head))
    return set(chain(words, NUMBER.findall(head)))


def _top(counts: Counter[str], numbers: bool, most: int) -> list[tuple[str, int]]:
    kept = [
        (term, count)
        for term, count in counts.items()
        if term[0].isdigit() == numbers and count >= (1 if numbers else MIN_OCCURRENCES)
    ]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))[:most]


def _line(shape: Shape, top: list[tuple[str, int]]) -> str:
    said = ", ".join(f"{term} (in {count})" for term, count in top)
    return shape.say(said) if said else ""


def notes_for(evidence: Evidence, names: AdapterNames, candidates_judged: int) -> tuple[str, ...]:
    """Return the notes in the order in which a reader asks about them."""
    if not evidence.judged:
        return ()
    notes = [
        *_breaks(evidence),
        *(_risk(gate, names) for gate in evidence.tests if _has_risk(gate)),
        *_two_sides(evidence),
        _spread(evidence),
        *(_drawing(gate) for gate in evidence.tests if gate.rule.role == "gate"),
        _luck(evidence, candidates_judged),
        *_unjudged(evidence),
        *_pinned(evidence, names),
    ]
    return tuple(note for note in notes if note)


def _breaks(evidence: Evidence) -> list[str]:
    broken, bound = evidence.breakage, evidence.break_bound
    if bound is None:
        return ["no score tells whether a case broke"]
    notes = [
        f"{broken.k} of {broken.n} broke: up to {wording.percent(bound)} could break in production"
    ]
    if broken.metric != TEXT:
        notes.append(
            f"there is no edit similarity, so {wording.metric(broken.metric)} tells what broke"
        )
    if broken.reworded.any():
        reworded = wording.listed(evidence.named(broken.reworded))
        notes.append(f"another wording, but the ideal is as likely as before: {reworded}")
    return notes


def _has_risk(gate: MetricTest) -> bool:
    return gate.rule.role == "gate" and gate.answer.risk is not None and gate.way != "identical"


def _risk(gate: MetricTest, names: AdapterNames) -> str:
    risk = wording.percent(gate.answer.risk or 0.0)
    return (
        f"the risk that {wording.metric(gate.rule.name)} truly dropped by more than "
        f"{wording.number(gate.rule.margin or 0.0)} against {names.other(gate.against)} is {risk}"
    )


def _two_sides(evidence: Evidence) -> list[str]:
    """Explain intervals that reach past the margin although the metric is `not worse`."""
    surprising = [
        wording.metric(s.rule.name)
        for s in evidence.tests
        if s.not_worse
        and s.rule.margin is not None
        and s.answer.interval is not None
        and s.answer.interval[0] <= -s.rule.margin
    ]
    if not surprising:
        return []
    return [
        f"{wording.listed(surprising)}: the interval leaves {wording.percent(evidence.alpha / 2)} "
        f"on either side; not worse needs {wording.percent(evidence.alpha)} on the lower side only"
    ]


def _spread(evidence: Evidence) -> str:
    """Describe how far the candidate's samples of a case lie apart."""
    seen = [
        f"{wording.metric(s.rule.name)} ±{wording.number(s.sampling.deviation)}"
        for s in evidence.tests
        if s.sampling is not None and s.sampling.deviation is not None
    ]
    drawn = evidence.paired.samples
    return f"from sample to sample of one case ({drawn} drawn): {', '.join(seen)}" if seen else ""


def _drawing(gate: MetricTest) -> str:
    """Describe whether samples or cases limit a gate, where several samples were drawn."""
    seen = gate.sampling
    if seen is None:
        return ""
    return (
        f"{wording.metric(gate.rule.name)}: about {wording.percent(seen.share)} of its uncertainty "
        f"is from drawing {seen.samples} samples a case, the rest from the cases; "
        + _what_limits(seen, gate)
    )


def _what_limits(seen: Sampling, gate: MetricTest) -> str:
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


def _luck(evidence: Evidence, candidates_judged: int) -> str:
    risk = wording.percent(risk_by_luck(evidence.policy, candidates_judged))
    if candidates_judged <= 1:
        return (
            "the first candidate judged on this benchmark version: one that is worse by exactly "
            f"the margin passes by luck in {risk} of benchmarks"
        )
    return (
        f"{candidates_judged} candidates were judged on this benchmark version: the risk that one "
        f"worse by exactly the margin passed by luck is now {risk}"
    )


def _unjudged(evidence: Evidence) -> list[str]:
    notes = []
    for s in evidence.tests:
        if not s.pair.missing or s.rule.role == "gate":
            continue
        name, missing = wording.metric(s.rule.name), s.pair.missing
        if s.pair.n == 0:
            notes.append(f"{name} has no scores on both sides, so it was not judged")
        else:
            notes.append(
                f"{name} is missing on {wording.listed(missing)} and was judged on the rest"
            )
    small = [s.name for s in evidence.slices.verdicts if s.p is None] if evidence.slices else []
    if small:
        fewest = evidence.policy.slice_cases
        notes.append(
            f"slices with fewer than {fewest} cases are not judged: {wording.listed(small)}"
        )
    return notes


def _pinned(evidence: Evidence, names: AdapterNames) -> list[str]:
    if evidence.paired.groups is None:
        return []
    groups = len(set(evidence.paired.groups.tolist()))
    return [f"cases come in {groups} independent groups, and intervals allow for it"]
