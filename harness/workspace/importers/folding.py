"""Fold words, so that spellings which mean the same compare equal.

Tested in tests/workspace/importers/test_columns.py.
"""

from __future__ import annotations

import re
import unicodedata

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def folded(text: str) -> str:
    """Return a text without case and accents, its words apart by single blanks."""
    return re.sub(r"[\W_]+", " ", without_accents(text.casefold())).strip()


def without_accents(text: str) -> str:
    """Return a text with plain letters and blanks in place of accented and special ones."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def spellings(word: str) -> set[str]:
    """Return the folded spellings of a word: `geändert` is also written `geaendert`."""
    return {folded(word), folded(word.translate(_UMLAUTS))}
