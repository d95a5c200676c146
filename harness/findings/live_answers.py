"""Tell whose answers a server gives: those of the adapter that it should have, or whose else.

Ideals tell more than texts: their likelihoods are numbers, and a part of an adapter or coarser
weights move them all. What is compared is the mean distance of the NLLs of some ideals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Literal, TypeAlias

from harness.records.holds import EXACT, TEXT

Nlls: TypeAlias = Mapping[tuple[str, int], float]
"""By case and number of the ideal, its mean token NLL."""
Texts: TypeAlias = Mapping[str, str]
"""By case, the greedy output."""
Answerer: TypeAlias = Literal[
    "promoted", "another", "base", "other base", "template", "quantisation", "partly", "unknown"
]

IDEALS = 8
"""Ideals that are compared."""
FLOAT32 = 1e-4
"""The largest distance between two programs that compute in float32."""
BFLOAT16 = 0.04
"""The mean distance over 8 ideals between programs of which one or both compute in bfloat16.
Measured by perf/live_tolerance.py; harness/engines/README.md has the figures."""
COARSE, COARSE_SHARE = 0.45, 0.1
"""The mean distance that weights in 4 bits stay below, and its share of the NLL itself where that
is more; another base is further away. Seen: at most 0.40 in nf4, and 0.96 for an adapter merged
into the base (perf/live_tolerance.py, make vllm)."""
ALIKE_TEXTS = 0.6
"""The share of equal texts from which they are the same adapter's: bfloat16 changes some words."""
MIN_TEXTS = 3


@dataclass(frozen=True, slots=True)
class Distance:
    """How far the NLLs of two sides are apart."""

    mean: float
    largest: float
    n: int
    known: float
    """The mean NLL of the side that is known."""

    @property
    def rounding(self) -> str:
        """The dtype whose rounding explains the distance; empty where none does."""
        if self.largest <= FLOAT32:
            return "float32"
        return "bfloat16" if self.mean <= BFLOAT16 else ""

    @property
    def coarse(self) -> bool:
        """Whether coarser weights may explain it, rather than other ones."""
        return self.mean <= max(COARSE, COARSE_SHARE * self.known)


def distance(one: Nlls, other: Nlls) -> Distance | None:
    """Return how far two sides are apart on the ideals that both weighed; None without any."""
    places = one.keys() & other.keys()
    if not places:
        return None
    apart = [abs(one[place] - other[place]) for place in places]
    n, known = len(places), fsum(other[place] for place in places)
    return Distance(fsum(apart) / n, max(apart), n, known / n)


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """What an adapter, or the base, is known to answer."""

    name: str = field(metadata=EXACT)
    answerer: Answerer = field(metadata=EXACT)
    nlls: Nlls = field(default_factory=dict, metadata=EXACT)
    texts: Texts = field(default_factory=dict, metadata=TEXT)


@dataclass(frozen=True, slots=True)
class LiveAnswers:
    """What a server answers under the name that customers use."""

    nlls: Nlls = field(default_factory=dict, metadata=EXACT)
    texts: Texts = field(default_factory=dict, metadata=TEXT)
    base_nlls: Nlls = field(default_factory=dict, metadata=EXACT)
    """Under the name of its base; empty where it lists none."""
    other_template: bool = False
    """Whether it makes other tokens of a prompt."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Whose answers a server gives."""

    answerer: Answerer = field(metadata=EXACT)
    name: str = field(default="", metadata=EXACT)
    """The adapter that answers, where it is known."""
    rounding: str = field(default="", metadata=EXACT)
    """The dtype whose rounding explains what is left, where ideals were compared."""
    apart: Distance | None = None
    """From the adapter that should answer."""
    equal: int = 0
    """Texts that are equal to those of the adapter that should answer."""
    compared: int = 0
    """Texts that were compared with it."""


def diagnose(
    live: LiveAnswers, promoted: KnownAnswers, others: Sequence[KnownAnswers]
) -> Diagnosis:
    """Return whose answers a server gives; the base is one of the others where it is known."""
    apart = distance(live.nlls, promoted.nlls)
    equal, compared = _equal(live.texts, promoted.texts)
    told = Diagnosis("unknown", apart=apart, equal=equal, compared=compared)
    if live.other_template:
        return _as(told, "template")
    if apart is None:
        return _by_texts(told, live, (promoted, *others))
    nearest = _nearest(live, (promoted, *others))
    found = distance(live.nlls, nearest.nlls)
    assert found is not None  # the nearest is never further away than the promoted one
    if found.rounding and nearest.answerer != "promoted":
        return _as(told, nearest.answerer, nearest.name, found.rounding)
    if found.rounding:
        if compared >= MIN_TEXTS and equal < compared / 2:
            return _as(told, "template", nearest.name, found.rounding)
        return _as(told, "promoted", nearest.name, found.rounding)
    return _unlike(told, live, nearest, others)


def _unlike(
    told: Diagnosis, live: LiveAnswers, nearest: KnownAnswers, others: Sequence[KnownAnswers]
) -> Diagnosis:
    """Tell why a server answers as none of the sides: its base, or what it does to adapters."""
    base = next((one for one in others if one.answerer == "base"), None)
    moved = distance(live.base_nlls, base.nlls) if base else None
    if moved is not None and moved.rounding:
        return _as(told, "partly")
    near = moved or distance(live.nlls, nearest.nlls)
    assert near is not None
    if not near.coarse:
        return _as(told, "other base" if moved else "unknown")
    return _as(told, "quantisation", nearest.name)


def _by_texts(told: Diagnosis, live: LiveAnswers, sides: Sequence[KnownAnswers]) -> Diagnosis:
    """Tell by texts alone; only cases on which the known sides differ say anything."""
    known = [side for side in sides if side.texts]
    telling = {
        case
        for case in live.texts
        if len({side.texts[case] for side in known if case in side.texts}) > 1 or len(known) == 1
    }
    asked = {case: text for case, text in live.texts.items() if case in telling}
    shares = [(_share(asked, side.texts), side) for side in known]
    if len(asked) < MIN_TEXTS or not shares:
        return told
    best, side = max(shares, key=lambda one: one[0])
    rivals = sum(share == best for share, _ in shares)
    if best < ALIKE_TEXTS:
        return _as(told, "partly")
    return told if rivals > 1 else _as(told, side.answerer, side.name)


def _nearest(live: LiveAnswers, sides: Sequence[KnownAnswers]) -> KnownAnswers:
    """Return the side whose NLLs are nearest; of equally near ones the first."""
    found = [(apart.mean, side) for side in sides if (apart := distance(live.nlls, side.nlls))]
    return min(found, key=lambda one: one[0])[1]


def _equal(live: Texts, known: Texts) -> tuple[int, int]:
    both = live.keys() & known.keys()
    return sum(live[case] == known[case] for case in both), len(both)


def _share(live: Texts, known: Texts) -> float:
    equal, compared = _equal(live, known)
    return equal / compared if compared else 0.0


def _as(told: Diagnosis, answerer: Answerer, name: str = "", rounding: str = "") -> Diagnosis:
    return Diagnosis(answerer, name, rounding, told.apart, told.equal, told.compared)
