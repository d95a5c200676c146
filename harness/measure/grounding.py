"""The `grounded` check: no fact in figures or addresses that the model could not have known.

Numbers, prices, percentages, times, URLs and e-mails; numbers spelled in words are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.measure.quantities import Quantity, quantities

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
    """What input and ideals vouch for."""

    links: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)


def ungrounded(text: str, sources: tuple[str, ...]) -> str:
    """Return what the text states that no source has, or an empty string."""
    known = _learn(sources)
    found: list[str] = []
    for written in _strangers(text, known):
        if written[:MAX_NAMED_LENGTH] not in found:
            found.append(written[:MAX_NAMED_LENGTH])
        if len(found) > MAX_NAMED:
            break
    if not found:
        return ""
    more = ", and more" if len(found) > MAX_NAMED else ""
    return f"neither in the input nor in an ideal: {', '.join(found[:MAX_NAMED])}{more}"


def _learn(sources: tuple[str, ...]) -> _Known:
    known = _Known()
    for source in sources:
        rest, links = _without_links(source)
        known.links.update(place for link in links for place in _places(_plain_link(link)))
        for quantity in quantities(rest):
            for values in (*quantity.readings, *quantity.plain):
                known.values |= values
    return known


def _strangers(text: str, known: _Known) -> Iterator[str]:
    rest, links = _without_links(text)
    for link in links:
        if _plain_link(link) not in known.links:
            yield link
    # The 1. of a numbered list is layout, not a fact.
    for quantity in quantities(_LIST_MARK.sub("", rest)):
        if not _vouched(quantity, known.values):
            yield quantity.written


def _vouched(quantity: Quantity, values: set[str]) -> bool:
    return any(reading <= values for reading in quantity.readings)


def _without_links(text: str) -> tuple[str, list[str]]:
    """Take e-mails and URLs out, so that the digits in them are not read as numbers."""
    links: list[str] = []

    def take(match: re.Match[str]) -> str:
        links.append(match.group().rstrip(".,;:!?)]}'’”"))
        return " "

    return _URL.sub(take, _EMAIL.sub(take, text)), links


def _plain_link(link: str) -> str:
    """Leave out what changes the look of an address and not where it leads."""
    bare = re.sub(r"^(?:(?:https?|ftp)://)?(?:www\.)?", "", link.casefold())
    return bare.rstrip("/")


def _places(link: str) -> Iterator[str]:
    """Yield the address and what it stands on: whoever knows acme.com/a/b knows acme.com."""
    yield link
    for match in re.finditer(r"[/?#]", link):
        yield link[: match.start()]
    if "@" in link:
        yield link.partition("@")[2]
