"""Give a base the vocabulary of an adapter that was trained with other tokens than it has.

As PEFT's users do before they load such an adapter: `model.resize_token_embeddings(...)`. Tested in
tests/engines/local/test_adapters.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import AdapterRefused

if TYPE_CHECKING:
    from torch.nn import Module
    from transformers import PreTrainedModel

PREFIX = "base_model.model."


@dataclass(frozen=True, slots=True)
class _Embedding:
    """What an adapter brings for the base's input or output embeddings."""

    name: str
    rows: int | None
    """Rows of its tensors, None where it has none."""
    whole: bool
    """Whether it brings all values, so that no row is left to chance."""


def fit_vocabulary(model: PreTrainedModel, folder: Path) -> None:
    """Resize the base's embeddings to an adapter's; refuse rows that nothing gives values to."""
    inputs: Any = model.get_input_embeddings()  # typed as any module
    have = int(inputs.weight.shape[0])
    shapes, config = _shapes(folder), _read(folder / "adapter_config.json")
    sides = [
        _embedding(_name_of(model, module), shapes)
        for module in (model.get_input_embeddings(), model.get_output_embeddings())
        if module is not None
    ]
    tokens = _trained_tokens(config)
    count = tokenizer_size(folder)
    wanted = max((side.rows for side in sides if side.rows), default=have)
    if tokens and max(tokens) >= wanted:
        wanted = max(count or 0, max(tokens) + 1)
    if wanted == have:
        return
    if count is None:
        much = f"{abs(wanted - have):,} tokens {'more' if wanted > have else 'fewer'}"
        raise AdapterRefused(
            f"the adapter has {much} than the base ({wanted:,}, not {have:,}): ship its tokenizer"
        )
    if count > wanted:
        raise AdapterRefused(
            f"its tokenizer has {count:,} tokens, but its embeddings have {wanted:,} rows: save"
            " the adapter and the tokenizer that it was trained with"
        )
    _refuse_chance(model, sides, {*range(have, wanted)} - tokens, config)
    model.resize_token_embeddings(wanted, mean_resizing=False)


def _refuse_chance(
    model: PreTrainedModel, sides: list[_Embedding], new: set[int], config: Mapping[str, Any]
) -> None:
    """Refuse new rows without values: they would be random, and different at each loading."""
    if not new:
        return
    tied = bool(getattr(model.config.get_text_config(), "tie_word_embeddings", False))
    # A module that is saved whole has a copy, so the other end of a tie keeps its own values.
    copied = bool(config.get("modules_to_save")) and not config.get("ensure_weight_tying")
    covered = any(side.whole for side in sides) if tied and not copied else None
    for side in sides:
        if not (side.whole if covered is None else covered):
            raise AdapterRefused(
                f"the adapter has {len(new):,} tokens more than the base, and no values for them in"
                f" {side.name}: save it with `save_embedding_layers=True`"
            )


def tokenizer_size(folder: Path) -> int | None:
    """Return the number of tokens of the tokenizer in a folder, None where there is none."""
    table = _read(folder / "tokenizer.json")
    if not table:
        return None
    vocabulary = (table.get("model") or {}).get("vocab") or {}
    texts = vocabulary if isinstance(vocabulary, dict) else (entry[0] for entry in vocabulary)
    added = (str(token.get("content")) for token in table.get("added_tokens") or ())
    return len({*texts, *added})


def _trained_tokens(config: Mapping[str, Any]) -> set[int]:
    found = config.get("trainable_token_indices") or []
    lists = found.values() if isinstance(found, dict) else [found]
    return {int(token) for ids in lists for token in ids}


def _embedding(name: str, shapes: Mapping[str, tuple[int, ...]]) -> _Embedding:
    whole = [
        shapes[key]
        for key in (f"{PREFIX}{name}.weight", f"{PREFIX}{name}.base_layer.weight")
        if key in shapes
    ]
    part = [shape[1:] for shape in [shapes.get(f"{PREFIX}{name}.lora_embedding_A")] if shape]
    part += [shape[:1] for shape in [shapes.get(f"{PREFIX}{name}.lora_B.weight")] if shape]
    rows = next((shape[0] for shape in (*whole, *part) if shape), None)
    return _Embedding(name, rows, bool(whole))


def _name_of(model: PreTrainedModel, wanted: Module) -> str:
    return next(str(name) for name, module in model.named_modules() if module is wanted)


def _shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    from safetensors import safe_open

    with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  # no mapping


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}
