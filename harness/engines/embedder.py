"""Turn texts into vectors, with the numbers of sentence-transformers; loaded when first used.

The usual kind of embedder (mean over the tokens, length 1) is three lines of torch, and its usual
model is computed without transformers, to the last bit as transformers computes it. Every other
model goes through transformers, every other kind through sentence-transformers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.engines.local.fast.files import Unusual, read_json
from harness.engines.local.room import BESIDE, MORE, weight_bytes
from harness.errors import EngineFailed, reason
from harness.free_memory import free_memory
from harness.libraries import lasting, quiet_environment, quiet_libraries, versions

if TYPE_CHECKING:
    from torch import Tensor

_log = logging.getLogger(__name__)

_TOGETHER = 32
_USUAL = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])

Vectors: TypeAlias = Sequence[NDArray[np.float32]]
States: TypeAlias = "Callable[[list[str]], tuple[Tensor, Tensor]]"
"""A function from texts to a vector per token, and a mask of the tokens that are not padding."""


class _Model(Protocol):
    def encode(self, texts: list[str], *, batch_size: int, show_progress_bar: bool) -> Vectors: ...


class Embedder:
    """An embedding model on the CPU, in float32, as published figures are computed."""

    def __init__(self, folder: Path, make_room: Callable[[], None] = lambda: None) -> None:
        """Take a function that is called where the model would not fit beside what is loaded."""
        self.folder = folder
        self._make_room = make_room
        self._model: _Model | None = None

    @property
    def version(self) -> str:
        """The library versions, which could change a vector besides the weights."""
        return str(versions(("sentence-transformers", "transformers", "torch")))

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return a vector for every text, in their order."""
        if self._model is None:
            self._model = self._load()
        found = self._model.encode(list(texts), batch_size=_TOGETHER, show_progress_bar=False)
        return [np.asarray(vector, dtype=np.float32) for vector in found]

    def release(self) -> None:
        """Give the model's memory back; it is loaded again with the next text."""
        self._model = None

    def _load(self) -> _Model:
        quiet_environment()
        free = free_memory()
        if free is not None and free < int(weight_bytes(self.folder, "float32") * MORE) + BESIDE:
            self._make_room()
        try:
            if usual := _mean_of_tokens(self.folder):
                return _MeanOfTokens(self.folder, *usual)
            _log.info("%s: sentence-transformers computes it", self.folder)
            quiet_libraries()
            from sentence_transformers import SentenceTransformer

            model: _Model = SentenceTransformer(
                str(self.folder), device="cpu", local_files_only=True, trust_remote_code=False
            )
            return model
        except Exception as problem:  # a damaged folder fails in as many ways as it has files
            _log.debug("%s: the embedder does not load", self.folder, exc_info=True)
            raise EngineFailed(
                f"{self.folder}: the embedder does not load ({reason(problem)})"
            ) from problem


def _mean_of_tokens(folder: Path) -> tuple[int, bool] | None:
    """Return the most tokens of a text and whether vectors have length 1; None for other kinds."""
    modules = read_json(folder / "modules.json")
    if not isinstance(modules, list):
        return None
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if kinds not in _USUAL or modules[0]["path"]:
        return None
    reading = read_json(folder / "sentence_bert_config.json")
    pooling = read_json(folder / modules[1]["path"] / "config.json")
    prompts = read_json(folder / "config_sentence_transformers.json").get("default_prompt_name")
    ways = [name for name, on in pooling.items() if name.startswith("pooling_mode_") and on is True]
    if ways != ["pooling_mode_mean_tokens"] or reading.get("do_lower_case") or prompts:
        return None
    limit = reading.get("max_seq_length")
    return (int(limit), "Normalize" in kinds) if limit else None


def _fast_states(folder: Path, limit: int) -> States | None:
    with lasting():
        from harness.engines.local.fast.bert import read_bert
    try:
        tokenize, model = read_bert(folder, limit)
    except Unusual as problem:
        _log.info("%s: transformers computes it (%s)", folder, problem)
        return None
    except Exception as problem:
        _log.error("%s: reading it without transformers failed, a bug (%r)", folder, problem)
        raise

    def states(texts: list[str]) -> tuple[Tensor, Tensor]:
        ids, seen = tokenize(texts)
        return model(ids, seen), seen

    return states


def _states(folder: Path, limit: int) -> States:
    with lasting():
        quiet_libraries()
        import torch
        from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    model = AutoModel.from_pretrained(
        folder,
        dtype=torch.float32,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
    )
    model.eval()

    def states(texts: list[str]) -> tuple[Tensor, Tensor]:
        inputs = tokenizer(
            texts, padding=True, truncation="longest_first", max_length=limit, return_tensors="pt"
        )
        return model(**inputs).last_hidden_state, inputs["attention_mask"]

    return states


class _MeanOfTokens:
    def __init__(self, folder: Path, limit: int, unit: bool) -> None:
        self.unit = unit
        self.states = _fast_states(folder, limit) or _states(folder, limit)

    def encode(self, texts: list[str], *, batch_size: int, show_progress_bar: bool) -> Vectors:
        """Embed the longest texts first, as sentence-transformers does.

        A vector's last bits depend on the texts that share its batch, so the batches must be the
        same as there.
        """
        import torch

        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        found: dict[int, NDArray[np.float32]] = {}
        with torch.inference_mode():
            for start in range(0, len(texts), batch_size):
                some = order[start : start + batch_size]
                vectors = self._vectors([texts[place] for place in some])
                found |= {p: vector.numpy() for p, vector in zip(some, vectors, strict=True)}
        return [found[place] for place in range(len(texts))]

    def _vectors(self, texts: list[str]) -> Tensor:
        from torch.nn.functional import normalize

        states, shown = self.states(texts)
        seen = shown[..., None].float()
        mean = (states * seen).sum(1) / seen.sum(1).clamp(min=1e-9)  # a text may have no token
        return normalize(mean, dim=1) if self.unit else mean
