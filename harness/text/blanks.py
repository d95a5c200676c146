"""Which letters do not show, and so which texts are blank and which names look the same.

Ids, inputs, ideals, finals and people's names are all asked here: what a reader cannot see is not
said, and two names that a reader cannot tell apart are one.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from harness.text.safe import acts

# Letters and combining signs by their category, which fonts draw as nothing: inherent vowels,
# variation selectors, blanks of scripts and of musical notation. `acts` knows the others.
_SHAPELESS = frozenset(
    "\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f\ufffc\U00013441\U00013442\U00016fe4\U0001d159"
) | frozenset(map(chr, range(0xFE00, 0xFE10)))


def is_blank(text: str) -> bool:
    """Tell whether a text shows nothing: only spaces, controls and letters without a shape."""
    return all(sign.isspace() or _is_hidden(sign) for sign in text)


def same_look(name: str) -> str:
    """Return a form that is equal for names that look alike.

    Case, the way that accents are written, the width and number of spaces and letters without a
    shape make no difference.
    """
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)
    elif name.isprintable():
        return " ".join(name.casefold().split())
    seen = "".join(
        " " if sign.isspace() else sign
        for sign in name.casefold()
        if sign.isspace() or not _is_hidden(sign)
    )
    # `casefold` and what was taken out may undo the normal form, so it is made again.
    return " ".join(unicodedata.normalize("NFC", seen).split())


@lru_cache(maxsize=4096)
def _is_hidden(sign: str) -> bool:
    return acts(sign) or sign in _SHAPELESS
