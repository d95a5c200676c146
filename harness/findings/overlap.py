"""Benchmark cases that stand in other texts: exactly, reworded a little, or as a part.

Every text is compared with every case, so no text that is near enough is missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from harness.findings.near import COMMON_FROM, MIN_WORDS, boilerplate
from harness.findings.words import WordCoder, normal, words
from harness.records import Case, Message
from harness.records.holds import TEXT

How = Literal["exact", "normalised", "contained", "near"]
SHARE = 0.25
"""A text counts as a case where at most this share of the words was changed: two words in a case
of eight. Different inputs of one task, written to one form, differ in a third and more."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A text that gives a case away."""

    index: int
    """Index of the text."""
    case: str
    """The case's id, or the key that the caller gave it."""
    how: How
    """Equal; equal but for case, punctuation and white space; a part; equal but for a few words."""
    changed: int = 0
    """Words that differ."""


@dataclass(frozen=True, slots=True)
class CaseText:
    """A case as other texts are compared with it."""

    whole: str = field(metadata=TEXT)
    """Its conversation; with its context and system text where other cases have the same one."""
    last: str = field(metadata=TEXT)
    """The user's last turn. A text that is only near to the whole must have it as well: cases on
    one document, or at one point of a conversation, share all but their last turn."""


def case_texts(cases: Sequence[Case]) -> dict[str, CaseText]:
    """Return the cases of a benchmark by id, each as texts are compared with it."""
    # "Summarise the document." is no case without its document, a question asked once is.
    often = Counter(normal(case.conversation) for case in cases)
    return {
        case.id: CaseText(
            case.conversation if often[normal(case.conversation)] == 1 else "\n".join(case.given),
            case.input,
        )
        for case in cases
    }


class Told(Protocol):
    """An example or a review: what a model was given, without what it answered."""

    @property
    def input(self) -> str: ...  # noqa: D102
    @property
    def turns(self) -> tuple[Message, ...]: ...  # noqa: D102
    @property
    def conversation(self) -> str: ...  # noqa: D102
    @property
    def context(self) -> tuple[str, ...]: ...  # noqa: D102


def overlap_of(told: Sequence[Told], cases: Mapping[str, str | CaseText]) -> list[Overlap]:
    """Return each example or review that gives a case away, as a whole or in a turn of the user."""
    texts: list[str] = []
    owners: list[int] = []
    for place, one in enumerate(told):
        some = _texts(one)
        texts += some
        owners += [place] * len(some)
    found: dict[int, Overlap] = {}
    for hit in overlap(texts, cases):
        mine = replace(hit, index=owners[hit.index])
        if mine.index not in found or _distance(mine) < _distance(found[mine.index]):
            found[mine.index] = mine
    return [found[index] for index in sorted(found)]


def _texts(told: Told) -> list[str]:
    """Return the texts to compare of what was told: the conversation, and each question in it."""
    found = [told.conversation]
    if told.context:
        found.append("\n".join((*told.context, told.conversation)))
    if told.turns:
        found += [turn.content for turn in told.turns if turn.role == "user"]
        found.append(told.input)
    return found


def overlap(texts: Sequence[str], cases: Mapping[str, str | CaseText]) -> list[Overlap]:
    """Return each text that is or contains the input of a case, with its nearest case."""
    if not texts or not cases:
        return []
    found: dict[int, Overlap] = {}
    split = [words(text) for text in texts]
    plain = [" ".join(one) or normal(text) for one, text in zip(split, texts, strict=True)]
    asked = {
        case: one if isinstance(one, CaseText) else CaseText(one, one)
        for case, one in cases.items()
    }
    for one in (*_near(split, asked), *_whole(texts, plain, asked)):
        if one.index not in found or _distance(one) < _distance(found[one.index]):
            found[one.index] = one
    return [found[index] for index in sorted(found)]


def _distance(one: Overlap) -> tuple[int, int]:
    """Return a sort key, the closest overlap first."""
    return ("exact", "normalised", "contained", "near").index(one.how), one.changed


def _whole(
    texts: Sequence[str], plain: list[str], cases: Mapping[str, CaseText]
) -> Iterator[Overlap]:
    """Yield equal texts, and long cases inside longer texts."""
    for case, asked in cases.items():
        wanted = normal(asked.whole)
        part = f" {wanted} " if wanted.count(" ") >= MIN_WORDS - 1 else None
        for index, text in enumerate(plain):
            if text == wanted:
                yield Overlap(index, case, "exact" if texts[index] == asked.whole else "normalised")
            elif part is not None and part in f" {text} ":
                yield Overlap(index, case, "contained")


def _near(split: Sequence[Sequence[str]], cases: Mapping[str, CaseText]) -> Iterator[Overlap]:
    """Yield texts that differ from a case in a few words.

    Words that most texts share, such as an instruction, are removed from texts and cases alike.
    """
    coder = WordCoder()
    full = [coder.code(one) for one in split]
    common = boilerplate(full) if len(full) >= COMMON_FROM else set()
    gone = {ord(letter): None for letter in common}
    coded = [code.translate(gone) for code in full] if gone else full
    lengths = np.array([len(code) for code in coded])
    for case, asked in cases.items():
        wanted = coder.code(words(asked.whole)).translate(gone)
        last = "" if asked.last == asked.whole else coder.code(words(asked.last))
        size = len(wanted)
        allowed = (np.maximum(lengths, size) * SHARE).astype(np.int64)
        likely = np.flatnonzero((np.abs(lengths - size) <= allowed) & (lengths > 0))
        if size < MIN_WORDS or not len(likely):
            continue
        # A limit for the whole batch lets rapidfuzz stop early; each pair's own limit comes after.
        changed = process.cdist(
            [wanted],
            [coded[i] for i in likely],
            scorer=Levenshtein.distance,
            score_cutoff=int(allowed[likely].max()),
            dtype=np.int32,
        )[0]
        for place in np.flatnonzero(changed <= allowed[likely]):
            index = int(likely[place])
            if _has(full[index], last):
                yield Overlap(index, case, "near", int(changed[place]))


def _has(text: str, last: str) -> bool:
    """Return whether a text has a last turn in it, a longer one but for a few words."""
    if len(last) < MIN_WORDS or last in text:
        return last in text
    return fuzz.partial_ratio(last, text, score_cutoff=100 * (1 - SHARE)) > 0
