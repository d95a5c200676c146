"""Outputs that stop before their end: in the middle of a word, of a sentence, or far too soon."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from harness.findings.finding import Finding, quoted
from harness.findings.voice import SHORT, HouseVoice
from harness.findings.words import words
from harness.records import slice_names
from harness.records.training_example import TrainingExample

ENDED = 0.9
"""Share of a group's outputs that must end with a closing mark before others count as cut off."""
MIN_IN_GROUP = 20
"""Outputs that a group needs."""
OFTEN = 5
"""Uses of a longer word from which an unknown last word that begins it counts as cut."""
_CLOSED = re.compile(r"[.!?…。！？][\"'”’»)\]*_`]*$|[)\]}»”\"`]$")
_OPEN = re.compile(r"[,;:(\[{/\\&|+=<]$|\s[-–—]$")
_LAST = re.compile(r"([^\W\d_]+)$")


def endings(examples: Sequence[TrainingExample], house: HouseVoice | None) -> Iterator[Finding]:
    """Yield every output that is cut off, with the sign of it."""
    known, inner = _vocabulary(examples)
    closing = _closing_groups(examples)
    for example in examples:
        text = example.output.rstrip()
        message = (
            _within_word(text, example, known, inner)
            or _unclosed(text, example, closing)
            or _short(text, example, house)
        )
        if message:
            yield Finding("truncated", example.line, message)


def _within_word(text: str, example: TrainingExample, known: set[str], inner: Counter[str]) -> str:
    if _OPEN.search(text):
        return f"ends with {quoted(text[-12:])}, as if more were to come"
    last = _LAST.search(text)
    if last is None or last[1].casefold() in known:
        return ""
    start = last[1].casefold()
    # An input is short and on the subject, so one longer word there is enough evidence.
    given = [word for word in words(example.input) if word.startswith(start)]
    whole = given or [w for w, count in inner.items() if count >= OFTEN and w.startswith(start)]
    return f"ends within a word: {quoted(last[1])} of {quoted(whole[0])}" if whole else ""


def _unclosed(text: str, example: TrainingExample, closing: set[str]) -> str:
    groups = [group for group in _groups(example) if group in closing]
    if not groups or _CLOSED.search(text):
        return ""
    of = groups[-1] or "this file"
    return f"ends with {quoted(text[-12:])}, the other outputs of {of} with a closing mark"


def _short(text: str, example: TrainingExample, house: HouseVoice | None) -> str:
    voice = house.voice(example) if house else None
    count = len(words(text))
    if voice is None or count >= SHORT * voice.shortest or _CLOSED.search(text):
        return ""
    return f"stops after {count} words, the shortest ideal of {voice.about} has {voice.shortest}"


def _vocabulary(examples: Sequence[TrainingExample]) -> tuple[set[str], Counter[str]]:
    """Return all words that occur whole, and counts of those in outputs with text after them.

    The last word of an output may itself be cut, so it counts only before a closing sign.
    """
    inner: Counter[str] = Counter()
    known: set[str] = set()
    for example in examples:
        known.update(words(example.input))
        text = example.output.rstrip()
        output = words(text)
        inner.update(output[:-1] if _LAST.search(text) else output)
    known.update(inner)
    return known, inner


def _closing_groups(examples: Sequence[TrainingExample]) -> set[str]:
    """Return the groups whose outputs nearly all end with a closing mark."""
    size: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    for example in examples:
        ends = bool(_CLOSED.search(example.output.rstrip()))
        for group in _groups(example):
            size[group] += 1
            closed[group] += ends
    return {g for g, n in size.items() if n >= MIN_IN_GROUP and closed[g] >= ENDED * n}


def _groups(example: TrainingExample) -> Iterable[str]:
    """Return the groups of an example: the whole file (empty name) and each of its slices."""
    return ("", *slice_names(example.slices))
