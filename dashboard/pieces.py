"""HTML elements that several pages share: badges, facts, tables; texts in them are escaped.

Tested in tests/dashboard/test_outlets.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from dashboard.words import MAX_NAME, SHOWN, html, option, short
from harness.records import CheckResult
from harness.text.html import Child, Html, element, joined

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
"""The tone of each word of a verdict, an alarm or a case."""

SIGNS: dict[Tone, str] = {"good": "✓", "watch": "●", "bad": "✕", "quiet": "·", "override": "!"}
"""A sign beside the colour, for readers who cannot tell colours apart."""


def badge(word: str, tone: Tone | None = None) -> Html:
    """Return a word with its colour and sign."""
    known = tone or TONES.get(word, "quiet")
    return element("span", SIGNS[known], " ", html(word, 60), class_=f"lh-badge lh-{known}")


def quiet(text: str, limit: int = SHOWN) -> Html:
    """Return text in a muted colour."""
    return element("span", html(text, limit), class_="lh-quiet")


def bold(name: str) -> Html:
    """Return an adapter's name in bold."""
    return element("b", cut_name(name, MAX_NAME))


def unbroken(text: str) -> Html:
    """Return a few words, such as a day, that never wrap."""
    return element("span", html(text, 20), class_="lh-nowrap")


def note(*children: Child) -> Html:
    """Return a line in small letters: how a number was made, or how to read a chart."""
    return element("div", children, class_="lh-note")


def banner(line: str) -> Html:
    """Return a line that warns the reader."""
    return element("div", line, class_="lh-banner", role="note")


def cut_name(whole: str, limit: int = MAX_NAME) -> Html:
    """Return a name, cut in its middle where it is long, with the whole name as its tooltip."""
    shown = short(whole, limit)
    return element("span", shown, title=option(whole, 400) if "…" in shown else None)


def label(name: str) -> Html:
    """Return the name of the text or charts that follow."""
    return element("div", html(name, 80), class_="lh-label")


def head(title: str, *beside: Child) -> Html:
    """Return the first line of a box: its title, with badges and quiet words beside it."""
    shown = element("span", html(title, 300), class_="lh-task")
    return element("div", shown, beside, class_="lh-head")


def following(*step: Child) -> Html:
    """Return the next step, behind the word Next."""
    return element("div", element("b", "Next"), step, class_="lh-next")


def fact(name: str, value: str, rests_on: str = "", mark: Html | None = None) -> Html:
    """Return a number under its name, with its basis below and the badge `mark` beside it."""
    return element(
        "div",
        element("div", name, class_="lh-name"),
        element("div", value, " ", mark, class_="lh-value"),
        note(rests_on),
        class_="lh-fact",
    )


def facts(*each: Html) -> Html:
    """Return facts side by side, as many as fit."""
    return element("div", each, class_="lh-facts")


def table(names: Sequence[str], rows: Sequence[Sequence[Child]], align: str) -> Html:
    """Return a table; `align` has a letter per column: `<` words, `>` numbers.

    Each cell knows its column's name: on a phone a row becomes a card.
    """
    kinds = ["lh-number" if sign == ">" else "lh-words" for sign in align]
    columns = list(zip(kinds, names, strict=True))
    top = element("tr", [element("th", name, class_=kind) for kind, name in columns])
    body = [
        element(
            "tr",
            [
                element("td", cell, class_=kind, data_name=name)
                for (kind, name), cell in zip(columns, row, strict=True)
            ],
        )
        for row in rows
    ]
    made = element("table", element("thead", top), element("tbody", body), class_="lh-table")
    return element("div", made, class_="lh-scroll")


def legend(entries: Mapping[str, str], signs: Mapping[str, str] | None = None) -> Html:
    """Return names with their colours; unlike a chart's own legend it wraps on a phone."""
    keys = []
    for name, colour in entries.items():
        sign = element("span", (signs or {}).get(name, "●"), style=f"color:{colour}")
        keys.append(element("span", sign, " ", cut_name(name), class_="lh-key"))
    return element("div", keys, class_="lh-legend")


def failed(checks: Iterable[CheckResult]) -> Html:
    """Return the checks that an output did not pass, each with its reason."""
    lines = (f"{c.name} ({c.level}): {c.message}" for c in checks if not c.passed)
    return joined(note("✕ ", html(line, 200)) for line in lines)


def listed(lines: Sequence[str]) -> Html:
    """Return lines of text as a list."""
    return element("ul", [element("li", line) for line in lines], class_="lh-list")


def described(pairs: Sequence[tuple[str, str]]) -> Html:
    """Return names with the sentences on them."""
    found = [
        element("div", element("dt", html(name, 60)), element("dd", html(said)))
        for name, said in pairs
    ]
    return element("dl", found, class_="lh-described")
