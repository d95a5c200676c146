"""The house voice, as a benchmark's ideals show it, and outputs that do not keep it.

Nothing is known beforehand: how far an ideal strays from the other ideals says how far is usual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.findings.finding import Finding, quoted
from harness.findings.words import words
from harness.records import Case
from harness.records.benchmark import TrainingExample

MIN_CASES = 5
"""A slice of fewer cases shows no voice; then the whole benchmark is the measure."""
STRAY = 0.2
"""An output may have this share of foreign words more than the ideal that strays the most,"""
MIN_FOREIGN = 3
"""and fewer foreign words than this are no voice."""
SHORT = 0.5
"""An output of fewer words than this share of the shortest ideal is cut short."""
_MARKS = "!"
"""Signs that are a voice of their own where no ideal has them."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What the ideals of one slice have in common."""

    about: str
    """Whose voice: `kind=opener of outreach`, or the benchmark's name."""
    vocabulary: frozenset[str]
    most: float
    """The largest share of foreign words that is still usual."""
    marks: frozenset[str]
    shortest: int
    """Words of the shortest ideal."""


class HouseVoice:
    """The voices of one benchmark, by the slices in which its ideals are most alike."""

    def __init__(self, name: str, cases: Sequence[Case]) -> None:
        self._whole = _voice(name, cases, cases) if len(cases) >= MIN_CASES else None
        self._key, self._voices = _by_slice(name, cases)

    def voice(self, example: TrainingExample) -> Voice | None:
        """The voice that an example should keep; None where too few cases show one."""
        found = self._voices.get(example.slices.get(self._key, "")) if self._key else None
        return found or self._whole

    def findings(self, example: TrainingExample) -> Iterator[Finding]:
        """What is foreign in an example's output; what is cut short is another file's business."""
        voice = self.voice(example)
        if voice is None:
            return
        marks = sorted(set(_MARKS) & set(example.output) - voice.marks)
        strange = _foreign(example.input, example.output, voice.vocabulary)
        count = len(words(example.output))
        if len(strange) >= MIN_FOREIGN and len(strange) > voice.most * count:
            some = ", ".join(quoted(word, 20) for word in strange[:4])
            yield Finding(
                "tone",
                example.line,
                f"{len(strange)} of {count} words are in no ideal of {voice.about} and not in the"
                f" input ({some}); usual is at most {voice.most:.0%}",
            )
        elif marks:
            yield Finding(
                "tone", example.line, f"has {quoted(marks[0])}, no ideal of {voice.about} does"
            )


def _by_slice(name: str, cases: Sequence[Case]) -> tuple[str, dict[str, Voice]]:
    """The key whose slices have the most even voice, and each slice's voice."""
    best: tuple[float, str, dict[str, Voice]] = (1.0, "", {})
    for key in sorted({key for case in cases for key in case.slices}):
        voices = {}
        for value in sorted({case.slices[key] for case in cases if key in case.slices}):
            mine = [case for case in cases if case.slices.get(key) == value]
            if len(mine) >= MIN_CASES:
                voices[value] = _voice(f"{key}={value} of {name}", mine, cases)
        if voices:
            mean = sum(voice.most for voice in voices.values()) / len(voices)
            best = min(best, (mean, key, voices), key=lambda one: one[0])
    return best[1], best[2]


def _voice(about: str, mine: Sequence[Case], cases: Sequence[Case]) -> Voice:
    """What `mine` show; each ideal is measured against the other cases' to see what is usual."""
    known = [_vocabulary(case) for case in mine]
    strays = []
    for place, case in enumerate(mine):
        others = _joined(known[:place] + known[place + 1 :])
        strays += [_share(case.input, ideal, others) for ideal in case.ideals]
    ideals = [ideal for case in mine for ideal in case.ideals]
    return Voice(
        about=about,
        vocabulary=_joined(known),
        most=max(strays) + STRAY,
        marks=frozenset(sign for case in cases for ideal in case.ideals for sign in ideal),
        shortest=min(len(words(ideal)) for ideal in ideals),
    )


def _vocabulary(case: Case) -> frozenset[str]:
    terms = [text for check in case.checks for text in _approved(check.name, check.value)]
    return frozenset(
        _stem(word) for text in (case.input, *case.ideals, *terms) for word in words(text)
    )


def _approved(check: str, value: object) -> list[str]:
    """The approved forms of a glossary, and phrases that have to be there."""
    if check == "terms" and isinstance(value, Mapping):
        return [str(term) for term in value]
    return []


def _joined(known: Sequence[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*known)


def _share(given: str, output: str, known: frozenset[str]) -> float:
    return len(_foreign(given, output, known)) / max(1, len(words(output)))


def _foreign(given: str, output: str, known: frozenset[str]) -> list[str]:
    own = {_stem(word) for word in words(given)}
    stems = ((word, _stem(word)) for word in words(output))
    return [word for word, stem in stems if stem not in own and stem not in known]


def _stem(word: str) -> str:
    """One and several of a thing are one word, as far as an `s` tells."""
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
