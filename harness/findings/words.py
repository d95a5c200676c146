"""Texts split into words, with case, punctuation, white space and Unicode forms folded away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(
    r"""
    [^\W_]+(?:['’.,-][^\W_]+)*+(?:\+\+|\#)?   # don't, 10-minute, 1.5, C++
    | [+*/=<>^×÷](?=\s*[\d(]) | %             # signs that make another sum of it
    | (?<=\d\s)[-−](?=\s?\d)
    """,
    re.VERBOSE,
)
_INNER = re.compile(r"['’]|(?<!\d)[.,-]|[.,-](?!\d)|(?<=\d),(?=\d{3}(?!\d))")
"""Signs that are dropped within a word; a decimal point and a range of numbers stay."""
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
"""Signs of scripts without spaces: each is compared like a word."""
_SURROGATES, _PLANE = 0xD800, 0x110000
"""The first surrogate, and the end of Unicode; `WordCoder` leaves the surrogates out."""


def words(text: str) -> list[str]:
    """Return the words to compare: `Don't` is `dont`, `1,200` is `1200`, `1.5` stays `1.5`."""
    if not text.isascii():
        text = _IDEOGRAPH.sub(r" \g<0> ", unicodedata.normalize("NFKC", text))
    found: list[str] = _WORD.findall(text.casefold())
    # Most texts need no further cleaning, and checking is much cheaper than substituting.
    if all(map(str.isalnum, found)):
        return found
    return [_INNER.sub("", word) for word in found]


def normal(text: str) -> str:
    """Return the same form for texts that differ only in case, punctuation, spaces or Unicode form.

    A text without any word, such as `?!`, keeps its signs.
    """
    # Without this fallback, all texts that consist of signs would be equal.
    return " ".join(words(text)) or " ".join(unicodedata.normalize("NFKC", text).split())


class WordCoder:
    """A code of a letter per word, so that a library for letters counts edits of words."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def code(self, text_words: Iterable[str]) -> str:
        """Return a letter per word; the same word always gets the same letter."""
        letters = self._letters
        return "".join(letters.get(word) or self._new(word) for word in text_words)

    def _new(self, word: str) -> str:
        # Letters run out after a million words; from there on some words share a letter.
        number = len(self._letters) % (_PLANE - 0x800)
        letter = chr(number if number < _SURROGATES else number + 0x800)
        self._letters[word] = letter
        return letter
