"""Near duplicates: texts that differ in a few words only, found without comparing all pairs.

Candidates share a rare pair of neighbouring words; each is then compared exactly, word by word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from harness.findings.words import WordCoder, normal, words

SHARE = 0.2
"""Texts are near where at most this share of the words has to be changed."""
MIN_WORDS = 8
"""Texts of fewer words are only compared whole, since one word more makes another text."""
COMMON = 0.5
"""Words in more than this share of the texts are boilerplate and say nothing about similarity."""
COMMON_FROM = 20
"""Texts needed before boilerplate can be recognised."""
BUDGET = 256
"""Candidates compared with one text, the likeliest first; reached only where thousands of texts
share their rarest word pairs."""
_BUCKETS = 1 << 23
"""Size of the hash table of word pairs: 32 MB of counts."""

Pairs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Near:
    """A text that is nearly an earlier text."""

    index: int
    of: int
    """Index of the earlier text, which is itself near to no text before it."""
    changed: int
    """Words to insert, delete or replace to turn one text into the other; 0 where only case,
    punctuation or white space differ."""
    length: int
    """Words of the longer text."""


def near_duplicates(
    texts: Sequence[str],
    share: float = SHARE,
    also: Callable[[int, int], bool] = lambda index, of: True,
) -> list[Near]:
    """Return each text that is near to an earlier text, once, with that earlier text.

    `also` may refuse a pair, by the indices of the texts, for what else it knows about them.

    A text that was found near is not compared with later texts: dropping the returned texts leaves
    no near pair. The result is complete as long as no text has more than `BUDGET` candidates.
    """
    coder = WordCoder()
    whole = [coder.code(words(text)) for text in texts]
    coded = whole
    if len(whole) >= COMMON_FROM:
        common = {ord(letter): None for letter in boilerplate(whole)}
        coded = [code.translate(common) for code in whole] if common else whole
    pairs = [_pairs(code) for code in coded]
    counts = np.zeros(_BUCKETS, dtype=np.int32)
    for numbers in pairs:
        counts[numbers] += 1  # fancy indexing: repeats inside a text count once
    return list(_search(whole, coded, pairs, counts, share, also))


def is_near(text: str, other: str, share: float = SHARE) -> bool:
    """Return whether two texts differ in a few words at most; short ones in none."""
    coder = WordCoder()
    one, two = coder.code(words(text)), coder.code(words(other))
    longer = max(len(one), len(two))
    if longer < MIN_WORDS:
        return normal(text) == normal(other)
    return Levenshtein.distance(one, two) <= longer * share


def boilerplate(coded: Sequence[str]) -> set[str]:
    """Return the words, coded as letters, that stand in most of the texts."""
    spread = Counter[str]()
    for code in coded:
        spread.update(set(code))
    return {letter for letter, count in spread.items() if count > COMMON * len(coded)}


def _pairs(code: str) -> Pairs:
    """Hash each pair of neighbouring words; a collision costs only a needless comparison."""
    letters = np.frombuffer(code.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    # Different factors, so that the pair (a, b) differs from (b, a).
    mixed = letters.astype(np.int64)
    return (mixed[:-1] * 1_000_003 + mixed[1:] * 7_919) % _BUCKETS


def _search(
    whole: list[str],
    coded: list[str],
    pairs: list[Pairs],
    counts: NDArray[np.int32],
    share: float,
    also: Callable[[int, int], bool],
) -> Iterator[Near]:
    holders: dict[int, list[int]] = {}
    first: dict[str, int] = {}
    # Texts are entered one after the other, so that each is compared with earlier texts only.
    for index, code in enumerate(coded):
        same = first.setdefault(whole[index], index) if whole[index] else index
        if same != index and also(index, same):
            yield Near(index, same, 0, len(whole[index]))
            continue
        if len(code) < MIN_WORDS:
            continue
        rarest = _rarest(pairs[index], counts, 2 * int(len(code) * share / (1 - share)) + 1)
        some = (other for other in _candidates(rarest, holders) if also(index, other))
        near = _nearest(code, coded, some, share)
        if near is None:
            for pair in rarest:
                holders.setdefault(pair, []).append(index)
        else:
            # Found without boilerplate, but people count the words that they see.
            changed = Levenshtein.distance(whole[index], whole[near])
            yield Near(index, near, changed, max(len(whole[index]), len(whole[near])))


def _rarest(pairs: Pairs, counts: NDArray[np.int32], most: int) -> list[int]:
    """Return the `most` rarest pairs, without those that occur in a single text only.

    An edit touches two pairs, so texts that are k edits apart share one of their 2k + 1 rarest.
    """
    seen = counts[pairs]
    first = np.lexsort((pairs, seen))[:most]  # one order for all texts, ties included
    return list(dict.fromkeys(pairs[first[seen[first] > 1]].tolist()))


def _candidates(rarest: list[int], holders: dict[int, list[int]]) -> list[int]:
    found: list[int] = []
    for pair in rarest:
        found += holders.get(pair, ())[: BUDGET - len(found)]
        if len(found) >= BUDGET:
            break
    return list(dict.fromkeys(found))


def _nearest(code: str, coded: list[str], candidates: Iterable[int], share: float) -> int | None:
    """Return the first candidate that is near enough."""
    for index in candidates:
        other = coded[index]
        most = int(max(len(code), len(other)) * share)
        if (
            abs(len(code) - len(other)) <= most
            and Levenshtein.distance(code, other, score_cutoff=most) <= most
        ):
            return index
    return None
