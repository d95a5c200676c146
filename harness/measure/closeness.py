"""Scores from an engine's or embedder's numbers: similarity of vectors, likelihood of the ideal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.errors import DataError, EngineFailed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

NLL_ROUNDING = 1e-3
"""A mean NLL may be this far below zero: half-precision log-softmax rounds."""


def embedding_similarity(outputs: ArrayLike, ideals: ArrayLike) -> NDArray[np.float64]:
    """Return cosines clipped to 0..1, a row per output vector and a column per ideal vector.

    As in sentence-transformers' `cos_sim`, a vector of zeros has cosine 0 with every vector.
    """
    import numpy as np

    cosines = _unit(outputs) @ _unit(ideals).T
    if not np.isfinite(cosines).all():
        raise EngineFailed(
            "the embedder gave a vector that is not finite; check the embedder's weights"
        )
    return np.clip(cosines, 0.0, 1.0)


def ideal_likelihood(nll: float | None) -> float | None:
    """Return exp(-nll) of the mean token NLL; a missing value or NaN gives None, not zero."""
    if nll is None or math.isnan(nll):
        return None
    if nll < -NLL_ROUNDING:
        raise DataError(
            f"the mean token NLL {nll:g} is negative; it is minus the mean log-probability"
        )
    return min(1.0, math.exp(-nll))


def _unit(vectors: ArrayLike) -> NDArray[np.float64]:
    import numpy as np

    rows = np.atleast_2d(np.asarray(vectors, dtype=np.float64))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    # The floor of torch.nn.functional.normalize, which sentence-transformers uses.
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float64)
