"""The house voice, as a benchmark's ideals show it, and outputs that do not keep it.

No vocabulary is built in: how far an ideal strays from the other ideals says how far is usual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.findings.finding import Finding, quoted
from harness.findings.words import words
from harness.records import Case
from harness.records.training_example import TrainingExample

MIN_CASES = 5
"""Cases that a slice needs to show a voice; otherwise the whole benchmark is the measure."""
STRAY = 0.2
"""Share of foreign words allowed beyond that of the ideal that strays the most."""
MIN_FOREIGN = 3
"""Foreign words from which an output can be out of voice."""
SHORT = 0.5
"""An output of fewer words than this share of the shortest ideal is cut short."""
_MARKS = "!"
"""Signs that are out of voice where no ideal has them."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The common features of the ideals of a slice."""

    about: str
    """Whose voice: `kind=opener of outreach`, or the benchmark's name."""
    vocabulary: frozenset[str]
    most: float
    """The largest share of foreign words that is still usual."""
    marks: frozenset[str]
    shortest: int
    """Words of the shortest ideal."""


class HouseVoice:
    """The voices of a benchmark, by the slices in which its ideals are most alike."""

    def __init__(self, name: str, cases: Sequence[Case]) -> None:
        self._whole = _voice(name, cases, cases) if len(cases) >= MIN_CASES else None
        self._key, self._voices = _by_slice(name, cases)

    def voice(self, example: TrainingExample) -> Voice | None:
        """Return the voice that an example should keep; None where too few cases show a voice."""
        found = self._voices.get(example.slices.get(self._key, "")) if self._key else None
        return found or self._whole

    def findings(self, example: TrainingExample) -> Iterator[Finding]:
        """Yield the foreign signs and words of an output; `endings` looks for outputs cut short."""
        voice = self.voice(example)
        if voice is None:
            return
        # At most a finding per output: foreign words say more than a sign.
        marks = sorted(set(_MARKS) & set(example.output) - voice.marks)
        strange = _foreign(example.conversation, example.output, voice.vocabulary)
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
    """Return the slice key with the most even voices, and the voice of each of its slices."""
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
    """Return the voice of `mine`; a sign is part of it where any ideal of `cases` has it."""
    known = [_vocabulary(case) for case in mine]
    strays = []
    # Each case is left out of its own measure, since its vocabulary holds all words of its ideals.
    for place, case in enumerate(mine):
        others = frozenset[str]().union(*known[:place], *known[place + 1 :])
        for ideal in case.ideals:
            strays.append(
                len(_foreign("\n".join(case.given), ideal, others)) / max(1, len(words(ideal)))
            )
    ideals = [ideal for case in mine for ideal in case.ideals]
    return Voice(
        about=about,
        vocabulary=frozenset[str]().union(*known),
        most=max(strays) + STRAY,
        marks=frozenset(sign for case in cases for ideal in case.ideals for sign in ideal),
        shortest=min(len(words(ideal)) for ideal in ideals),
    )


def _vocabulary(case: Case) -> frozenset[str]:
    # The approved forms of a glossary are part of the voice, even where no ideal uses them.
    terms = [
        str(term)
        for check in case.checks
        if check.name == "terms" and isinstance(check.value, Mapping)
        for term in check.value
    ]
    return frozenset(
        _stem(word) for text in (*case.given, *case.ideals, *terms) for word in words(text)
    )


def _foreign(given: str, output: str, known: frozenset[str]) -> list[str]:
    own = {_stem(word) for word in words(given)}
    stems = ((word, _stem(word)) for word in words(output))
    return [word for word, stem in stems if stem not in own and stem not in known]


def _stem(word: str) -> str:
    """Cut a final `s`, so that singular and plural are mostly the same word."""
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
