"""Reviewers: who reviewed how much and how fast, and how alike people decide.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import streamlit as st

from dashboard import frame, pieces, words
from dashboard.downloads import offer
from harness.flows.queries import reviewers_page
from harness.records import ReviewerRow, Reviewers
from harness.render.reviewers import agreement_words, duration, short_agreement, time_words
from harness.text.figures import count, percent
from harness.text.html import Child, element


def body(context: frame.PageContext) -> None:
    """Show a row for each person, their agreement, and what a filed review is used for."""
    title = st.container()
    found = reviewers_page(context.project, context.store, context.task or None)
    with title:
        frame.headline(*_headline(found))
    if not found.rows:
        frame.empty(
            "No output is reviewed yet. Page Review hands them out; this reads a table of reviews:",
            "lora-harness reviews import FILE",
        )
        _uses(found)
        return
    head = [
        "reviewer", "reviews", "accepted", "edited", "rejected", "edit rate", "rejection rate",
        "median time", "same output, alike",
    ]  # fmt: skip
    frame.html(pieces.table(head, [_row(row) for row in found.rows], "<>>>>>>>>"))
    offer("reviewers", head, lambda: [_cells(row) for row in found.rows])
    if not found.outputs:
        frame.html(
            pieces.note(
                "The page Review hands reviewed outputs to a second person under Second look:"
                " neither sees what the other did."
            )
        )
    _uses(found)


def _headline(found: Reviewers) -> tuple[str, str]:
    reviews = sum(row.reviews for row in found.rows)
    if not reviews:
        return "No review yet", ""
    said = [agreement_words(found.agreement, found.outputs), time_words(found.timed, found.seconds)]
    return (
        f"{count(reviews, 'review')} by {count(len(found.rows), 'reviewer')}",
        " · ".join(map(words.begun, said)),
    )


def _uses(found: Reviewers) -> None:
    frame.section("What a review is used for")
    frame.html(pieces.listed(found.uses))


def _row(row: ReviewerRow) -> list[Child]:
    made = pieces.badge("synthetic", "quiet") if row.synthetic else None
    return [
        element(
            "span", pieces.bold(row.name) if row.name else pieces.quiet("not named"), " ", made
        ),
        f"{row.reviews:,}",
        f"{row.accepted:,}",
        f"{row.edited:,}",
        f"{row.rejected:,}",
        percent(row.edit.value),
        percent(row.rejection.value),
        duration(row.seconds),
        short_agreement(row.agreement),
    ]


def _cells(row: ReviewerRow) -> list[str | int | float | None]:
    return [
        row.name,
        row.reviews,
        row.accepted,
        row.edited,
        row.rejected,
        row.edit.value,
        row.rejection.value,
        row.seconds,
        row.agreement.share.value,
    ]


frame.show("Reviewers", body, every_task=True)
