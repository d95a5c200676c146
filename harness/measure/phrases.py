"""Demands on wording and length: contains, excludes, matches, max_words, min_words.

Each function returns what is wrong, or an empty string. Texts are compared in Unicode NFC.
"""

from __future__ import annotations

import unicodedata
from typing import Any

PATTERN_SECONDS = 0.5
"""What a pattern may take on one output; a catastrophic one fails its check instead of the run."""
MAX_PATTERN = 1_000
MAX_REPEATS = 10_000
"""Product of all counted repeats; a pattern is unrolled in memory by them."""


def missing(wanted: tuple[str, ...], text: str) -> str:
    """Demand every phrase exactly as it is written."""
    haystack = _nfc(text)
    lost = [phrase for phrase in wanted if _nfc(phrase) not in haystack]
    return f"does not contain {_quoted(lost)}" if lost else ""


def unwanted(banned: tuple[str, ...], text: str) -> str:
    """Ban every phrase however it is cased: a ban that `Hope` slips past is none."""
    haystack = _nfc(text).casefold()
    found = [phrase for phrase in banned if _nfc(phrase).casefold() in haystack]
    return f"contains {_quoted(found)}" if found else ""


def unmatched(patterns: tuple[str, ...], text: str) -> str:
    """Demand that every pattern is found somewhere in the output."""
    for pattern in patterns:
        problem = _unmatched(pattern, text)
        if problem:
            return problem
    return ""


def too_long(limit: int, text: str) -> str:
    """Demand at most so many words, counted at white space."""
    words = len(text.split())
    return f"{_words(words)}, allowed are at most {limit}" if words > limit else ""


def too_short(limit: int, text: str) -> str:
    """Demand at least so many words, counted at white space."""
    words = len(text.split())
    return f"{_words(words)}, wanted are at least {limit}" if words < limit else ""


def compiled(pattern: str) -> Any:
    """Compile a pattern, or raise ValueError with what is wrong with it."""
    import regex

    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"it is {len(pattern)} characters long, allowed are {MAX_PATTERN}")
    if _repeats(pattern) > MAX_REPEATS:
        raise ValueError(f"its repeat counts multiply to more than {MAX_REPEATS}")
    try:
        return regex.compile(pattern)
    except RecursionError:
        raise ValueError("its groups are nested too deeply") from None
    except (regex.error, MemoryError, OverflowError, ValueError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _repeats(pattern: str) -> int:
    import regex

    product = 1
    for least in regex.findall(r"\{\s*([0-9]{1,9})", pattern):
        product *= max(1, int(least))
    return product


def _unmatched(pattern: str, text: str) -> str:
    try:
        found = compiled(pattern).search(text, timeout=PATTERN_SECONDS)
    except TimeoutError:
        return (
            f"pattern {_short(pattern)} took longer than {PATTERN_SECONDS} s on this output; "
            "write it without nested repeats"
        )
    return "" if found else f"does not match {_short(pattern)}"


def _words(number: int) -> str:
    return "1 word" if number == 1 else f"{number} words"


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _quoted(phrases: list[str]) -> str:
    return ", ".join(f'"{phrase}"' for phrase in phrases)


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= 60 else pattern[:59] + "…"
