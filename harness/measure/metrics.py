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
        "1 − normalised Levenshtein distance, best over the ideals",
    ),
    Metric(
        "embedding_similarity",
        "embedding sim.",
        "cosine of the embeddings, best over the ideals",
        need="embeddings",
    ),
    Metric(
        "ideal_likelihood",
        "ideal likelihood",
        "how likely the model finds your ideal: exp of minus its mean token loss",
        need="likelihoods",
    ),
    Metric(
        "edit_rate",
        "edit rate",
        "edits per word until the output is an ideal (TER with shifts, at most 1); lower is better",
    ),
    Metric(
        "clean_rate", "clean rate", "1 if it ships unchanged or nearly so: edit rate at most 0.10"
    ),
    Metric(
        "consistency",
        "consistency",
        "how alike several samples are",
        need="samples",
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _KNOWN})
"""Metrics by name, in the order in which tables show them."""
