"""Marks on the fields of records that say what they hold: `input: str = field(metadata=TEXT)`.

`text/redact.py` reads them; a field without a mark is treated as a text.

Tested in tests/render/test_holds.py.
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
"""Words of a model, a customer or an editor: left out as a whole."""
QUOTING = holding("quoting")
"""A sentence, or a label that people chose: masked, and what it quotes is left out."""
LABELS = holding("quoting", labels=True)
"""A mapping whose keys are such labels as well: slices."""
EXACT = holding("exact")
"""Values that programs follow: names, ids, digests, times, paths, and words of a fixed list."""


def held(field: Field[Any], record: object) -> Holds | None:
    """Return what a record's field holds; None where the field has no mark."""
    what = field.metadata.get(_HOLDS)
    found: Holds | None = what(record) if callable(what) else what
    return found


def keyed_by_labels(field: Field[Any]) -> bool:
    """Return whether the keys of a mapping are labels that people chose."""
    return bool(field.metadata.get(_LABELS))
