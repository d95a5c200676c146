"""Texts to vectors, with the numbers of sentence-transformers; loaded when first used.

The usual kind of embedder (mean over the tokens, length one) is three lines of torch, and its usual
model is computed without transformers, to the last bit as transformers does it. Every other model
or kind goes the long way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.engines.local.fast.files import described
from harness.errors import EngineFailed, reason
from harness.libraries import lasting, quiet_environment, quiet_libraries, versions

_TOGETHER = 32
_USUAL = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])


class _Model(Protocol):
    def encode(self, texts: list[str], *, batch_size: int, show_progress_bar: bool) -> Any: ...


class Embedder:
    """One embedding model on the CPU, in float32, so that numbers are the field's numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._model: _Model | None = None

    @property
    def version(self) -> str:
        """What could change a vector besides the weights."""
        return str(versions(("sentence-transformers", "transformers", "torch")))

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """One vector per text, in their order."""
        if self._model is None:
            self._model = self._load()
        found = self._model.encode(list(texts), batch_size=_TOGETHER, show_progress_bar=False)
        return [np.asarray(vector, dtype=np.float32) for vector in found]

    def _load(self) -> _Model:
        quiet_environment()
        try:
            described = _mean_of_tokens(self.folder)
            return _MeanOfTokens(self.folder, *described) if described else _any(self.folder)
        except Exception as problem:  # a damaged folder fails in as many ways as it has files
            raise EngineFailed(
                f"{self.folder}: the embedder does not load ({reason(problem)})"
            ) from None


def _any(folder: Path) -> _Model:
    quiet_libraries()
    from sentence_transformers import SentenceTransformer

    model: _Model = SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, trust_remote_code=False
    )
    return model


def _mean_of_tokens(folder: Path) -> tuple[int, bool] | None:
    """How many tokens it takes and whether it makes vectors of length one; None: another kind."""
    modules = described(folder / "modules.json")
    if not isinstance(modules, list):
        return None
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if kinds not in _USUAL or modules[0]["path"]:
        return None
    reading = described(folder / "sentence_bert_config.json")
    pooling = described(folder / modules[1]["path"] / "config.json")
    prompts = described(folder / "config_sentence_transformers.json").get("default_prompt_name")
    ways = [name for name, on in pooling.items() if name.startswith("pooling_mode_") and on is True]
    if ways != ["pooling_mode_mean_tokens"] or reading.get("do_lower_case") or prompts:
        return None
    most = reading.get("max_seq_length")
    return (int(most), "Normalize" in kinds) if most else None


States = Callable[[list[str]], tuple[Any, Any]]
"""Texts to one vector per token, and which of the tokens are seen."""


def _bare_states(folder: Path, most: int) -> States | None:
    with lasting():
        from harness.engines.local.fast.bert import read_bert
    try:
        words, model = read_bert(folder, most)
        model(*words(["tensors of another size than they should have do not answer"]))
    except Exception:  # unusual or damaged: transformers reads it, or says what is wrong
        return None

    def states(texts: list[str]) -> tuple[Any, Any]:
        ids, seen = words(texts)
        return model(ids, seen), seen

    return states


def _states(folder: Path, most: int) -> States:
    with lasting():
        quiet_libraries()
        import torch
        from transformers import AutoModel, AutoTokenizer

    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(folder, **local)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, **local)
    model.eval()

    def states(texts: list[str]) -> tuple[Any, Any]:
        asked: Mapping[str, Any] = tokenizer(
            texts, padding=True, truncation="longest_first", max_length=most, return_tensors="pt"
        )
        return model(**asked).last_hidden_state, asked["attention_mask"]

    return states


class _MeanOfTokens:
    def __init__(self, folder: Path, most: int, unit: bool) -> None:
        self.unit = unit
        self.states = _bare_states(folder, most) or _states(folder, most)

    def encode(self, texts: list[str], *, batch_size: int, show_progress_bar: bool) -> Any:
        """Longest first, as sentence-transformers does: so the same texts share a batch."""
        import torch

        found: list[Any] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        with torch.inference_mode():
            for start in range(0, len(texts), batch_size):
                some = order[start : start + batch_size]
                vectors = self._vectors([texts[place] for place in some])
                for place, vector in zip(some, vectors, strict=True):
                    found[place] = vector.numpy()
        return found

    def _vectors(self, texts: list[str]) -> Any:
        from torch.nn.functional import normalize

        states, shown = self.states(texts)
        seen = shown[..., None].float()
        mean = (states * seen).sum(1) / seen.sum(1).clamp(min=1e-9)
        return normalize(mean, dim=1) if self.unit else mean
