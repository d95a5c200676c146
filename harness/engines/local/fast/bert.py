"""An embedder of the BERT family with torch alone: the same operations as in transformers.

Tested in tests/engines/test_embedder.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import (
    embedding,
    gelu,
    layer_norm,
    linear,
    scaled_dot_product_attention,
)

from harness.engines.local.fast.files import WEIGHTS, Table, Unusual, only, read_table, tensors
from harness.engines.local.fast.tokens import read_tokenizer

if TYPE_CHECKING:
    import tokenizers

_USUAL = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "quantization_config": None,
}
_NUMBERS = ("num_attention_heads", "num_hidden_layers", "layer_norm_eps")
_TOKENIZER = {
    "do_basic_tokenize": True,
    "do_lower_case": True,
    "strip_accents": None,
    "tokenize_chinese_chars": True,
    "tokenizer_class": "BertTokenizer",
}
"""Settings of the tokenizer with which it does what `tokenizer.json` says."""
_NORMALIZER = {
    "type": "BertNormalizer",
    "clean_text": True,
    "handle_chinese_chars": True,
    "strip_accents": None,
    "lowercase": True,
}
_HARMLESS = {"model_max_length", "name_or_path", "special_tokens_map_file"}
_SPECIAL = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}


class Bert:
    """A model from token ids and their mask to a vector per token."""

    def __init__(self, config: Table, values: Mapping[str, Tensor]) -> None:
        """Refuse missing or misshapen tensors as unusual; extra tensors (a pooler) are not used."""
        self._values = {name.removeprefix("bert."): value for name, value in values.items()}
        self._heads: int = config["num_attention_heads"]
        self._eps: float = config["layer_norm_eps"]
        self._layers = [f"encoder.layer.{number}" for number in range(config["num_hidden_layers"])]
        width = self._size("embeddings.word_embeddings.weight", 1)
        inner = self._size(f"{self._layers[0]}.intermediate.dense.weight", 0)
        if width % self._heads:
            raise Unusual(f"config.json: {self._heads} heads do not divide {width}")
        for table in ("token_type", "position"):
            if self._size(f"embeddings.{table}_embeddings.weight", 1) != width:
                raise Unusual(f"{WEIGHTS}: {table} embeddings are not {width} wide")
        for name, shape in _shapes(self._layers, width, inner):
            value = self._values.get(name)
            if value is None or tuple(value.shape) != shape:
                raise Unusual(f"{WEIGHTS}: {name} is not {shape}")

    def _size(self, name: str, dimension: int) -> int:
        value = self._values.get(name)
        if value is None or value.dim() != 2:
            raise Unusual(f"{WEIGHTS} has no {name}")
        return value.shape[dimension]

    @property
    def vocabulary(self) -> int:
        """The number of token ids."""
        return self._size("embeddings.word_embeddings.weight", 0)

    @property
    def longest(self) -> int:
        """The number of tokens that a text may have."""
        return self._size("embeddings.position_embeddings.weight", 0)

    def __call__(self, ids: Tensor, seen: Tensor) -> Tensor:
        """Return a vector per token, padding included."""
        words, kinds, places = (
            self._values[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "token_type", "position")
        )
        # The order of the sums is that of transformers: another order rounds differently.
        values = embedding(ids, words) + kinds[0] + places[: ids.shape[1]]
        values = self._normed("embeddings", values)
        # As in transformers: without padding no mask, with which torch may take another kernel.
        mask = None if bool(seen.all()) else seen[:, None, None, :].bool()
        for layer in self._layers:
            values = self._layer(layer, values, mask)
        return values

    def _layer(self, name: str, values: Tensor, mask: Tensor | None) -> Tensor:
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

    def _product(self, name: str, values: Tensor) -> Tensor:
        return linear(values, self._values[f"{name}.weight"], self._values[f"{name}.bias"])

    def _normed(self, name: str, values: Tensor) -> Tensor:
        weight, bias = (self._values[f"{name}.LayerNorm.{which}"] for which in ("weight", "bias"))
        return layer_norm(values, weight.shape, weight, bias, self._eps)


def _shapes(layers: Sequence[str], width: int, inner: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name and shape of every tensor besides the embeddings."""
    products = {
        **{f"attention.self.{part}": (width, width) for part in ("query", "key", "value")},
        "attention.output.dense": (width, width),
        "intermediate.dense": (inner, width),
        "output.dense": (width, inner),
    }
    norms = ["embeddings", *(f"{one}.{p}output" for one in layers for p in ("attention.", ""))]
    for norm in norms:
        yield from ((f"{norm}.LayerNorm.{kind}", (width,)) for kind in ("weight", "bias"))
    for layer in layers:
        for name, shape in products.items():
            yield f"{layer}.{name}.weight", shape
            yield f"{layer}.{name}.bias", shape[:1]


class BertTokenizer:
    """Texts to token ids, padded to the longest, as transformers' tokenizer does it."""

    def __init__(self, tokenizer: tokenizers.Tokenizer, limit: int) -> None:
        self._tokenizer = tokenizer
        pad = tokenizer.token_to_id("[PAD]")
        assert pad is not None, "read_tokenizer has checked the special tokens"
        tokenizer.enable_truncation(limit)
        tokenizer.enable_padding(pad_id=pad, pad_token="[PAD]")

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return the ids and the mask of the tokens that are not padding."""
        found = self._tokenizer.encode_batch(list(texts))
        ids = torch.tensor([encoding.ids for encoding in found])
        return ids, torch.tensor([encoding.attention_mask for encoding in found])


def read_bert(folder: Path, limit: int) -> tuple[BertTokenizer, Bert]:
    """Read an embedder's folder; `Unusual` if transformers is needed to read it."""
    config = read_table(folder / "config.json")
    for name, usual in _USUAL.items():
        if config.get(name, usual) != usual:
            raise Unusual(f"config.json: {name} is {config[name]!r}")
    heads, layers, eps = (config.get(name) for name in _NUMBERS)
    whole = type(heads) is int and type(layers) is int and heads > 0 and layers > 0
    if "model_type" not in config or not whole or not isinstance(eps, float):
        raise Unusual("config.json does not say enough")
    tokenizer = _tokenizer(folder)
    model = Bert(config, tensors(folder / WEIGHTS, torch.float32))
    if tokenizer.get_vocab_size() > model.vocabulary or limit > model.longest:
        raise Unusual(f"{WEIGHTS} is too small for the tokenizer or for {limit} tokens")
    return BertTokenizer(tokenizer, limit), model


def _tokenizer(folder: Path) -> tokenizers.Tokenizer:
    config = read_table(folder / "tokenizer_config.json")
    usual = _TOKENIZER | _SPECIAL
    only(_HARMLESS | usual.keys(), config, "tokenizer_config.json")
    for name, value in config.items():
        if name in usual and value != usual[name]:
            raise Unusual(f"tokenizer_config.json: {name} is {value!r}")
    if not {"tokenizer_class", "do_lower_case"} <= config.keys():
        raise Unusual("tokenizer_config.json does not say enough")
    if read_table(folder / "tokenizer.json").get("normalizer") != _NORMALIZER:
        raise Unusual("tokenizer.json changes texts in its own way")
    return read_tokenizer(folder, _SPECIAL.values())
