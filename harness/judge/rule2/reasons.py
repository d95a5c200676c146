"""The reasons of a verdict: one sentence for the person who decides, then a sentence per cause.

Tested in tests/judge/rule2/test_decide.py.
"""

from __future__ import annotations

from harness.judge import wording
from harness.judge.rule2.decide import Conclusion
from harness.judge.rule2.finals import FinalsEvidence
from harness.judge.rule2.look import LookEvidence, Ruling, RulingKind
from harness.judge.rule2.promotion import promotion, shown_gates
from harness.judge.rule2.score_test import ScoreTest
from harness.judge.tested import AdapterNames, difference, held, missing_scores, not_shown
from harness.records import BASE, Verdict


def reasons_for(found: Conclusion, names: AdapterNames) -> tuple[str, ...]:
    """Return the sentences, the one for the person who decides first."""
    look = found.look
    same = (_identical(look, names),) if look.identical and found.outcome != "reject" else ()
    if found.outcome == "promote":
        shown = () if look.identical else _shown(found, names)
        return (*(same or (promotion(found),)), *shown)
    sentences = [_sentence(ruling, found, names) for ruling in found.causes]
    return (*same, *dict.fromkeys(sentences))


def _identical(look: LookEvidence, names: AdapterNames) -> str:
    other = names.other(look.paired.against)
    if look.paired.same_texts:
        return f"identical: every output equals that of {other}"
    return f"identical: no score differs from that of {other}"


def _shown(found: Conclusion, names: AdapterNames) -> tuple[str, ...]:
    """Say what was shown on each gate, and which collapsed cases do not hold promotion back."""
    look = found.look
    gates = shown_gates(look)
    gates = gates if gates is look.base else (*gates, *look.pinned)
    sentences = [held(gate, names) if gate.not_worse else _by_finals(gate) for gate in gates]
    broken = look.named(look.collapses.collapsed)
    if broken:
        named = wording.listed(broken)
        why = "accepted" if set(broken) <= look.accepted else "one is borne"
        sentences.append(
            f"{len(broken)} of {wording.cases(look.paired.n)} collapsed ({named}), {why}"
        )
    return tuple(sentences)


def _by_finals(gate: ScoreTest) -> str:
    return (
        f"{wording.metric(gate.rule.name)} is open on the cases alone ({difference(gate)}), "
        "and the texts that were sent show it"
    )


def _sentence(ruling: Ruling, found: Conclusion, names: AdapterNames) -> str:
    about = ruling.about
    if isinstance(about, Verdict):
        why = about.reasons[0] if about.reasons else "it is open there"
        verb = "rejects" if ruling.kind == "guard" else "is open"
        return f"guard benchmark {about.benchmark} {verb}: {why}"
    if isinstance(about, ScoreTest):
        return _about_metric(ruling, about, found.look, names)
    if found.finals is not None and (ruling.kind.startswith("finals") or ruling.kind == "voice"):
        return _about_finals(ruling, found.finals)
    if ruling.kind in ("slice", "slice doubt"):
        return _about_slices(ruling.kind, found)
    return _about_cases(ruling, found, names)


def _about_metric(ruling: Ruling, test: ScoreTest, look: LookEvidence, names: AdapterNames) -> str:
    name, other = wording.metric(test.rule.name), names.other(test.against)
    if ruling.kind == "missing":
        return missing_scores(test)
    if ruling.kind == "dropped":
        chance = wording.percent(test.answer.p_drop or 0.0)
        return (
            f"{name} dropped against {other} ({difference(test)}): chance alone gives such a drop "
            f"in {chance} of benchmarks"
        )
    if ruling.kind == "doubt":
        return (
            f"{name} fell so evenly ({difference(test)}) that a candidate with higher scores on a "
            "few cases would be rejected"
        )
    return not_shown(test, names)


