"""The built-in metrics by name, and the input that each of them needs.

User metrics are functions that are passed in beside these; `harness.registered` finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from harness.records import Case

Need = Literal["embeddings", "likelihoods", "samples"]

UserMetric: TypeAlias = Callable[[str, Case], float]
"""Takes an output and its case, returns a number in 0..1 (entry points `harness.metrics`)."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A way to score an output."""

    name: str
    title: str
    """For the head of a table row; at most 16 characters."""
    meaning: str
    """One line for people who meet the name for the first time."""
    need: Need | None = None
    """Input needed beside the text: vectors, log-probabilities, or several samples."""


_KNOWN = (
    Metric(
        "edit_similarity",
        "edit similarity",
        "1 minus the normalised Levenshtein distance to the best ideal",
    ),
    Metric(
        "embedding_similarity",
        "embedding sim.",
        "cosine of the output's and the best ideal's embedding, clipped to 0..1",
        need="embeddings",
    ),
    Metric(
        "ideal_likelihood",
        "ideal likelihood",
        "how expected the ideal is: exp of minus its mean token NLL given the prompt",
        need="likelihoods",
    ),
    Metric(
        "edit_rate",
        "edit rate",
        "share of words an editor would change (TER with shifts, capped at 1; lower is better)",
    ),
    Metric("clean_rate", "clean rate", "share of cases that ship unedited: edit rate at most 0.10"),
    Metric(
        "consistency",
        "consistency",
        "mean pairwise edit similarity of the samples of one case",
        need="samples",
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _KNOWN})
"""Metrics by name, in the order in which tables show them."""
