"""Texts to vectors with sentence-transformers, as its users know them; loaded when first used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import EngineFailed, reason
from harness.libraries import quiet_libraries, versions


class Embedder:
    """One embedding model on the CPU, in float32, so that numbers are the field's numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._model: Any = None

    @property
    def version(self) -> str:
        """What could change a vector besides the weights."""
        return str(versions(("sentence-transformers", "transformers", "torch")))

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """One vector per text, in their order."""
        if self._model is None:
            self._load()
        found = self._model.encode(list(texts), batch_size=32, show_progress_bar=False)
        return [np.asarray(vector, dtype=np.float32) for vector in found]

    def _load(self) -> None:
        quiet_libraries()
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(
                str(self.folder), device="cpu", local_files_only=True, trust_remote_code=False
            )
        except Exception as problem:  # a damaged folder fails in as many ways as it has files
            raise EngineFailed(
                f"{self.folder}: the embedder does not load ({reason(problem)})"
            ) from None
