"""An embedder of the BERT family with torch alone: the same operations as in transformers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import (
    embedding,
    gelu,
    layer_norm,
    linear,
    scaled_dot_product_attention,
)

from harness.engines.local.fast.files import WEIGHTS, Unusual, described, only, tensors
from harness.engines.local.fast.tokens import read_words

_USUAL = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "quantization_config": None,
}
_NEEDED = {"model_type", "num_attention_heads", "num_hidden_layers", "layer_norm_eps"}
_WORDS = {
    "do_basic_tokenize": True,
    "do_lower_case": True,
    "strip_accents": None,
    "tokenize_chinese_chars": True,
    "tokenizer_class": "BertTokenizer",
}
"""What is said of the tokenizer, and what `tokenizer.json` does then."""
_NORMALIZER = {
    "type": "BertNormalizer",
    "clean_text": True,
    "handle_chinese_chars": True,
    "strip_accents": None,
    "lowercase": True,
}
_PARTS = (
    *(f"attention.self.{part}" for part in ("query", "key", "value")),
    *(f"{part}output.{kind}" for part in ("attention.", "") for kind in ("dense", "LayerNorm")),
    "intermediate.dense",
)
"""Of one layer; each has a weight and a bias."""
_FIRST = {
    *(f"embeddings.{name}_embeddings.weight" for name in ("word", "token_type", "position")),
    *(f"embeddings.LayerNorm.{kind}" for kind in ("weight", "bias")),
}
_HARMLESS = {"model_max_length", "name_or_path", "special_tokens_map_file"}
_SPECIAL = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}


class Bert:
    """Token ids and what of them is seen to one vector per token."""

    def __init__(self, told: Mapping[str, Any], values: dict[str, Any]) -> None:
        """A tensor that is missing is unusual; what is left over (a pooler) is not used."""
        self._values = {name.removeprefix("bert."): value for name, value in values.items()}
        self._heads, self._eps = told["num_attention_heads"], told["layer_norm_eps"]
        self._layers = [f"encoder.layer.{number}" for number in range(told["num_hidden_layers"])]
        parts = [f"{layer}.{part}" for layer in self._layers for part in _PARTS]
        needed = {f"{part}.{kind}" for part in parts for kind in ("weight", "bias")} | _FIRST
        if missing := needed - self._values.keys():
            raise Unusual(f"{WEIGHTS} has no {min(missing)}")

    def __call__(self, ids: Any, seen: Any) -> Any:
        """One vector per token, those that are not seen included."""
        words, kinds, places = (
            self._values[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "token_type", "position")
        )
        values = embedding(ids, words) + kinds[0] + places[: ids.shape[1]]
        values = self._normed("embeddings", values)
        mask = None if bool(seen.all()) else seen[:, None, None, :].bool()
        for layer in self._layers:
            values = self._layer(layer, values, mask)
        return values

    def _layer(self, name: str, values: Any, mask: Any) -> Any:
        query, key, value = (
            self._product(f"{name}.attention.self.{part}", values)
            .view(*values.shape[:2], self._heads, -1)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        found = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        found = self._product(
            f"{name}.attention.output.dense", found.transpose(1, 2).reshape(values.shape)
        )
        values = self._normed(f"{name}.attention.output", found + values)
        wide = gelu(self._product(f"{name}.intermediate.dense", values))
        return self._normed(f"{name}.output", self._product(f"{name}.output.dense", wide) + values)

    def _product(self, name: str, values: Any) -> Any:
        return linear(values, self._values[f"{name}.weight"], self._values[f"{name}.bias"])

    def _normed(self, name: str, values: Any) -> Any:
        weight, bias = (self._values[f"{name}.LayerNorm.{which}"] for which in ("weight", "bias"))
        return layer_norm(values, weight.shape, weight, bias, self._eps)


class BertTokenizer:
    """Texts to token ids, padded to the longest, as transformers' tokenizer does it."""

    def __init__(self, words: Any, most: int) -> None:
        self._words = words
        words.enable_truncation(most)
        words.enable_padding(pad_id=words.token_to_id("[PAD]"), pad_token="[PAD]")

    def __call__(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """The ids, and which of them are seen."""
        found = self._words.encode_batch(list(texts))
        ids, seen = ([getattr(one, what) for one in found] for what in ("ids", "attention_mask"))
        return torch.tensor(ids), torch.tensor(seen)


def read_bert(folder: Path, most: int) -> tuple[BertTokenizer, Bert]:
    """An embedder's folder; `Unusual` where transformers is needed to read it."""
    told = described(folder / "config.json")
    for name, usual in _USUAL.items():
        if told.get(name, usual) != usual:
            raise Unusual(f"config.json: {name} is {told[name]!r}")
    if _NEEDED - told.keys():
        raise Unusual("config.json does not say enough")
    words = _words(folder)
    return BertTokenizer(words, most), Bert(told, tensors(folder / WEIGHTS, torch.float32))


def _words(folder: Path) -> Any:
    told = described(folder / "tokenizer_config.json")
    only(_HARMLESS | _WORDS.keys() | _SPECIAL.keys(), told, "tokenizer_config.json")
    usual = _WORDS | _SPECIAL
    for name, value in told.items():
        if name in usual and value != usual[name]:
            raise Unusual(f"tokenizer_config.json: {name} is {value!r}")
    if not {"tokenizer_class", "do_lower_case"} <= told.keys():
        raise Unusual("tokenizer_config.json does not say enough")
    if described(folder / "tokenizer.json").get("normalizer") != _NORMALIZER:
        raise Unusual("tokenizer.json changes texts in a way of its own")
    return read_words(folder, _SPECIAL.values())
