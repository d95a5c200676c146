"""Describe a tokenizer as llama.cpp does: byte pairs with their merges, kinds of tokens, template.

Tested in tests/workspace/base/test_gguf_export.py.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from harness.errors import WeightsError

Fields = dict[str, tuple[Any, list[Any]]]
"""By key, a value with its types as the library `gguf` names them."""

_NORMAL, _CONTROL, _USER_DEFINED, _UNUSED = 1, 3, 4, 5
_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_BYTES = "bytes"
_STEPS = {
    ("bytes of words",): "gpt-2",
    ("single digits", "bytes of words"): "smollm",
    (f"{_WORDS}{{1,3}}{_REST}", _BYTES): "llama-bpe",
    (f"{_WORDS}{_REST}", _BYTES): "qwen2",
}
"""llama.cpp's names for how a text is split before its byte pairs are merged."""


def tokenizer_fields(folder: Path, size: int) -> Fields:
    """Return the fields of a folder's byte-level tokenizer, filled up to `size` tokens."""
    from gguf import GGUFValueType, SpecialVocab

    table = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    model, added = table.get("model") or {}, table.get("added_tokens") or []
    split = _STEPS.get(tuple(_steps(table.get("pre_tokenizer") or {})))
    if model.get("type") != "BPE" or split is None or table.get("normalizer"):
        raise WeightsError(
            "the library gguf cannot name this tokenizer's rules to llama.cpp, whose own"
            " convert_hf_to_gguf.py knows more of them and takes what `export --to merged` writes"
        )
    texts, kinds = {n: text for text, n in model["vocab"].items()}, {}
    for token in added:
        texts[token["id"]] = token["content"]
        kinds[token["id"]] = _CONTROL if token["special"] else _USER_DEFINED
    count = max(size, max(texts) + 1)
    tokens = [texts.get(n, f"[PAD{n}]") for n in range(count)]
    types = [kinds.get(n, _NORMAL) if n in texts else _UNUSED for n in range(count)]
    string, whole = GGUFValueType.STRING, GGUFValueType.UINT32
    fields: Fields = {
        "tokenizer.ggml.model": ("gpt2", [string]),
        "tokenizer.ggml.pre": (split, [string]),
        "tokenizer.ggml.tokens": (tokens, [GGUFValueType.ARRAY, string]),
        "tokenizer.ggml.token_type": (types, [GGUFValueType.ARRAY, GGUFValueType.INT32]),
    }
    logging.getLogger("gguf.vocab").setLevel(logging.ERROR)  # it warns of ids it does not use
    found = SpecialVocab(folder, load_merges=True, n_vocab=count)
    fields["tokenizer.ggml.merges"] = (found.merges, [GGUFValueType.ARRAY, string])
    for name, number in found.special_token_ids.items():
        key = {"unk": "unknown", "pad": "padding", "sep": "seperator"}.get(name, name)
        fields[f"tokenizer.ggml.{key}_token_id"] = (number, [whole])
    for name, wanted in found.add_special_token.items():
        fields[f"tokenizer.ggml.add_{name}_token"] = (wanted, [GGUFValueType.BOOL])
    template = folder / "chat_template.jinja"
    text = template.read_text(encoding="utf-8") if template.is_file() else found.chat_template
    if isinstance(text, str):
        fields["tokenizer.chat_template"] = (text, [string])
    return fields


def _steps(rules: dict[str, Any]) -> list[str]:
    """Return what a tokenizer does to a text before the merges, a step after the other."""
    kind = rules.get("type")
    if kind == "Sequence":
        return [step for each in rules["pretokenizers"] for step in _steps(each)]
    if kind == "Digits" and rules.get("individual_digits"):
        return ["single digits"]
    if kind == "ByteLevel" and not rules.get("add_prefix_space"):
        return ["bytes of words" if rules.get("use_regex", True) else _BYTES]
    if kind == "Split" and rules.get("behavior") == "Isolated" and not rules.get("invert"):
        return [str((rules.get("pattern") or {}).get("Regex"))]
    return [f"another rule ({kind})"]
