"""How much an output must be edited to become the ideal, by letters and by words.

Both are standard numbers, as rapidfuzz and sacrebleu compute them, so that they can be compared
with published ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from harness.measure.shifts import edits_with_shifts

CLEAN = 0.10
"""An output with at most this edit rate ships unedited."""
TOLERANCE = 1e-9
"""Rounding that does not count as an edit."""

MAX_SHIFTED = 200
"""Words of a text up to which block shifts are searched: seconds there, minutes beyond."""


def edit_similarity(text: str, ideal: str) -> float:
    """Return 1 - Levenshtein distance / length of the longer text, on Unicode code points.

    Texts are not normalised: a composed and a decomposed é differ, as in other libraries. White
    space counts too; engines strip the ends of an output, this function does not.
    """
    from rapidfuzz.distance import Levenshtein

    return float(Levenshtein.normalized_similarity(text, ideal))


def edit_rate(text: str, ideal: str) -> float:
    """Return min(1, TER): word edits and block shifts per word of the ideal. Lower is better.

    Case-insensitive and on white space tokens, as HTER corpora publish it. Beyond `MAX_SHIFTED`
    words shifts are not searched, which makes the number an upper bound of TER.
    """
    words, wanted = text.lower().split(), ideal.lower().split()
    if words == wanted:
        return 0.0
    if _surely_all_edited(words, wanted):
        return 1.0
    if max(len(words), len(wanted)) > MAX_SHIFTED:
        from rapidfuzz.distance import Levenshtein

        return min(1.0, float(Levenshtein.distance(words, wanted)) / len(wanted))
    # sacrebleu returns hundredths; the same detour gives the same number to the last bit.
    return min(1.0, 100 * (edits_with_shifts(words, wanted) / len(wanted)) / 100)


def clean_rate(text: str, ideal: str) -> float:
    """Return 1.0 where the output ships without edits, else 0.0; a mean of these is the rate."""
    return is_clean(edit_rate(text, ideal))


def is_clean(rate: float) -> float:
    """Return 1.0 for an edit rate that needs no editor, else 0.0."""
    return 1.0 if rate <= CLEAN + TOLERANCE else 0.0


def consistency(texts: Sequence[str]) -> float | None:
    """Return the mean pairwise edit similarity of a case's samples; None for fewer than two."""
    if len(texts) < 2:
        return None
    return fmean(edit_similarity(a, b) for a, b in combinations(texts, 2))


def _surely_all_edited(words: list[str], wanted: list[str]) -> bool:
    """Tell by counting alone whether TER is at least 1, so that a runaway output costs no search.

    Shifts only move words, and an edit corrects one position at most.
    """
    if not wanted or len(words) >= 2 * len(wanted):
        return True
    # Only shared words can stay, so all other words of the longer text cost an edit each.
    shared = (Counter(words) & Counter(wanted)).total()
    return max(len(words), len(wanted)) - shared >= len(wanted)
