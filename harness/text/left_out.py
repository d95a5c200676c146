"""Records without their texts: each text becomes the digest of its words, so that seals still hold.

A history that is committed need not carry what customers and models wrote. A digest hides a text
only as well as the text is hard to guess: "yes" is found by trying.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TypeVar

from harness.text.quoting import without_quotations
from harness.text.redact import LEFT_OUT, Redaction

Record = TypeVar("Record")

_MARK = re.compile(r"\[text left out, sha256 [0-9a-f]{64}\]\Z")


def without_texts(record: Record) -> Record:
    """Return a record with digests in place of its texts; sentences keep what they do not quote."""
    return _LEAVING_OUT.record(record)


def sealed_form(record: Record) -> Record:
    """Return what a seal covers: the digests of all words; the same with and without texts."""
    return _SEALING.record(record)


def is_left_out(text: str) -> bool:
    """Return whether a text was replaced by its digest."""
    return _MARK.match(text) is not None


def same_text(one: str, other: str) -> bool:
    """Return whether two texts are equal, where either may have been replaced by its digest."""
    if one == other or not (is_left_out(one) or is_left_out(other)):
        return one == other
    return _LEAVING_OUT.text(one) == _LEAVING_OUT.text(other)


def _mark_of(words: str) -> str:
    # half of a surrogate pair is no UTF-8, and a server may have sent it
    digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[text left out, sha256 {digest}]"


@dataclass(frozen=True, slots=True)
class _LeavingOut(Redaction):
    """Texts become digests; sentences lose their quotations, and get the digest of the whole."""

    texts: bool = False

    def text(self, text: str) -> str:
        """Return the digest of a text; blank texts stay, as they say nothing."""
        return _mark_of(text) if text.strip() and not is_left_out(text) else text

    def words(self, words: str) -> str:
        """Return a sentence without what it quotes, and its digest where it quotes anything."""
        if _MARK.search(words):
            return words
        shown = without_quotations(words, LEFT_OUT)
        return words if shown == words else f"{shown} {_mark_of(words)}"


@dataclass(frozen=True, slots=True)
class _Sealing(_LeavingOut):
    """Texts and sentences become digests."""

    def words(self, words: str) -> str:
        """Return the digest of a sentence."""
        found = _MARK.search(words)
        return found[0] if found else _mark_of(words)


_LEAVING_OUT, _SEALING = _LeavingOut(), _Sealing()
