"""Texts to vectors: what the store has is looked up, the rest is embedded once in its life."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.engines.embedder import Embedder
from harness.store import Store
from harness.store.keys import vector_key


def vectors_of(
    texts: Sequence[str],
    store: Store,
    embedder: Embedder,
    digest: str,
    heard: Callable[[int], None] = lambda missing: None,
) -> dict[str, NDArray[np.float32]]:
    """The vector of every text; `digest` is that of the embedder's weights.

    `heard` is told how many are missing, before the model is loaded for them.
    """
    wanted = list(dict.fromkeys(texts))
    keys = {text: vector_key(digest, embedder.version, text) for text in wanted}
    known = store.outputs.vectors(keys.values())
    missing = [text for text in wanted if keys[text] not in known]
    if missing:
        heard(len(missing))
        made = embedder.embed(missing)
        found = dict(zip((keys[text] for text in missing), made, strict=True))
        store.outputs.keep_vectors(found)
        known |= found
    return {text: known[key] for text, key in keys.items()}
