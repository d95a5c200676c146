"""Who reviewed how much, how fast and how alike, as a table and as JSON.

Tested in tests/flows/queries/test_reviewers.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records import SYNTHETIC, Agreement, ReviewerRow, Reviewers, Treatment
from harness.text.figures import MISSING, count, percent, signed
from harness.text.plain import plain
from harness.text.safe import ci_log
from harness.text.table import table

HEAD = (
    "reviewer", "reviews", "accepted", "edited", "rejected", "edit rate", "median time",
    "same output alike",
)  # fmt: skip


def reviewers_text(found: Reviewers) -> str:
    """Return the table, the agreement in a sentence, and what the reviews are used for."""
    if not found.rows:
        return "no review yet; `lora-harness reviews import FILE` brings them"
    rows = [HEAD, *(_row(row) for row in found.rows)]
    return "\n".join(
        [
            *table(rows, "<>>>>>>>"),
            agreement_words(found.agreement, found.outputs),
            time_words(found.timed, found.seconds),
            *found.uses,
        ]
    )


def _row(row: ReviewerRow) -> list[str]:
    made = f" ({row.synthetic:,} {SYNTHETIC})" if row.synthetic else ""
    return [
        ci_log(row.name, limit=40) or MISSING,
        f"{row.reviews:,}{made}",
        f"{row.accepted:,}",
        f"{row.edited:,}",
        f"{row.rejected:,}",
        percent(row.edit.value),
        duration(row.seconds),
        short_agreement(row.agreement),
    ]


def duration(seconds: float | None) -> str:
    """Write 42 s or 3:05 min; a time that was not measured is a dash."""
    if seconds is None:
        return MISSING
    if seconds < 60:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02} min"


def short_agreement(alike: Agreement) -> str:
    """Write 83.3 % of 12; a dash where nobody else reviewed the same output."""
    share = alike.share
    return MISSING if share.value is None else f"{percent(share.value)} of {share.n:,}"


def agreement_words(alike: Agreement, outputs: int) -> str:
    """Say how alike people decide, and what that rests on."""
    share = alike.share
    if share.value is None:
        return "agreement: no output was reviewed by two people yet"
    more = (
        "" if alike.beyond_chance is None else f", {signed(alike.beyond_chance, 2)} beyond chance"
    )
    apart = "" if alike.apart is None else f"; their edit rates are {percent(alike.apart)} apart"
    interval = f"[{percent(share.low)}, {percent(share.high)}]"
    return (
        f"agreement: {percent(share.value)} {interval} of {count(share.n, 'pair')} on"
        f" {count(outputs, 'output')} decided alike{more}{apart}"
    )


def time_words(timed: int, seconds: float | None) -> str:
    """Say the median time, and how many reviews it rests on."""
    if seconds is None:
        return "time: no review says how long it took"
    return f"time: {duration(seconds)} in the middle of {count(timed, 'measured review')}"


DECISIONS: Sequence[Treatment] = ("accepted", "edited", "rejected")


def reviewers_json(found: Reviewers) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "task": found.task,
        "reviewers": [
            {
                "reviewer": plain(row.name),
                "reviews": row.reviews,
                "production": row.production,
                "synthetic": row.synthetic,
                **{word: getattr(row, word) for word in DECISIONS},
                "edit_rate": row.edit.value,
                "edit_rate_n": row.edit.n,
                "rejection_rate": row.rejection.value,
                "timed": row.timed,
                "median_seconds": row.seconds,
                "agreement": _agreement(row.agreement),
            }
            for row in found.rows
        ],
        "timed": found.timed,
        "median_seconds": found.seconds,
        "agreement": _agreement(found.agreement) | {"outputs": found.outputs},
        "uses": list(found.uses),
    }


def _agreement(alike: Agreement) -> dict[str, Any]:
    share = alike.share
    interval = None if share.value is None else [share.low, share.high]
    return {
        "pairs": share.n,
        "share": share.value,
        "interval": interval,
        "beyond_chance": alike.beyond_chance,
        "edit_rates_apart": alike.apart,
    }
