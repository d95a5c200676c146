"""Demands on wording and length: contains, excludes, matches, max_words, min_words.

Each function returns the problem, or an empty string. Texts are compared in Unicode NFC.

Tests: tests/measure/test_checks.py.

Tested in tests/measure/test_checks.py.
"""

from __future__ import annotations

import unicodedata
from math import prod
from typing import Any

PATTERN_SECONDS = 0.5
"""Time for a pattern on one output; catastrophic backtracking fails the check, not the run."""
MAX_PATTERN = 1_000
MAX_REPEATS = 10_000
"""Limit for the product of all counted repeats, by which a pattern is unrolled in memory."""


def missing(wanted: tuple[str, ...], text: str) -> str:
    """Demand every phrase exactly as written."""
    haystack = _nfc(text)
    lost = [phrase for phrase in wanted if _nfc(phrase) not in haystack]
    return f"does not contain {_quoted(lost)}" if lost else ""


def unwanted(banned: tuple[str, ...], text: str) -> str:
    """Ban every phrase in any case, since a ban on `hope` also means `Hope`."""
    haystack = _nfc(text).casefold()
    found = [phrase for phrase in banned if _nfc(phrase).casefold() in haystack]
    return f"contains {_quoted(found)}" if found else ""


def unmatched(patterns: tuple[str, ...], text: str) -> str:
    """Demand that every pattern is found somewhere in the output."""
    for pattern in patterns:
        try:
            found = compiled(pattern).search(text, timeout=PATTERN_SECONDS)
        except TimeoutError:
            return (
                f"pattern {_short(pattern)} took longer than {PATTERN_SECONDS} s on this output; "
                "write it without nested repeats"
            )
        if not found:
            return f"does not match {_short(pattern)}"
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
    """Compile a pattern, or raise ValueError with the reason why it cannot be used."""
    import regex

    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"it is {len(pattern)} characters long, allowed are {MAX_PATTERN}")
    repeats = [max(1, int(n)) for n in regex.findall(r"\{\s*([0-9]{1,9})", pattern)]
    if prod(repeats) > MAX_REPEATS:
        raise ValueError(f"its repeat counts multiply to more than {MAX_REPEATS}")
    try:
        return regex.compile(pattern)
    except RecursionError as error:
        raise ValueError("its groups are nested too deeply") from error
    except (regex.error, MemoryError, OverflowError, ValueError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _words(number: int) -> str:
    return "1 word" if number == 1 else f"{number} words"


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _quoted(phrases: list[str]) -> str:
    return ", ".join(f'"{phrase}"' for phrase in phrases)


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= 60 else pattern[:59] + "…"
