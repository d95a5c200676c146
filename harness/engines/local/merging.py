"""Merge an adapter into its base, prove that the merged model answers as before, and save it.

Tested in tests/engines/local/test_merging.py.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from harness.engines.local.adapters import Mounting
from harness.engines.local.base import load_base, model_class
from harness.engines.local.quantized import bitsandbytes_config
from harness.engines.protocol import Mounted
from harness.errors import EngineFailed, HarnessError, WorldFailed, reason

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import Tensor
    from torch.nn import Module, Parameter
    from transformers import PreTrainedModel

_log = logging.getLogger(__name__)

PROBE = 32
"""Tokens of the prompt on which a merge must answer as the adapter does."""
TOLERANCE = 1e-3
"""Share of the largest logit by which float32 may round a merge."""


def plain_base(folder: Path, quantize: str = "") -> PreTrainedModel:
    """Load a base in float32 on the processor; weights in few bits become the numbers they mean."""
    import torch

    model = load_base(folder, "cpu", "float32", quantize=quantize).model
    if getattr(model, "is_quantized", False):
        dequantized: Any = model.dequantize(torch.float32)
        model = dequantized.to(torch.float32)
    model.set_attn_implementation("eager")  # ours answers to our own runners only
    return model


def merge(folder: Path, adapter: Mounted, quantize: str = "") -> PreTrainedModel:
    """Return the base with an adapter merged into its weights, all of it in float32.

    An adapter that changes one end of tied embeddings only unties them, so that the other end
    keeps its values.
    """
    import torch

    assert adapter.folder is not None
    model = plain_base(folder, quantize)
    peft = Mounting(model, merge=False).mount(adapter.digest, adapter.folder, adapter.name)
    peft.set_adapter(adapter.digest)
    tied = _untie(peft)
    try:
        with torch.inference_mode():
            before = _logits(peft)
        merged = cast("PreTrainedModel", cast(Any, peft).merge_and_unload(safe_merge=True))
        with torch.inference_mode():
            after = _logits(merged)
    except Exception as problem:  # PEFT raises many kinds: all mean that it cannot be merged
        _log.debug("%s: PEFT does not merge it", adapter.name, exc_info=True)
        raise EngineFailed(
            f"{adapter.name}: PEFT does not merge it ({reason(problem)})"
        ) from problem
    off = float((before - after).abs().max())
    if not off <= TOLERANCE * (1 + float(before.abs().max())):
        raise EngineFailed(
            f"{adapter.name}: merged by PEFT it answers otherwise than mounted (logits differ by"
            f" {off:.3g}), so no merge of it is written"
        )
    if tied:
        _retie(merged)
    return merged


def _logits(model: PeftModel | PreTrainedModel) -> Tensor:
    """Return the logits after a prompt of tokens from all over the vocabulary."""
    import torch

    rows = int(cast(Any, model).get_input_embeddings().weight.shape[0])
    ids = torch.linspace(0, rows - 1, PROBE).long().unsqueeze(0)
    return cast("Tensor", model(input_ids=ids).logits).float()


def _untie(peft: PeftModel) -> bool:
    """Give the output embeddings values of their own; return whether they shared the input's."""
    model: PreTrainedModel = cast(Any, peft).get_base_model()
    inputs, outputs = model.get_input_embeddings(), model.get_output_embeddings()
    if inputs is None or outputs is None:
        return False
    shared = {id(weight) for weight in inputs.parameters()}
    found = False
    for module in cast("Module", outputs).modules():
        weight: Parameter | None = module._parameters.get("weight")
        if weight is not None and id(weight) in shared:
            module._parameters["weight"] = type(weight)(weight.detach().clone(), False)
            found = True
    return found


def _retie(model: PreTrainedModel) -> None:
    """Tie embeddings again that are still equal; say in the config where they no longer are."""
    import torch

    inputs: Any = model.get_input_embeddings()
    outputs: Any = model.get_output_embeddings()
    same = inputs.weight.shape == outputs.weight.shape
    same = same and torch.equal(inputs.weight, outputs.weight)
    for config in {id(one): one for one in (model.config, model.config.get_text_config())}.values():
        config.tie_word_embeddings = same
    if same:
        outputs.weight = inputs.weight
    else:
        # Also the names by which transformers leaves the head out of the files that it saves.
        cast(Any, model)._tied_weights_keys = None
        cast(Any, model).all_tied_weights_keys = {}


def save(model: PreTrainedModel, into: Path, dtype: str) -> None:
    """Write a model as safetensors in a dtype, with its config."""
    import torch

    try:
        cast(Any, model).to(getattr(torch, dtype)).save_pretrained(into)
    except OSError as problem:
        raise WorldFailed(f"{into}: cannot be written ({reason(problem)})") from problem


def save_nf4(folder: Path, into: Path, device: str, dtype: str) -> None:
    """Write the plain model of a folder as nf4, with the scales quantised as well."""
    import torch
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    try:
        model = model_class(config).from_pretrained(
            folder,
            config=config,
            dtype=getattr(torch, dtype),
            quantization_config=bitsandbytes_config("nf4", dtype),
            device_map={"": device},
            use_safetensors=True,
            trust_remote_code=False,
        )
        model.save_pretrained(into)
    except HarnessError:
        raise
    except OSError as problem:
        raise WorldFailed(f"{into}: cannot be written ({reason(problem)})") from problem
    except Exception as problem:  # bitsandbytes raises many kinds: all mean that it cannot be done
        _log.debug("%s: bitsandbytes does not quantise it", folder, exc_info=True)
        raise EngineFailed(
            f"{folder.name}: bitsandbytes does not make nf4 of it ({reason(problem)})"
        ) from problem
