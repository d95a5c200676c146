"""Part of the page Worth: would more examples help? The newest learning curve, others by choice.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import streamlit as st

from dashboard import choices, frame, pieces, words
from dashboard.downloads import offer
from dashboard.drawing import draw
from dashboard.learning_chart import COLOURS, learning_curve
from harness.flows.queries import MeasuredCurve, learning_curves
from harness.render.learning_curve import answer, enough_words, head, notes, rows, says, title
from harness.text.figures import day
from harness.text.html import Child

NOTE = "nested parts of a training set, several seeds each, on the benchmark's cases"


def more_examples(context: frame.PageContext) -> None:
    """Show what the learning curves of the task foretell, or the command that makes one."""
    frame.section("Would more examples help?", NOTE)
    found = learning_curves(context.project, context.task)
    for line in found.damaged:
        frame.remark(line)
    if not found.curves:
        frame.empty(
            "No learning curve of this task yet. A command makes one:",
            "lora-harness train --curve --data SET",
        )
        return
    _curve(_chosen(found.curves))


def _chosen(curves: tuple[MeasuredCurve, ...]) -> MeasuredCurve:
    if len(curves) == 1:
        return curves[0]
    names = {f"{one.curve.set}, {day(one.curve.at)} ({n})": one for n, one in enumerate(curves, 1)}
    return names[choices.one("Learning curve", list(names), "curve", next(iter(names)))]


def _curve(one: MeasuredCurve) -> None:
    said = answer(one.foretold)
    frame.html(
        pieces.head(words.begun(said)),
        pieces.note(f"{title(one.curve)} · {day(one.curve.at)}"),
    )
    if one.enough:
        frame.html(pieces.note(f"Enough: {enough_words(one.enough)}"))
    for line in notes(one.curve, one.foretold):
        frame.remark(f"{words.begun(line)}.")
    if not one.foretold:
        return
    frame.html(pieces.legend(COLOURS))
    for place, metric in zip(st.columns(len(one.foretold)), one.foretold, strict=True):
        with place:
            draw(f"curve-{metric.metric}", learning_curve, metric)
            frame.html(pieces.note(says(metric)))
    names = head(one.foretold)
    cells: list[list[Child]] = [list(row) for row in rows(one.foretold)]
    frame.html(pieces.table(names, cells, ">" * len(names)))
    offer(
        f"{one.curve.set} learning curve",
        ["metric", "examples", "mean", "low", "high", "seeds"],
        lambda: [
            [metric.metric, size.examples, s.value, s.low, s.high, s.n]
            for metric in one.foretold
            for size in metric.sizes
            for s in (size.score,)
        ],
        lambda: learning_curve(one.foretold[0], legend=True),
    )
