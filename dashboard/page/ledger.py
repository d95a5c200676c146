"""Ledger: every decision with its author and reason, and whether the record is whole.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import streamlit as st

from dashboard import choices, frame, pieces, words
from dashboard.downloads import offer
from harness.flows.queries import Entry, Ledger, ledger
from harness.flows.queries.sheets import LEDGER, ledger_sheet
from harness.text.figures import count, day
from harness.text.html import Child

ROWS = 50
"""Decisions on one page of the list."""


def body(context: frame.PageContext) -> None:
    """Show the decisions, the newest first, and the check of their chain."""
    title = st.container()
    only = choices.toggle("Overrides only", "overrides")
    found = _page(context, only)
    with title:
        frame.headline(*_headline(found))
    _proof(found)
    if not found.total:
        frame.empty(
            "No decision yet. Promoting a judged adapter is the first:",
            "lora-harness promote NAME --task TASK --by WHO --why TEXT",
        )
        return
    if not found.entries:
        kind = " against a verdict" if only else ""
        task = f" for {context.task}" if context.task else ""
        frame.empty(f"No decision was taken{kind}{task}.", "")
        return
    head = ["no.", "when", "task", "decision", "adapter", "verdict", "by", "why", "now"]
    frame.html(pieces.table(head, [_row(entry) for entry in found.entries], "><<<<<<<<"))
    offer("ledger", LEDGER, lambda: ledger_sheet(found.entries).rows)


def _page(context: frame.PageContext, only: bool) -> Ledger:
    found = ledger(context.project, context.store, context.task or None, only, 0, ROWS)
    pages = -(-found.matching // ROWS)
    if pages < 2:
        return found
    place = choices.place("page", pages)
    return ledger(
        context.project, context.store, context.task or None, only, (place - 1) * ROWS, ROWS
    )


def _headline(found: Ledger) -> tuple[str, str]:
    decisions = count(found.matching, "decision")
    if found.matching != found.total:
        decisions += f" of {found.total}"
    against = count(found.overrides, "override") if found.overrides else "no override"
    if not found.whole:
        return "The ledger was changed by hand", f"{decisions}, {against}"
    return (
        f"{decisions}, {against}",
        "Every row is as it was recorded, and follows from the one before.",
    )


def _proof(found: Ledger) -> None:
    if not found.whole:
        rows = "; ".join(found.wrong[:10])
        frame.trouble(f"These rows are not what was recorded: {rows}")
    elif not found.total:
        return
    with st.expander("Check bytes, runs and verdicts as well", expanded=not found.whole):
        frame.command(found.command)


def _row(entry: Entry) -> list[Child]:
    made = entry.decision
    case = f" · {made.case}" if made.case else ""
    what = words.html(f"{made.kind}{case}", 120)
    if made.override:
        what = pieces.badge(f"OVERRIDE {made.kind}", "override")
    stands = pieces.badge("in production", "good") if entry.stands else None
    wrong = pieces.badge(entry.broken, "override") if entry.broken else None
    return [
        str(made.seq),
        pieces.unbroken(day(made.at)),
        pieces.cut_name(made.task),
        what,
        pieces.bold(made.adapter),
        pieces.badge(entry.outcome) if entry.outcome else pieces.quiet("none"),
        words.html(made.by, 80),
        words.html(made.why, 300),
        [stands, wrong],
    ]


frame.show("Ledger", body, every_task=True)
