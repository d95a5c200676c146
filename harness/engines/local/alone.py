"""Say which bases must run each row alone: where padding or other rows would change its result.

Tested in tests/engines/local/test_kinds.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature
from typing import TYPE_CHECKING, Any

from harness.engines.local.quantized import rows_differ

if TYPE_CHECKING:
    from torch.nn import Module
    from transformers import PreTrainedConfig, PreTrainedModel

_ATTENTIONS = frozenset({"full_attention", "sliding_attention", "chunked_attention"})
"""Layers that read the tokens before them, and so pass over padding; others carry a state."""
_BY_LENGTH = frozenset({"dynamic", "longrope"})
"""Rotary embeddings that follow from the length of the longest row of a pass."""


def must_be_alone(config: PreTrainedConfig, quantize: str, device: str) -> bool:
    """Return whether a row depends on the length or the values of the others in its pass."""
    by_length = not _BY_LENGTH.isdisjoint(_rope_types(config))
    return by_length or rows_differ(config, quantize, device)


def _rope_types(config: PreTrainedConfig) -> Iterator[str]:
    found: Any = getattr(config.get_text_config(), "rope_parameters", None) or {}
    # Some have one set of parameters for each kind of layer.
    for table in (found, *(value for value in found.values() if isinstance(value, dict))):
        yield str(table.get("rope_type"))


def carries_state(model: PreTrainedModel) -> bool:
    """Return whether a model hands a state from token to token, or takes no positions."""
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or ()
    stateful = getattr(model, "_is_stateful", False) or not set(kinds) <= _ATTENTIONS
    return bool(stateful) or "position_ids" not in signature(model.forward).parameters


def forget_lengths(model: Module) -> None:
    """Reset the rotary embeddings that grew with a longer row: the next row must not see that."""
    for module in model.modules():
        rotary: Any = module
        if getattr(rotary, "rope_type", None) == "dynamic":
            rotary.register_buffer("inv_freq", rotary.original_inv_freq, persistent=False)
            rotary.max_seq_len_cached = rotary.original_max_seq_len