def _about_finals(ruling: Ruling, finals: FinalsEvidence) -> str:
    m, k = finals.finals.n, finals.k
    lost = f"{k} of {m} texts that people sent would no longer be written"
    if ruling.kind == "finals slice":
        return f"{lost}, most of them {ruling.about}"
    if ruling.kind == "finals":
        same = list(finals.lost)
        where = f", most of them {wording.listed(same)}" if same else ""
        return f"{lost}{where}; from {finals.reject_from} on, chance does not explain it"
    if ruling.kind == "voice":
        return (
            f"{lost}, all of them in the older half: which half still speaks for the team? "
            "If the newer, declare the change of voice"
        )
    if ruling.kind == "finals lean":
        return (
            f"the {m} texts that people sent are {wording.signed(finals.mean)} less likely on "
            f"average, {wording.number(-finals.low)} at worst: more than twice the margin"
        )
    if ruling.kind == "finals open":
        return f"the {m} texts that people sent do not show it either"
    return f"{lost}: up to {wording.percent(finals.cover)} could be lost"


def _about_slices(kind: RulingKind, found: Conclusion) -> str:
    """Say which slices lost, the one that lost most with its figures."""
    names = {ruling.about for ruling in found.causes if ruling.kind == kind}
    lost = [each for each in found.look.slices.verdicts if each.name in names]
    worst = min(lost, key=lambda each: each.difference)
    what = "lost more than the margin" if kind == "slice" else "may have lost too much"
    figures = (
        f"{wording.number(-worst.difference)} on {wording.metric(worst.metric)}; chance alone "
        f"gives such a slice in {wording.percent(worst.p or 0.0)} of benchmarks"
    )
    if len(lost) == 1:
        return f"slice {worst.name} ({wording.cases(worst.n)}) {what}, {figures}"
    others = wording.listed([each.name for each in lost if each is not worst])
    return f"{len(lost)} slices {what}: {worst.name} most ({figures}), then {others}"


def _about_cases(ruling: Ruling, found: Conclusion, names: AdapterNames) -> str:
    look = found.look
    n, collapsed = look.paired.n, look.named(look.collapses.collapsed)
    if ruling.kind == "critical":
        critical = look.named(look.collapses.collapsed & look.paired.critical)
        what = "a critical case" if len(critical) == 1 else f"{len(critical)} critical cases"
        return f"{what} collapsed: {wording.listed(critical)}"
    if ruling.kind == "must":
        unmet = [f"{case} ({check})" for case, check in look.paired.unmet]
        other = names.other(look.paired.against)
        return f"{wording.listed(unmet)}: must hold, does not, and did with {other}"
    if ruling.kind == "collapsed" and look.collapses.mended is not None:
        mended = look.named(look.collapses.mended)
        return (
            f"the texts of {len(collapsed)} of {wording.cases(n)} broke "
            f"({wording.listed(collapsed)}) and {len(mended)} mended; between equal adapters "
            "about as many break as mend"
        )
    if ruling.kind == "collapsed":
        return (
            f"{len(collapsed)} of {wording.cases(n)} collapsed ({wording.listed(collapsed)}); from "
            f"{look.levels.collapsed} on, chance does not explain it"
        )
    if ruling.kind == "uncovered":
        fell = look.uncovered or look.named(look.collapses.fell)
        return (
            f"{len(fell)} of {wording.cases(n)} fell as far as a collapse "
            f"({wording.listed(fell)}), and no person has accepted it"
        )
    if ruling.kind == "late":
        return (
            "reserve cases speak against it, but a few lucky cases are why they were asked: "
            "not rejected for what a lower score would have avoided"
        )
    return _about_the_run(ruling, look)


def _about_the_run(ruling: Ruling, look: LookEvidence) -> str:
    n = look.paired.n
    if ruling.kind == "partial":
        return "a run of some of the cases can never promote"
    if ruling.kind == "few":
        are = "is" if n == 1 else "are"
        fewest = look.policy.min_cases
        return f"{wording.cases(n)} {are} too few to judge; at least {fewest} are needed"
    if ruling.kind == "no gate":
        return "no metric of this benchmark is a gate, so nothing can be shown"
    if ruling.kind == "unknown":
        unknown = look.named(look.collapses.unknown)
        return (
            f"{wording.metric(look.collapses.metric)} is missing on {wording.listed(unknown)}, "
            "so it cannot be told whether it broke there"
        )
    if look.paired.against == BASE:
        return "it is not shown to be better than the base on every gate, and nothing is promoted"
    return (
        "it is not shown to be better than the base on every gate, and the promoted adapter is not "
        "better than the base either"
    )
