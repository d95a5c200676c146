"""What a field of a record holds, said on the field itself: `input: str = field(metadata=TEXT)`.

`text/redact.py` reads it, and whatever a field does not say is taken for a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field
from types import MappingProxyType
from typing import Any, Literal

Holds = Literal["text", "quoting", "exact"]

_HOLDS, _LABELS = "holds", "labels"


def holding(what: Holds | Callable[[Any], Holds], *, labels: bool = False) -> Mapping[str, Any]:
    """Return the metadata of a field; a function is asked about each record.

    Keys of a mapping are names and stay, except where they are `labels`, and in a text.
    """
    return MappingProxyType({_HOLDS: what, _LABELS: labels})


TEXT = holding("text")
"""What a model, a customer or an editor wrote: left out as a whole."""
QUOTING = holding("quoting")
"""A sentence, or a label that people chose: masked, and what it quotes is left out."""
LABELS = holding("quoting", labels=True)
"""A mapping whose keys are such labels as well: slices."""
EXACT = holding("exact")
"""What programs follow: names, ids, digests, times, paths, and words out of a fixed list."""


def held(field: Field[Any], record: object) -> Holds | None:
    """Return what a record's field holds; None where the field does not say it."""
    what = field.metadata.get(_HOLDS)
    found: Holds | None = what(record) if callable(what) else what
    return found


def keyed_by_labels(field: Field[Any]) -> bool:
    """Return whether the keys of a mapping are what people wrote."""
    return bool(field.metadata.get(_LABELS))
