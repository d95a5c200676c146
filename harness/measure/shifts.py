"""TER's edits with block shifts, as sacrebleu counts them, in a fraction of its time.

The search and all its ties are sacrebleu's own; only distances come from rapidfuzz, and what
counting alone settles is not searched. A test holds every number against sacrebleu's.
"""

from __future__ import annotations

from collections import Counter

_SURELY_IN_BEAM = 23
"""Sacrebleu looks 24 cells to either side of the diagonal; the best path of a distance d strays at
most d cells, and one more by rounding. So up to here its distance is the true one."""


def edits_with_shifts(words: list[str], wanted: list[str]) -> int:
    """Shifts and word edits that turn words into what is wanted; both must hold some word."""
    from rapidfuzz.distance import Levenshtein

    edits = int(Levenshtein.distance(words, wanted))
    # Shifts change no word: however many there are, this many edits stay. Each costs 1 and must
    # save 1, so where 1 at most can be saved the sum stays as it is.
    fixed = max(len(words), len(wanted)) - (Counter(words) & Counter(wanted)).total()
    if edits - fixed <= 1 and edits <= _SURELY_IN_BEAM:
        return edits
    return _searched(words, wanted, fixed)


def _searched(words: list[str], wanted: list[str], fixed: int) -> int:
    """Shift what saves most, again and again, until nothing saves or nothing is left to save."""
    from sacrebleu.metrics.lib_ter import _MAX_SHIFT_CANDIDATES, _shift

    distance = _Distance(wanted)
    shifts = tried = 0
    while True:
        distance.aligns_next()
        saved, shifted, tried = _shift(words, wanted, distance, tried)
        if saved <= 0 or tried >= _MAX_SHIFT_CANDIDATES:
            break
        shifts, words = shifts + 1, shifted
        if distance.only(words) - fixed <= 1:
            break
    return shifts + distance.only(words)


class _Distance:
    """What sacrebleu's search asks for: first of each round an alignment, then only distances."""

    def __init__(self, wanted: list[str]) -> None:
        from sacrebleu.metrics.lib_ter import BeamEditDistance

        self._wanted = wanted
        self._in_beam = BeamEditDistance(wanted)
        self._aligned = False

    def aligns_next(self) -> None:
        """A round begins."""
        self._aligned = False

    def only(self, words: list[str]) -> int:
        """The distance that sacrebleu's beam finds."""
        from rapidfuzz.distance import Levenshtein

        true = int(Levenshtein.distance(words, self._wanted))
        return true if true <= _SURELY_IN_BEAM else int(self._in_beam(words)[0])

    def __call__(self, words: list[str]) -> tuple[int, str]:
        if self._aligned:
            return self.only(words), ""
        self._aligned = True
        distance, path = self._in_beam(words)
        return int(distance), str(path)
