"""A verdict on a page: the sentence, what it rests on, its metrics, and what is shown with it.

The words are those of the terminal and the report, from `harness.render`; all are escaped here.

Tested in tests/dashboard/test_told.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard import colours, pieces, words
from harness.records import RESERVED, MetricVerdict, Verdict, Worth
from harness.render.changes import worst_slice
from harness.render.evidence import EvidenceRow, evidence, in_one_sentence, is_guard, lost_finals
from harness.render.facts import BAR_MOVED, facts, moved_bar, other_notes
from harness.render.gain_over_base import UNASKED
from harness.render.metric_table import difference_of, sure
from harness.render.report.metrics import by_reference
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
    word, number = counted(verdict)
    fixed = len(verdict.fixed)
    tally = [
        pieces.badge(verdict.outcome),
        pieces.badge(f"{number} {word}", "bad" if number else "quiet"),
        pieces.badge(f"{fixed} fixed", "good" if fixed else "quiet"),
        pieces.quiet(f"of {count(verdict.n, 'case')}{when}"),
    ]
    said = in_one_sentence(verdict)
    sentence = element("p", words.html(said), class_="lh-sentence") if said else None
    return joined([element("div", tally, class_="lh-head"), sentence])


def counted(verdict: Verdict) -> tuple[str, int]:
    """Return the word and the number by which the verdict counts what went wrong.

    The second rule counts collapsed cases. It shows further ones as broken, which fell as far, but
    not beyond the usual scatter of the cases.
    """
    if verdict.own_cases is None:
        return "broken", len(verdict.broken)
    used = verdict.reserve if verdict.reserve and verdict.reserve.used else verdict.own_cases
    return "collapsed", used.collapsed


def beside_collapsed(verdict: Verdict) -> str:
    """Say why more cases are called broken than collapsed; empty where the numbers agree."""
    word, number = counted(verdict)
    more = len(verdict.broken) - number
    if word == "broken" or more <= 0:
        return ""
    also = f"the {number} that collapsed and {more}" if number else f"{more}"
    return (
        f"Broken below are {also} that fell as far, though not beyond the usual scatter of these"
        " cases; a person may accept each."
    )


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
    """Return the metrics, a table for each reference; guard benchmarks are rows of the first."""
    sides = f"difference, {sure(verdict.alpha)}"
    head = ["metric", "role", "before", "candidate", sides, "margin", "n", "result"]
    tables = [
        (reference, pieces.table(head, [_metric_row(t, m) for t, m, _ in rows], "<<>>>>><"))
        for reference, rows in by_reference(verdict)
    ]
    if len(tables) < 2:
        return joined(table for _, table in tables)
    return joined(
        [element("div", f"against {name}", class_="lh-name"), table] for name, table in tables
    )


def _metric_row(title: str, metric: MetricVerdict) -> list[Child]:
    return [
        words.html(title, 60),
        words.html(metric.role, 20),
        score(metric.reference),
        score(metric.candidate),
        words.html(difference_of(metric), 80),
        "" if metric.margin is None else margin(metric.margin),
        str(metric.n),
        pieces.badge(metric.state) if metric.role != "report" else pieces.quiet(metric.state),
    ]


def legend(verdict: Verdict) -> Html:
    """Return the legend of the verdict's chart: states, margin, and the open side."""
    found = [metric for _, rows in by_reference(verdict) for _, metric, _ in rows]
    states = {metric.state for metric in found}
    entries: dict[str, str] = {}
    signs: dict[str, str] = {}
    for state, (colour, _, sign) in colours.STATES.items():
        if state in states:
            entries[state], signs[state] = colour, sign
    if any(metric.margin is not None for metric in found):
        entries |= {"margin": colours.STATES["worse"][0], "open side of what decided": "inherit"}
        signs |= {"margin": "┃", "open side of what decided": "▶"}
    return pieces.legend(entries, signs)


def worth(verdict: Verdict) -> Html | None:
    """Return what fine-tuning gained over the base, and what it cost on guard benchmarks.

    A verdict on the base itself has nothing to gain over, and a guard serves no task.
    """
    if is_guard(verdict) or "candidate" not in verdict.runs or verdict.candidate in RESERVED:
        return None
    found = [*verdict.worth, *verdict.forgetting]
    title = element("div", element("b", "Was it worth it?"), class_="lh-gap")
    if not found:
        return joined([title, pieces.note(UNASKED)])
    head = ["metric", "against", f"gain, {sure(verdict.alpha)}", "n", "so"]
    return joined([title, pieces.table(head, [_gain_row(each) for each in found], "<<>><")])


def _gain_row(each: Worth) -> list[Child]:
    return [
        words.html(f"{each.benchmark}, {metric_title(each.metric)} ({each.role})", 120),
        words.html(each.against, 60),
        interval(each.gain, each.low, each.high),
        str(each.n),
        [pieces.badge(each.state), " ", words.html(each.says, 200)],
    ]
