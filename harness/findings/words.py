"""Texts as their words: case, punctuation, white space and Unicode forms folded away."""

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
"""What is left out within a word; a decimal point and a range of numbers stay."""
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
"""Written without spaces: each sign is compared like a word."""
_SURROGATES, _PLANE = 0xD800, 0x110000


def words(text: str) -> list[str]:
    """The words that are compared: `Don't` is `dont`, `1,200` is `1200`, `1.5` stays `1.5`."""
    flat = text if text.isascii() else _spaced(text)
    found: list[str] = _WORD.findall(flat.casefold())
    if all(map(str.isalnum, found)):
        return found
    return [_INNER.sub("", word) for word in found]


def _spaced(text: str) -> str:
    return _IDEOGRAPH.sub(r" \g<0> ", unicodedata.normalize("NFKC", text))


def normal(text: str) -> str:
    """One form for all texts that differ only in case, punctuation, white space or Unicode form.

    What has no word at all, such as `?!`, is compared as it stands.
    """
    return " ".join(words(text)) or " ".join(unicodedata.normalize("NFKC", text).split())


class WordCoder:
    """Words as single letters, so that edits of words are edits of letters for a fast library."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def code(self, text_words: Iterable[str]) -> str:
        """One letter per word; the same word always the same letter."""
        letters = self._letters
        return "".join(letters.get(word) or self._new(word) for word in text_words)

    def _new(self, word: str) -> str:
        # Letters run out after a million words; from there on some share one.
        number = len(self._letters) % (_PLANE - 0x800)
        letter = chr(number if number < _SURROGATES else number + 0x800)
        self._letters[word] = letter
        return letter
