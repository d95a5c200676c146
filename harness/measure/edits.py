"""How much an output would have to be edited to become the ideal, by letters and by words.

Both are the field's own numbers, from rapidfuzz and sacrebleu, so that they can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from harness.measure.shifts import edits_with_shifts

CLEAN = 0.10
"""An output with at most this edit rate ships as it is."""
TOLERANCE = 1e-9

MAX_SHIFTED = 200
"""Words on either side up to which block shifts are searched: seconds there, minutes beyond."""


def edit_similarity(text: str, ideal: str) -> float:
    """Return 1 - Levenshtein / length of the longer, on Unicode code points as they are.

    Nothing is normalised: a composed and a decomposed é differ, as in every library of the field.
    White space counts too; engines strip an output's ends once, this does not.
    """
    from rapidfuzz.distance import Levenshtein

    return float(Levenshtein.normalized_similarity(text, ideal))


def edit_rate(text: str, ideal: str) -> float:
    """Return min(1, TER): word edits and block shifts per word of the ideal. Lower is better.

    Case-insensitive and on white space tokens, as HTER corpora publish it. Beyond `LONGEST_SHIFTED`
    words shifts are not searched, which makes the number an upper bound of TER.
    """
    words, wanted = text.lower().split(), ideal.lower().split()
    if words == wanted:
        return 0.0
    if _surely_all_edited(words, wanted):
        return 1.0
    if max(len(words), len(wanted)) > MAX_SHIFTED:
        return _rate_without_shifts(words, wanted)
    # In hundredths and back, as sacrebleu gives it: the same number to the last bit.
    return min(1.0, 100 * (edits_with_shifts(words, wanted) / len(wanted)) / 100)


def clean_rate(text: str, ideal: str) -> float:
    """Return 1.0 where the output ships without edits, else 0.0; a mean of these is the rate."""
    return is_clean(edit_rate(text, ideal))


def is_clean(rate: float) -> float:
    """Return 1.0 for an edit rate that needs no editor, else 0.0."""
    return 1.0 if rate <= CLEAN + TOLERANCE else 0.0


def consistency(texts: Sequence[str]) -> float | None:
    """Return the mean pairwise edit similarity of one case's samples; None for fewer than two."""
    if len(texts) < 2:
        return None
    return fmean(edit_similarity(a, b) for a, b in combinations(texts, 2))


def _surely_all_edited(words: list[str], wanted: list[str]) -> bool:
    """Whether TER is at least 1 by counting alone, so that a megabyte of babble costs nothing.

    Shifts only move words, and one edit mends one position at most.
    """
    if not wanted or len(words) >= 2 * len(wanted):
        return True
    shared = (Counter(words) & Counter(wanted)).total()
    return max(len(words), len(wanted)) - shared >= len(wanted)


def _rate_without_shifts(words: list[str], wanted: list[str]) -> float:
    from rapidfuzz.distance import Levenshtein

    return min(1.0, float(Levenshtein.distance(words, wanted)) / len(wanted))
