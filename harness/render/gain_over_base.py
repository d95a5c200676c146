"""Was it worth it, in lines: what was gained over the base, and what was forgotten elsewhere.

A gain that nobody asked for is said to be so; it is never shown as zero.
"""

from __future__ import annotations

from harness.records import RESERVED, Verdict, Worth
from harness.text import safe
from harness.text.figures import count, interval, metric_title
from harness.text.table import hang

UNASKED = "not asked: there is no run of base to compare with"


def worth_lines(verdict: Verdict, width: int) -> list[str]:
    """The gain over `base` and `base+prompt`, then what each guard benchmark says of the base."""
    if "candidate" not in verdict.runs or verdict.candidate in RESERVED:
        return []
    guard = verdict.task is None
    kept = [each for each in verdict.worth if each.role == "gate"] if guard else verdict.forgetting
    lines = [] if guard else hang("  worth it?   ", _gains(verdict), width)
    for each in kept:
        lines += hang("  forgotten?  ", _kept(each), width)
    return lines


def _gains(verdict: Verdict) -> str:
    if not verdict.worth:
        return UNASKED
    first = verdict.worth[0]
    same = [each for each in verdict.worth if each.metric == first.metric]
    told = [f"over {each.against} {_gain(each)}" for each in same]
    said = [each.says for each in same if each.says]
    ends = f": {'; '.join(said)}" if said else ""
    where = f"{metric_title(first.metric)} ({count(first.n, 'case')})"
    return f"{where}, {' · '.join(told)}{ends}"


def _kept(each: Worth) -> str:
    name = safe.ci_log(each.benchmark, limit=40)
    said = f": {each.says}" if each.says else f": {each.state}"
    where = f"{name} {metric_title(each.metric)} ({count(each.n, 'case')})"
    return f"{where}, against {each.against} {_gain(each)}{said}"


def _gain(each: Worth) -> str:
    return interval(each.gain, each.low, each.high)
