"""The `terms` check: house terms, each with the forms that are banned in its favour.

Whole words match in any case; the message names the banned form as found and the approved form.
"""

from __future__ import annotations

import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

MAX_NAMED = 5


def banned(terms: Mapping[str, tuple[str, ...]], text: str) -> str:
    """Return which banned forms stand in the text, or an empty string."""
    flat = _flat(text)
    approved_for = {_flat(form).casefold(): term for term, forms in terms.items() for form in forms}
    # A banned form may be a part of an approved form, such as `client` in `client base`.
    approved = [match.span() for match in _whole_words(list(terms), flat)]
    found: dict[str, str] = {}
    for match in _whole_words(list(approved_for), flat):
        if not _belongs_to_approved(match, approved, terms):
            # Folding inside a pattern differs from `casefold` on a few letters, such as İ.
            key = match.group().casefold()
            found[match.group()] = approved_for.get(key, "the approved form")
    if not found:
        return ""
    named = [f'"{form}" is banned, write "{term}"' for form, term in found.items()]
    more = f"; and {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
    return "; ".join(named[:MAX_NAMED]) + more


def _flat(text: str) -> str:
    """Compose Unicode and write white space as single spaces, so that line breaks hide no term."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _whole_words(forms: list[str], text: str) -> Iterator[Any]:
    import regex

    # Not \b: a form may end in a sign, as `C++` does.
    pattern = regex.compile(r"(?<!\w)\L<forms>(?!\w)", regex.I | regex.F, forms=forms)
    return iter(pattern.finditer(text)) if forms else iter(())


def _belongs_to_approved(
    match: Any, approved: list[tuple[int, int]], terms: Mapping[str, tuple[str, ...]]
) -> bool:
    """Tell whether a match is the approved form itself, or a part of a longer approved form."""
    if match.group() in terms:
        return True
    start, end = match.span()
    # Approved spans are sorted and do not overlap: only the last that begins by here can hold it.
    before = bisect_right(approved, (start, sys.maxsize)) - 1
    if before < 0:
        return False
    first, last = approved[before]
    return bool(end <= last and last - first > end - start)
