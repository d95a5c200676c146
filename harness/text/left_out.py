"""Records without their texts: each text becomes the digest of its words, so that seals still hold.

A history that is committed need not carry what customers and models wrote. A digest hides a text
only as well as the text is hard to guess: "yes" is found by trying.

Tested in tests/flows/test_history_texts.py.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from harness.records.holds import Holds
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


def same_texts(some: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether texts are equal, where any may have been replaced by its digest."""
    if any(map(is_left_out, (*some, *others))):
        some, others = (list(map(_LEAVING_OUT.text, texts)) for texts in (some, others))
    return list(some) == list(others)


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

    def _walk(self, value: Any, holds: Holds, keys: Holds = "exact") -> Any:
        if (holds, keys) == ("text", "text") and isinstance(value, Mapping):
            # a check's table of words is one text
            return self.text(json.dumps(value, sort_keys=True))
        # without arguments, `super` does not work in a class with slots that is made twice
        return Redaction._walk(self, value, holds, keys)


@dataclass(frozen=True, slots=True)
class _Sealing(_LeavingOut):
    """Texts and sentences become digests."""

    def words(self, words: str) -> str:
        """Return the digest of a sentence."""
        found = _MARK.search(words)
        return found[0] if found else _mark_of(words)


_LEAVING_OUT, _SEALING = _LeavingOut(), _Sealing()
