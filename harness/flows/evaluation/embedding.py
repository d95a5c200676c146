"""Texts to vectors: what the store has is looked up, the rest is embedded once in its life."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.engines.embedder import Embedder
from harness.store import Store
from harness.store.keys import vector_key

TOGETHER = 512
"""So many texts are embedded before their vectors are kept."""


def vectors_of(
    texts: Sequence[str],
    store: Store,
    embedder: Embedder,
    digest: str,
    heard: Callable[[int, int], None] = lambda done, missing: None,
) -> dict[str, NDArray[np.float32]]:
    """The vector of every text; `digest` is that of the embedder's weights.

    `heard` is told how many are done and were missing, first before the model is loaded for them.
    """
    wanted = list(dict.fromkeys(texts))
    keys = {text: vector_key(digest, embedder.version, text) for text in wanted}
    known = store.outputs.vectors(keys.values())
    missing = [text for text in wanted if keys[text] not in known]
    for start in range(0, len(missing), TOGETHER):
        heard(start, len(missing))
        some = missing[start : start + TOGETHER]
        found = dict(zip((keys[text] for text in some), embedder.embed(some), strict=True))
        store.outputs.keep_vectors(found)
        known |= found
    return {text: known[key] for text, key in keys.items()}
