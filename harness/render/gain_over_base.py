"""The gain over the base model in lines, and the abilities that fine-tuning cost elsewhere.

A gain that was not asked for is said to be so; it is never shown as zero.
"""

from __future__ import annotations

from harness.records import RESERVED, Verdict, Worth
from harness.text import safe
from harness.text.figures import count, interval, metric_title
from harness.text.table import hang

UNASKED = "not asked: there is no run of base to compare with"


def worth_lines(verdict: Verdict, width: int) -> list[str]:
    """Return the gain over `base` and `base+prompt`, then each guard benchmark's change.

    A verdict on the base itself has no lines: it cannot gain over itself.
    """
    if "candidate" not in verdict.runs or verdict.candidate in RESERVED:
        return []
    # a guard serves no task, so there is no gain to ask for: its own gates show what was kept
    guard = verdict.task is None
    kept = [each for each in verdict.worth if each.role == "gate"] if guard else verdict.forgetting
    lines = [] if guard else hang("  worth it?   ", _gains(verdict), width)
    for each in kept:
        name = safe.ci_log(each.benchmark, limit=40)
        where = f"{name} {metric_title(each.metric)} ({count(each.n, 'case')})"
        text = f"{where}, against {each.against} {_gain(each)}: {each.says or each.state}"
        lines += hang("  forgotten?  ", text, width)
    return lines


def _gains(verdict: Verdict) -> str:
    if not verdict.worth:
        return UNASKED
    # the judge puts the gate's metric first; the other metrics are in the report
    first = verdict.worth[0]
    same = [each for each in verdict.worth if each.metric == first.metric]
    gains = [f"over {each.against} {_gain(each)}" for each in same]
    says = [each.says for each in same if each.says]
    ends = f": {'; '.join(says)}" if says else ""
    where = f"{metric_title(first.metric)} ({count(first.n, 'case')})"
    return f"{where}, {' · '.join(gains)}{ends}"


def _gain(each: Worth) -> str:
    return interval(each.gain, each.low, each.high)
