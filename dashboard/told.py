"""A verdict on a page: the sentence, what it rests on, its metrics, and what is shown with it.

The words are those of the terminal and the report, from `harness.render`; all are escaped here.

Tested in tests/dashboard/test_told.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard import pieces, words
from harness.records import MetricVerdict, Verdict
from harness.render.changes import worst_slice
from harness.render.evidence import EvidenceRow, evidence, in_one_sentence, lost_finals
from harness.render.facts import BAR_MOVED, facts, moved_bar, other_notes
from harness.text.figures import (
    chance,
    count,
    day,
    interval,
    margin,
    metric_title,
    score,
    signed,
)
from harness.text.html import Child, Html, element, joined


def outcome(verdict: Verdict, when: str) -> Html:
    """Return the outcome with its counts, then the sentence; `when` says how it came about."""
    broken, fixed = len(verdict.broken), len(verdict.fixed)
    tally = [
        pieces.badge(verdict.outcome),
        pieces.badge(f"{broken} broken", "bad" if broken else "quiet"),
        pieces.badge(f"{fixed} fixed", "good" if fixed else "quiet"),
        pieces.quiet(f"of {count(verdict.n, 'case')}{when}"),
    ]
    said = in_one_sentence(verdict)
    sentence = element("p", words.html(said), class_="lh-sentence") if said else None
    return joined([element("div", tally, class_="lh-head"), sentence])


def rests_on(verdict: Verdict, stored: bool = True) -> Html:
    """Return the rows of cases, reserve and finals, then a warning where the bar moved.

    A verdict that is not stored was computed for the page, from the benchmark's cases alone.
    """
    moved = moved_bar(verdict)
    warning = f"{BAR_MOVED.capitalize()}: {moved}"
    return joined(
        [
            rows(evidence(verdict)[: None if stored else 1]),
            element("div", words.html(warning), class_="lh-banner", role="note") if moved else None,
        ]
    )


def rows(found: Sequence[EvidenceRow]) -> Html:
    """Return a table of cases, reserve and finals: what each says, and its figures."""
    cells: list[list[Child]] = [
        [words.html(row.what, 80), words.html(row.says, 200), words.html(row.seen, 300)]
        for row in found
    ]
    return pieces.table(["what it rests on", "says", "seen"], cells, "<<<") if cells else joined()


def in_short(found: Sequence[EvidenceRow]) -> Html:
    """Return a line each for cases, reserve and finals, without their figures, for lists."""
    lines = [
        element("div", words.html(row.what, 80), ": ", pieces.quiet(row.says, 200)) for row in found
    ]
    return element("div", lines)


def shown_with_it(verdict: Verdict) -> Html:
    """Return margin, risk, what can break, the worst slice and the other notes."""
    found = [pair for pair in facts(verdict) if pair[0] != BAR_MOVED]
    worst = worst_slice(verdict.slices)
    if worst is not None:
        p = "" if worst.p is None else f", {chance(worst.p)}"
        fell = f"{worst.name} ({count(worst.n, 'case')}) {signed(worst.difference)}{p}"
        found.append(("worst slice", fell))
    notes = other_notes(verdict)
    if notes:
        found.append(("also", "; ".join(notes)))
    return pieces.described(found)


def lost(verdict: Verdict, texts: Mapping[str, str]) -> Html:
    """Return the texts that people sent and that would no longer be written."""
    rows: list[list[Child]] = [
        [
            words.html(one.id, 80),
            words.html(day(one.at), 40),
            score(one.promoted),
            score(one.candidate),
            words.html(texts.get(one.id, "")),
        ]
        for one in lost_finals(verdict)
    ]
    return pieces.table(["review", "sent", "likely before", "now", "text"], rows, "<<>><")


def metrics(verdict: Verdict) -> Html:
    """Return the metrics, a table for each reference."""
    against = list(dict.fromkeys(metric.against for metric in verdict.metrics))
    head = ["metric", "role", "before", "candidate", "difference, 95 %", "margin", "n", "result"]
    parts = []
    for reference in against:
        rows = [_metric_row(m) for m in verdict.metrics if m.against == reference]
        if len(against) > 1:
            parts.append(element("div", f"against {reference}", class_="lh-name"))
        parts.append(pieces.table(head, rows, "<<>>>>><"))
    return joined(parts)


def _metric_row(metric: MetricVerdict) -> list[Child]:
    counted = ", ".join(f"{number} {what}" for what, number in (metric.counts or {}).items())
    moved = interval(metric.difference, metric.low, metric.high)
    return [
        words.html(metric_title(metric.name), 60),
        words.html(metric.role, 20),
        score(metric.reference),
        score(metric.candidate),
        words.html(counted, 80) if metric.low is None and counted else moved,
        "" if metric.margin is None else margin(metric.margin),
        str(metric.n),
        pieces.badge(metric.state) if metric.role != "report" else pieces.quiet(metric.state),
    ]
