"""Small pieces of HTML that several pages share: badges, facts, tables. Strings in, escaped out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from dashboard.words import html
from harness.records import CheckResult

Tone = Literal["good", "watch", "bad", "quiet", "override"]

TONES: dict[str, Tone] = {
    "promote": "good",
    "reject": "bad",
    "inconclusive": "watch",
    "steady": "good",
    "watch": "watch",
    "retrain": "bad",
    "broken": "bad",
    "fixed": "good",
    "changed": "watch",
    "same": "quiet",
    "worse": "bad",
    "open": "watch",
    "not worse": "good",
    "better": "good",
    "identical": "quiet",
}
"""What a word of the verdict, the alarm or a case means for the reader's pulse."""

SIGNS: dict[Tone, str] = {"good": "✓", "watch": "●", "bad": "✕", "quiet": "·", "override": "!"}
"""Colour alone would leave some readers out."""


def badge(word: str, tone: Tone | None = None) -> str:
    """A word with its colour and its sign."""
    known = tone or TONES.get(word, "quiet")
    return f'<span class="lh-badge lh-{known}">{SIGNS[known]} {html(word, 60)}</span>'


def quiet(text: str) -> str:
    """Words of second rank."""
    return f'<span class="lh-quiet">{html(text)}</span>'


def fact(name: str, value: str, note: str = "", mark: str = "") -> str:
    """A number under its name, with what it rests on; `mark` is a badge, already HTML."""
    return (
        f'<div class="lh-fact"><div class="lh-name">{html(name)}</div>'
        f'<div class="lh-value">{html(value)} {mark}</div>'
        f'<div class="lh-note">{html(note)}</div></div>'
    )


def facts(*each: str) -> str:
    """Facts side by side, as many as fit."""
    return f'<div class="lh-facts">{"".join(each)}</div>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """Cells are HTML already; `align` has a letter per column: `<` words, `>` numbers."""
    kinds = ["lh-number" if sign == ">" else "lh-words" for sign in align]
    columns = [(f'class="{kind}"', html(name)) for kind, name in zip(kinds, head, strict=True)]
    top = "".join(f"<th {kind}>{name}</th>" for kind, name in columns)
    body = "".join(f"<tr>{_cells(columns, row)}</tr>" for row in rows)
    return (
        f'<div class="lh-scroll"><table class="lh-table"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(columns: Sequence[tuple[str, str]], row: Sequence[str]) -> str:
    """Each cell knows its column's name: on a phone a row becomes a card."""
    return "".join(
        f'<td {kind} data-name="{name}">{cell}</td>'
        for (kind, name), cell in zip(columns, row, strict=True)
    )


def legend(entries: Mapping[str, str], signs: Mapping[str, str] | None = None) -> str:
    """Names with their colours, beside a chart: unlike a chart's own it wraps on a phone."""
    told = "".join(
        f'<span class="lh-key"><span style="color:{colour}">{(signs or {}).get(name, "●")}</span>'
        f" {html(name, 60)}</span>"
        for name, colour in entries.items()
    )
    return f'<div class="lh-legend">{told}</div>'


def failed(checks: Iterable[CheckResult]) -> str:
    """The checks that an output did not pass, and why not."""
    told = (f"{c.name} ({c.level}): {c.message}" for c in checks if not c.passed)
    return "".join(f'<div class="lh-note">✕ {html(line, 200)}</div>' for line in told)


def listed(lines: Sequence[str]) -> str:
    """Lines of text, one under the other."""
    return '<ul class="lh-list">' + "".join(f"<li>{html(line)}</li>" for line in lines) + "</ul>"
