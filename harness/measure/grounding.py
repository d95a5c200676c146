"""The `grounded` check: no figure or address that neither the input nor an ideal contains.

It covers numbers, prices, percentages, times, URLs and e-mails, not numbers spelled as words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.measure.quantities import quantities

MAX_NAMED = 5
MAX_NAMED_LENGTH = 60

_TLDS = "com|org|net|io|ai|co|dev|app|eu|de|uk|fr|nl|es|ch|info|biz|edu|gov"
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE)
_URL = re.compile(
    r"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"]+"
    rf"|(?<![\w@.-])(?:[a-z0-9-]{{1,63}}\.)+(?:{_TLDS})(?![\w-])(?:[/?#][^\s<>\"]*)?",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"^[ \t]{0,8}\d{1,2}[.)](?=[ \t])", re.MULTILINE)


@dataclass(slots=True)
class _Known:
    """The facts of the input and the ideals."""

    links: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    """Numbers in the notation of `quantities`."""


def ungrounded(text: str, sources: tuple[str, ...]) -> str:
    """Return a message with the facts of the text that no source has, or an empty string."""
    known = _known(sources)
    found: list[str] = []
    for written in _unknown(text, known):
        if written[:MAX_NAMED_LENGTH] not in found:
            found.append(written[:MAX_NAMED_LENGTH])
        if len(found) > MAX_NAMED:
            break
    if not found:
        return ""
    more = ", and more" if len(found) > MAX_NAMED else ""
    return f"neither in the input nor in an ideal: {', '.join(found[:MAX_NAMED])}{more}"


def _known(sources: tuple[str, ...]) -> _Known:
    known = _Known()
    for source in sources:
        rest, links = _without_links(source)
        known.links.update(place for link in links for place in _parts(_plain_link(link)))
        for quantity in quantities(rest):
            for values in (*quantity.readings, *quantity.plain):
                known.values |= values
    return known


def _unknown(text: str, known: _Known) -> Iterator[str]:
    rest, links = _without_links(text)
    for link in links:
        if _plain_link(link) not in known.links:
            yield link
    # The 1. of a numbered list is layout, not a fact.
    for quantity in quantities(_LIST_MARK.sub("", rest)):
        # An ambiguous number gets the benefit of the doubt: one known reading is enough.
        if not any(reading <= known.values for reading in quantity.readings):
            yield quantity.written


def _without_links(text: str) -> tuple[str, list[str]]:
    """Take e-mails and URLs out, so that the digits in them are not read as numbers."""
    links: list[str] = []

    def take(match: re.Match[str]) -> str:
        links.append(match.group().rstrip(".,;:!?)]}'’”"))
        return " "

    return _URL.sub(take, _EMAIL.sub(take, text)), links


def _plain_link(link: str) -> str:
    """Drop the parts of an address that do not change its target: scheme, www, case, final /."""
    bare = re.sub(r"^(?:(?:https?|ftp)://)?(?:www\.)?", "", link.casefold())
    return bare.rstrip("/")


def _parts(link: str) -> Iterator[str]:
    """Yield the address and its shorter forms, as a source with acme.com/a/b also has acme.com."""
    yield link
    for match in re.finditer(r"[/?#]", link):
        yield link[: match.start()]
    if "@" in link:
        yield link.partition("@")[2]
