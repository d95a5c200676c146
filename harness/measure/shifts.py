"""TER's edits with block shifts, as sacrebleu counts them, in a fraction of its time.

The search, with all its ties, is sacrebleu's; only distances come from rapidfuzz, and texts that
counting alone decides are not searched. A test compares every number with sacrebleu's.
"""

from __future__ import annotations

from collections import Counter

_SURELY_IN_BEAM = 23
"""Distances up to which sacrebleu's beam search is exact. The beam is 24 cells to either side of
the diagonal; the best path of a distance d strays at most d cells, and one more by rounding."""


def edits_with_shifts(words: list[str], wanted: list[str]) -> int:
    """Count the shifts and word edits from `words` to `wanted`; neither list may be empty."""
    from rapidfuzz.distance import Levenshtein

    edits = int(Levenshtein.distance(words, wanted))
    # Shifts change no word, so this many edits remain after any number of them. A shift costs 1,
    # so where it can save 1 at most, the sum cannot fall.
    fixed = max(len(words), len(wanted)) - (Counter(words) & Counter(wanted)).total()
    if edits - fixed <= 1 and edits <= _SURELY_IN_BEAM:
        return edits
    return _search(words, wanted, fixed)


def _search(words: list[str], wanted: list[str], fixed: int) -> int:
    """Apply the best shift again and again, until no shift saves an edit or none can be saved."""
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
    """The distance object for sacrebleu's search, which needs an alignment per round.

    The first call of a round must return an alignment, which only sacrebleu's slow beam search
    gives; all other calls of the round need the distance alone.
    """

    def __init__(self, wanted: list[str]) -> None:
        from sacrebleu.metrics.lib_ter import BeamEditDistance

        self._wanted = wanted
        self._in_beam = BeamEditDistance(wanted)
        self._aligned = False

    def aligns_next(self) -> None:
        """Begin a round: the next call returns an alignment."""
        self._aligned = False

    def only(self, words: list[str]) -> int:
        """Return the distance that sacrebleu's beam search finds."""
        from rapidfuzz.distance import Levenshtein

        true = int(Levenshtein.distance(words, self._wanted))
        return true if true <= _SURELY_IN_BEAM else int(self._in_beam(words)[0])

    def __call__(self, words: list[str]) -> tuple[int, str]:
        if self._aligned:
            return self.only(words), ""
        self._aligned = True
        distance, path = self._in_beam(words)
        return int(distance), str(path)
