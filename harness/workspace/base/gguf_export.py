"""Write a model as one GGUF file for llama.cpp and Ollama, with the library `gguf`.

What the library cannot write (K-quants, scaled rotary embeddings) is refused, and the line names
llama.cpp's own converter. Tested in tests/workspace/base/test_gguf_export.py.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, WeightsError, WorldFailed, reason
from harness.extras import missing
from harness.libraries import quiet_libraries
from harness.workspace.base.gguf_tokens import Fields, tokenizer_fields

_log = logging.getLogger(__name__)

TYPES = {
    "float32": "F32", "float16": "F16", "bfloat16": "BF16", "q8_0": "Q8_0", "q5_1": "Q5_1",
    "q5_0": "Q5_0", "q4_1": "Q4_1", "q4_0": "Q4_0",
}  # fmt: skip
"""The types of matrices that the library writes; vectors stay in float32."""
CONVERTER = "llama.cpp's convert_hf_to_gguf.py makes one of what `export --to merged` writes"
_SAME_KIND = {"mistral": "llama"}
"""Kinds of base that llama.cpp reads as another kind."""
_OWN = ("GGUF.", "general.file_type", "general.quantization_version", "general.architecture")
"""Fields of a GGUF that its writer sets."""
_TOKENIZER = "tokenizer."
_NO_MATTER = frozenset({
    "transformers_version", "dtype", "torch_dtype", "_name_or_path", "architectures", "model_type",
    "initializer_range", "attention_dropout", "use_cache", "pretraining_tp", "bos_token_id",
    "eos_token_id", "pad_token_id", "quantization_config", "is_llama_config",
})  # fmt: skip
"""Keys of a config that change no logit."""


def write_gguf(
    folder: Path, file: Path, kind: str, like: Path | None = None, own_tokenizer: bool = False
) -> None:
    """Write the plain model of a transformers folder; `kind` is one of `TYPES`.

    `like` is the GGUF that the model's base came from: its description is taken over, and its
    tokenizer unless the folder has its own.
    """
    quiet_libraries()
    try:
        import gguf
    except ImportError as problem:
        raise missing("writing GGUF", "gguf", WeightsError) from problem
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    name = _SAME_KIND.get(config.model_type, config.model_type)
    arch = next((a for a, said in gguf.MODEL_ARCH_NAMES.items() if said == name), None)
    if arch is None:
        raise WeightsError(f"the library gguf writes no {config.model_type} model; {CONVERTER}")
    wanted = gguf.GGMLQuantizationType[TYPES[kind]]
    fields = _config_fields(name, config) if like is None else _fields_of(like, own_tokenizer)
    fields[f"{name}.vocab_size"] = (int(config.vocab_size), [gguf.GGUFValueType.UINT32])
    if like is None or own_tokenizer:
        fields |= tokenizer_fields(folder, int(config.vocab_size))
    try:
        writer = gguf.GGUFWriter(file, name)
        writer.add_file_type(int(gguf.LlamaFileType[_file_type(TYPES[kind])]))
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        for key, (value, kinds) in fields.items():
            writer.add_key_value(key, value, kinds[0], kinds[-1] if len(kinds) > 1 else None)
        for tensor, values in _tensors(folder, arch, config):
            now = _possible(wanted, values)
            writer.add_tensor(tensor, gguf.quants.quantize(values, now), raw_dtype=now)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    except HarnessError:
        raise
    except OSError as problem:
        raise WorldFailed(f"{file}: cannot be written ({reason(problem)})") from problem
    except Exception as problem:  # the library raises many kinds: all mean that it cannot write it
        _log.debug("%s: the library gguf does not write it", folder, exc_info=True)
        raise WeightsError(
            f"the library gguf does not write this model ({reason(problem)}); {CONVERTER}"
        ) from problem


def _file_type(name: str) -> str:
    return f"ALL_{name}" if name == "F32" else f"MOSTLY_{name}"


def _possible(wanted: Any, values: Any) -> Any:
    """Return the type of a tensor: no vector is rounded, and no row is cut into uneven blocks."""
    import gguf

    if values.ndim < 2:
        return gguf.GGMLQuantizationType.F32
    block, _ = gguf.GGML_QUANT_SIZES[wanted]
    return wanted if values.shape[-1] % block == 0 else gguf.GGMLQuantizationType.F16


def _fields_of(file: Path, own_tokenizer: bool) -> Fields:
    """Return what a GGUF says about its model, and about its tokenizer unless that is replaced."""
    import gguf

    fields = gguf.GGUFReader(file).fields
    return {
        name: (field.contents(), list(field.types))
        for name, field in fields.items()
        if not name.startswith((*_OWN, _TOKENIZER) if own_tokenizer else _OWN)
    }


def _config_fields(name: str, config: Any) -> Fields:
    """Return a config's numbers under the keys by which transformers' reader looks for them."""
    from gguf import GGUFValueType
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING

    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type", "default") != "default":
        raise WeightsError(f"its rotary embeddings are scaled ({rope['rope_type']}); {CONVERTER}")
    known: Any = GGUF_CONFIG_MAPPING.get(name)  # typed as a table of objects
    if known is None:
        raise WeightsError(f"transformers' reader knows no GGUF of a {name} model; {CONVERTER}")
    fields: Fields = {}
    for key, attribute in known.items():
        value = rope.get(attribute, getattr(config, attribute, None)) if attribute else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        kind = GGUFValueType.UINT32 if isinstance(value, int) else GGUFValueType.FLOAT32
        if attribute == "rope_theta":
            value, kind = float(value), GGUFValueType.FLOAT32
        fields[f"{name}.{key}"] = (value, [kind])
    if isinstance(size := getattr(config, "head_dim", None), int):  # llama.cpp wants it said
        for key in ("key_length", "value_length"):
            fields[f"{name}.attention.{key}"] = (size, [GGUFValueType.UINT32])
    return fields


def _tensors(folder: Path, arch: Any, config: Any) -> Iterator[tuple[str, Any]]:
    """Yield the tensors of a folder in float32, named and ordered as llama.cpp has them."""
    import gguf
    from safetensors import safe_open

    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118  # no mapping
                found = names.get_name(name, try_suffixes=(".weight", ".bias"))
                if found is None:
                    raise WeightsError(f"the library gguf has no name for {name}; {CONVERTER}")
                values = tensors.get_tensor(name).float().numpy()
                if arch == gguf.MODEL_ARCH.LLAMA and "attn_q." in found:
                    values = _interleaved(values, config.num_attention_heads)
                elif arch == gguf.MODEL_ARCH.LLAMA and "attn_k." in found:
                    values = _interleaved(values, config.num_key_value_heads)
                yield found, values


def _interleaved(values: Any, heads: int) -> Any:
    """Put the two halves of each head's rows between each other, as llama.cpp rotates them."""
    split = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return split.swapaxes(1, 2).reshape(values.shape)


def config_faults(wanted: Path, given: Path) -> list[str]:
    """Return the settings that a GGUF gives back otherwise than the folder it was made of."""
    from transformers import AutoConfig

    mine, theirs = (AutoConfig.from_pretrained(each).to_dict() for each in (wanted, given))
    return sorted(
        key
        for key in (mine.keys() & theirs.keys()) - _NO_MATTER
        if not _same(mine[key], theirs[key])
    )


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_same(one[key], other[key]) for key in one.keys() & other.keys())
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6)
    return bool(one == other)
