"""Load a base in 4 or 8 bits with bitsandbytes, or as its own files are quantised.

Tested in tests/engines/local/test_quantized.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from harness.errors import WeightsError
from harness.extras import missing

if TYPE_CHECKING:
    from torch.nn import Module
    from transformers import BitsAndBytesConfig, PreTrainedConfig

_LAYERS = "bitsandbytes.nn.modules"


def loading(config: PreTrainedConfig, quantize: str, device: str, dtype: str) -> dict[str, Any]:
    """Return the arguments with which transformers loads a quantised base; none for a plain base.

    Weights go to their device one by one and are quantised there, so no plain copy is held.
    """
    from transformers.quantizers.auto import AutoHfQuantizer

    told = _told(config)
    if not told and not quantize:
        return {}
    method = told.get("quant_method")
    # transformers only warns of a method that it does not know, and loads what it can read.
    known = _is_bitsandbytes(told) or (
        isinstance(method, str) and AutoHfQuantizer.supports_quant_method(told)
    )
    if told and not known:
        raise WeightsError(
            f"{config.name_or_path}: its weights are quantised by {str(method)[:40]!r}, which"
            " transformers does not know"
        )
    if not told or _is_bitsandbytes(told):
        _require_bitsandbytes(str(config.name_or_path))
    wish = {} if told else {"quantization_config": bitsandbytes_config(quantize, dtype)}
    return wish | {"device_map": {"": device}}


def bitsandbytes_config(quantize: str, dtype: str) -> BitsAndBytesConfig:
    """Return the config of nf4 as QLoRA has it, scales quantised as well, or of LLM.int8()."""
    import torch
    from transformers import BitsAndBytesConfig

    if quantize == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )


def keep_packed(model: Module) -> None:
    """Leave 4-bit weights out of the model's `state_dict`, which would change them.

    After its first product a processor holds them in another order. bitsandbytes undoes that for a
    `state_dict`, such as PEFT asks for with every adapter, and rounds their scales once more.
    """
    for module in model.modules():
        if type(module).__name__ == "Linear4bit" and type(module).__module__ == _LAYERS:
            module._save_to_state_dict = _save_nothing  # type: ignore[method-assign]


def _save_nothing(destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
    return None


def rows_differ(config: PreTrainedConfig, quantize: str, device: str) -> bool:
    """Return whether a row of a quantised base comes out otherwise beside others than alone.

    LLM.int8() takes the columns out that hold an outlier in any of a pass's tokens. And on a
    processor bitsandbytes multiplies 4-bit weights in bfloat16 whatever the dtype, so that the last
    bits of an attention over several rows would decide words.
    """
    told = _told(config)
    eight = bool(told.get("load_in_8bit")) or quantize == "int8"
    four = bool(told.get("load_in_4bit")) or quantize == "nf4"
    return eight or (four and device != "cuda")


def _told(config: PreTrainedConfig) -> dict[str, Any]:
    """Return what the base's own files say; empty for plain weights."""
    found = getattr(config, "quantization_config", None)
    if found is None:
        return {}
    return dict(found if isinstance(found, Mapping) else found.to_dict())


def _is_bitsandbytes(told: Mapping[str, Any]) -> bool:
    return bool(told.get("load_in_4bit") or told.get("load_in_8bit"))


def _require_bitsandbytes(name: str) -> None:
    if find_spec("bitsandbytes") is None or find_spec("accelerate") is None:
        raise missing(f"{name}: a base in 4 or 8 bits", "quantized", WeightsError)
