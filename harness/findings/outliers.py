"""Examples unlike the rest in length or language; they may be right, so a person looks at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from harness.findings.finding import Finding
from harness.findings.words import words
from harness.records.training_example import TrainingExample

MIN_TEXTS = 20
"""Examples needed to say which lengths and languages are usual."""
FAR = 6.0
"""Robust standard deviations of the log length beyond which a length is far from the rest."""
FACTOR = 3.0
"""Times longer or shorter than the median, required in addition to `FAR`."""
LETTERS = 60
"""Letters that a text needs before its language is looked up."""
SURE = 0.8
"""The probability from which a language counts as recognised."""
SAMPLE = 2_000
"""Texts whose language is always looked up, at a tenth of a millisecond each."""
KNOWN = 0.6
"""A later text with more than this share of the sample's words is taken to be in its language."""
MAIN = 0.8
"""Share of the main language below which a set is taken to be mixed on purpose."""


def lengths(examples: Sequence[TrainingExample]) -> Iterator[Finding]:
    """Yield inputs and outputs far longer or shorter than the others of their slices."""
    if len(examples) < MIN_TEXTS:
        return
    sides: tuple[tuple[str, Callable[[TrainingExample], str]], ...] = (
        ("input", lambda example: example.input),
        ("output", lambda example: example.output),
    )
    for side, text in sides:
        sizes = np.array([len(text(example)) for example in examples], dtype=np.float64)
        for index in _far(sizes, examples):
            median = int(np.median(sizes))
            yield Finding(
                "outlier",
                examples[index].line,
                f"the {side} has {int(sizes[index]):,} characters, the median is {median:,}",
            )


def _far(
    sizes: np.ndarray[Any, np.dtype[np.float64]], examples: Sequence[TrainingExample]
) -> list[int]:
    """Return examples far from the whole file, and also from each of their large enough slices."""
    far = _beyond(np.log(np.maximum(sizes, 1)))
    left = set(np.flatnonzero(far).tolist())
    for key in {key for example in examples for key in example.slices} if left else ():
        for value in {example.slices.get(key) for example in examples} - {None}:
            mine = [i for i, example in enumerate(examples) if example.slices.get(key) == value]
            if len(mine) >= MIN_TEXTS:
                near = ~_beyond(np.log(np.maximum(sizes[mine], 1)))
                left -= {i for i, is_near in zip(mine, near, strict=True) if is_near}
    return sorted(left)


def _beyond(logs: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    # Lengths are skewed, so their logarithms are compared. The median absolute deviation, times
    # 1.4826 to be on the scale of a standard deviation, is not inflated by the outliers themselves.
    away = np.abs(logs - np.median(logs))
    spread = 1.4826 * np.median(away)
    far: np.ndarray[Any, np.dtype[np.bool_]] = away > max(np.log(FACTOR), FAR * spread)
    return far


def languages(examples: Sequence[TrainingExample]) -> list[str | None]:
    """Return the language of each output, or of output and input where the output is short.

    In a large set only a sample is looked up; later texts made of the sample's words take its main
    language.
    """
    found = [language(_shown(example)) for example in examples[:SAMPLE]]
    rest = examples[SAMPLE:]
    if not rest:
        return found
    main = Counter(name for name in found if name).most_common(1)
    name = main[0][0] if main else None
    known = {
        word
        for example, one in zip(examples[:SAMPLE], found, strict=True)
        if one == name
        for word in words(_shown(example))
    }
    for text in map(_shown, rest):
        found_words = words(text)
        if name and sum(word in known for word in found_words) > KNOWN * len(found_words):
            found.append(name if sum(map(len, found_words)) >= LETTERS else None)
        else:
            found.append(language(text))
    return found


def other_languages(
    examples: Sequence[TrainingExample], found: Sequence[str | None]
) -> Iterator[Finding]:
    """Yield examples in another language than nearly all the rest."""
    counts = Counter(name for name in found if name)
    if sum(counts.values()) < MIN_TEXTS:
        return
    (main, count), *_ = counts.most_common(1)
    if count < MAIN * sum(counts.values()):
        return
    for example, name in zip(examples, found, strict=True):
        if name and name != main:
            message = f"is in {name}, {count:,} of {sum(counts.values()):,} are in {main}"
            yield Finding("outlier", example.line, message)


def language(text: str) -> str | None:
    """Return the language as two or three letters; None for a text too short or too mixed."""
    if sum(map(str.isalpha, text)) < LETTERS:
        return None
    name, probability = _identifier().classify(text[:2000])
    return str(name) if probability >= SURE else None


def _shown(example: TrainingExample) -> str:
    if len(example.output) >= 2 * LETTERS:
        return example.output
    return f"{example.output}\n{example.input}"


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import (  # type: ignore[import-untyped]  # it has no stubs
        MODEL_FILE,
        LanguageIdentifier,
    )

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
