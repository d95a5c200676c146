"""Turn records into rows of a chart with the words of their tooltips; every number states its n.

Tested in tests/dashboard/test_charts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from dashboard.colours import EFFECTS
from dashboard.words import MAX_NAME, option, short
from harness.text.figures import day, metric_title, percent, score, signed

if TYPE_CHECKING:
    from harness.flows.queries import (
        Compared,
        EvidenceWeek,
        Forgetting,
        Point,
        SlicePanel,
        WeekRates,
    )

Rated = Literal["edit", "rejection"]
LEAST_EVIDENCE, MOST_EVIDENCE = 0.001, 100.0
"""Shares of an alarm's evidence between which a chart tells sizes apart."""

POINT_TIP = [
    alt.Tooltip("whole:N", title="adapter"),
    alt.Tooltip("shown:N", title="mean, 95 %"),
    alt.Tooltip("cases:N", title="n"),
    alt.Tooltip("when:N"),
    alt.Tooltip("version:N", title="benchmark"),
]
WEEK_TIP = [
    alt.Tooltip("week:N"),
    alt.Tooltip("whole:N", title="adapter"),
    alt.Tooltip("shown:N", title="rate, 95 %"),
    alt.Tooltip("reviews:N", title="n"),
]
EVIDENCE_TIP = [
    alt.Tooltip("week:N"),
    alt.Tooltip("whole:N", title="adapter"),
    alt.Tooltip("share:Q", title="of an alarm", format=".3~g"),
    alt.Tooltip("reviews:N", title="n"),
]
EFFECT_TIP = [
    alt.Tooltip("whole:N", title="adapter"),
    alt.Tooltip("what:N"),
    alt.Tooltip("shown:N", title="difference, 95 %"),
    alt.Tooltip("cases:N", title="n"),
]
EVENT_TIP = [
    alt.Tooltip("what:N"),
    alt.Tooltip("adapter:N"),
    alt.Tooltip("when:N"),
    alt.Tooltip("words:N"),
]


def dot_tip(reference: str, candidate: str) -> list[alt.Tooltip]:
    """Return the tooltip of a case's pair of dots."""
    return [
        alt.Tooltip("whole:N", title="case"),
        alt.Tooltip("flag:N"),
        alt.Tooltip("before:Q", title=reference, format=".3f"),
        alt.Tooltip("after:Q", title=candidate, format=".3f"),
    ]


def data(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Return rows as data that is embedded in the chart."""
    return alt.InlineData(values=list(rows))


def point_row(point: Point) -> dict[str, Any]:
    """Return the row of a run, or of the runs of a day or month."""
    runs = "" if point.runs == 1 else f", {point.runs} runs"
    return {
        "at": point.at,
        "adapter": short(point.adapter, MAX_NAME),
        "whole": option(point.adapter, 200),
        "version": point.fingerprint[:6],
        "mean": point.mean,
        "low": point.low,
        "high": point.high,
        "cases": f"{point.n} cases{runs}",
        "when": day(point.at),
        "shown": with_interval(score, point.mean, point.low, point.high),
    }


def week_row(week: WeekRates, which: Rated) -> dict[str, Any] | None:
    """Return the row of an adapter's week; None without reviews, which is a gap and not a zero."""
    rate = week.edit if which == "edit" else week.rejection
    if rate.value is None:
        return None
    synthetic = f", {rate.synthetic} synthetic" if rate.synthetic else ""
    return {
        "at": week.starts,
        "week": week.week,
        "adapter": short(week.adapter, MAX_NAME),
        "whole": option(week.adapter, 200),
        "rate": rate.value,
        "low": rate.low,
        "high": rate.high,
        "reviews": f"{rate.n} reviews{synthetic}",
        "shown": with_interval(percent, rate.value, rate.low, rate.high),
    }


def evidence_row(week: EvidenceWeek) -> dict[str, Any]:
    """Return the row of a week's evidence, its share cut to what the chart's scale can show."""
    return {
        "at": week.starts,
        "week": week.week,
        "adapter": short(week.adapter, MAX_NAME),
        "whole": option(week.adapter, 200),
        "share": week.share,
        "drawn": max(LEAST_EVIDENCE, min(MOST_EVIDENCE, week.share)),
        "alarm": week.alarm,
        "reviews": f"{week.n} reviews",
    }


def effect_rows(forgettings: Sequence[Forgetting]) -> Iterable[dict[str, Any]]:
    """Yield the gain of every adapter, then its guards."""
    for each in forgettings:
        gained = [("gain", each.gain)] if each.gain else []
        for kind, effect in [*gained, *(("keeps", guard) for guard in each.guards)]:
            yield {
                "adapter": short(each.adapter, 26),
                "whole": option(each.adapter, 200),
                "guard": kind == "keeps",
                "what": f"{option(effect.benchmark, 40)}: {metric_title(effect.metric)}"
                + (" (guard)" if kind == "keeps" else ""),
                "turn": _turn(effect.low, effect.high),
                "difference": effect.difference,
                "low": effect.low,
                "high": effect.high,
                "cases": f"{effect.n} cases",
                "shown": with_interval(signed, effect.difference, effect.low, effect.high),
            }


def _turn(low: float | None, high: float | None) -> str:
    """Return whether an interval lies above, below or around zero."""
    gained, lost, open_ = EFFECTS
    if low is None or high is None:
        return open_
    return gained if low > 0 else lost if high < 0 else open_


def case_row(each: Compared, metric: str) -> dict[str, Any]:
    """Return the row of a case under both adapters."""
    before, after = each.scores[metric]
    sign = " !" if each.case.critical else ""
    return {
        "id": each.case.id,
        "case": short(each.case.id, 30) + sign,
        "whole": option(each.case.id, 200),
        "before": before,
        "after": after,
        "flag": each.flag,
    }


def with_interval(
    write: Callable[[float], str], value: float, low: float | None, high: float | None
) -> str:
    """Write 0.412 [0.380, 0.444]."""
    told = write(value)
    return told if low is None or high is None else f"{told} [{write(low)}, {write(high)}]"


def slice_title(panel: SlicePanel) -> str:
    """Return the title of a slice: its value, its n, and how far the promoted line moved."""
    n = max((point.n for point in panel.points), default=0)
    key, _, value = panel.name.partition("=")
    moved = "" if panel.drift is None else f" · {signed(panel.drift)}"
    return f"{option(value or key, 24)} · {n} cases{moved}"
