"""Tiny random bases of many kinds, with tokenizers that are trained on the spot, and LoRAs on them.

kind = next(k for k in KINDS if k.name == "Gemma 2")
write_base(kind, tmp_path / "base")
write_adapter(kind, tmp_path / "base", tmp_path / "adapter")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}<start_of_turn>"
    "{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n{{ m['content'] | trim }}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
PHI3 = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
ZEPHYR = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
INST = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'assistant' %} {{ m['content'] }}"
    "{{ eos_token }}{% else %}[INST] {{ m['content'] }} [/INST]{% endif %}{% endfor %}"
)
ALPACA = (
    "{% for m in messages %}### {{ m['role'] }}:\n{{ m['content'] }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}### assistant:\n{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Template:
    """A chat template, and the token with which it ends a turn."""

    text: str | None
    end: str = ""
    """Empty where it ends a turn with no token."""
    system: bool = True
    """Whether it takes a system turn."""


TEMPLATES = {
    "ChatML": Template(CHATML, "<|im_end|>"),
    "Llama 3": Template(LLAMA3, "<|eot_id|>"),
    "Gemma": Template(GEMMA, "<end_of_turn>", system=False),
    "Phi-3": Template(PHI3, "<|end|>"),
    "Zephyr": Template(ZEPHYR, "</s>"),
    "Inst": Template(INST, "</s>"),
    "Alpaca": Template(ALPACA),
    "none": Template(None),
}

PLAIN: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "initializer_range": 0.2,
}
"""The usual names of sizes."""
DERIVED = "derived"
"""A size that the architecture takes from others."""
GPT2 = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512, "initializer_range": 0.2}
MAMBA = {
    "hidden_size": 32,
    "state_size": 8,
    "num_hidden_layers": 2,
    "conv_kernel": 4,
    "expand": 2,
    "initializer_range": 0.2,
}
EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of base: architecture, sizes, tokenizer, template, and how its files are changed."""

    name: str
    model_type: str
    config: Mapping[str, Any] = field(default_factory=dict)
    tokenizer: str = "bytes"
    """bytes, as of GPT-2 and Llama 3; or metaspace, as of Llama 2 and Mistral."""
    template: str = "ChatML"
    change: Callable[[Path], None] | None = None
    """Alters the folder after it was saved."""
    targets: Any = "all-linear"
    loader: str = "AutoModelForCausalLM"
    """The class of transformers that loads it."""
    remembers: bool = False
    """Whether transformers' own result depends on the texts before."""


def without_prefix(folder: Path) -> None:
    """Name the weights as those of GPT-2 on the Hub are named, without `transformer.`."""
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    found = {key.removeprefix("transformer."): value for key, value in load_file(file).items()}
    save_file({key: value.clone() for key, value in found.items()}, file, {"format": "pt"})


def in_shards(folder: Path) -> None:
    """Split the weights into two files with an index, as larger bases are."""
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    found = load_file(file)
    names = sorted(found)
    half = len(names) // 2
    where = {}
    for number, some in enumerate((names[:half], names[half:]), start=1):
        shard = f"model-0000{number}-of-00002.safetensors"
        save_file({name: found[name].clone() for name in some}, folder / shard, {"format": "pt"})
        where |= dict.fromkeys(some, shard)
    file.unlink()
    index = {"metadata": {"total_size": 1}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
VISION = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0, 1.1, 1.2, 1.3],
    "long_factor": [2.0, 3.0, 4.0, 5.0],
    "original_max_position_embeddings": 64,
}
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}
LINEAR = {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 16,
    "layer_types": ["linear_attention", "full_attention"],
}
PICTURES = "AutoModelForImageTextToText"
WORDS_ONLY = r".*language_model.*\.(q_proj|v_proj)"
WINDOWS = {"sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"]}
GEMMA4 = WINDOWS | {
    "hidden_size_per_layer_input": 8,
    "vocab_size_per_layer_input": 395,
    "num_kv_shared_layers": 0,
    "global_head_dim": 8,
}
DEEPSEEK = {
    "head_dim": 4,
    "num_key_value_heads": 4,
    "kv_lora_rank": 8,
    "q_lora_rank": 8,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 4,
    "v_head_dim": 8,
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "first_k_dense_replace": 1,
    "n_group": 1,
    "topk_group": 1,
}

KINDS = (
    Kind("Llama 2", "llama", {"num_key_value_heads": 4}, "metaspace", "Inst"),
    Kind("Llama 3", "llama", {"rope_parameters": LLAMA3_ROPE}, template="Llama 3"),
    Kind("Llama, shards", "llama", {}, template="Llama 3", change=in_shards),
    Kind("Mistral", "mistral", {"sliding_window": None}, "metaspace", "Inst"),
    Kind("Mistral, window", "mistral", {"sliding_window": 16}, "metaspace", "Inst"),
    Kind("Qwen2", "qwen2"),
    Kind("Qwen3", "qwen3"),
    Kind("Gemma", "gemma", {}, "metaspace", "Gemma"),
    Kind("Gemma 2", "gemma2", {"query_pre_attn_scalar": 8} | WINDOWS, "metaspace", "Gemma"),
    Kind(
        "Gemma 3 text",
        "gemma3_text",
        {"query_pre_attn_scalar": 8} | WINDOWS,
        "metaspace",
        "Gemma",
    ),
    Kind(
        "Gemma 3 multimodal",
        "gemma3",
        {
            "text_config": PLAIN | {"query_pre_attn_scalar": 8} | WINDOWS,
            "vision_config": VISION,
            "mm_tokens_per_image": 4,
        },
        "metaspace",
        "Gemma",
        targets=r".*language_model.*\.(q_proj|v_proj|up_proj)",
    ),
    Kind("Phi-3", "phi3", {}, "metaspace", "Phi-3"),
    Kind("Phi", "phi", {"partial_rotary_factor": 0.5, "num_key_value_heads": 4}, template="none"),
    Kind("GPT-2", "gpt2", GPT2, template="none"),
    Kind("GPT-2, Hub layout", "gpt2", GPT2, template="none", change=without_prefix),
    Kind("GPT-NeoX", "gpt_neox", {}, template="none"),
    Kind("GPT-J", "gptj", GPT2 | {"rotary_dim": 4}, template="none"),
    Kind("OLMo2", "olmo2", {}, template="Zephyr"),
    Kind("Granite", "granite", {"attention_multiplier": 0.3, "logits_scaling": 2.0}),
    Kind("SmolLM3", "smollm3", {"no_rope_layers": [1, 0]}),
    Kind("Mixtral", "mixtral", EXPERTS, "metaspace", "Inst"),
    Kind(
        "Qwen3-MoE",
        "qwen3_moe",
        {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16},
    ),
    Kind("DeepSeek V3", "deepseek_v3", DEEPSEEK),
    Kind(
        "Mamba",
        "mamba",
        MAMBA | {"time_step_rank": 4},
        template="none",
        targets=["in_proj", "x_proj"],
    ),
    Kind(
        "Mamba 2",
        "mamba2",
        MAMBA | {"num_heads": 4, "head_dim": 16, "n_groups": 1, "chunk_size": 8},
        template="none",
        targets=["in_proj"],
    ),
    Kind(
        "Falcon",
        "falcon",
        {"alibi": False, "multi_query": True, "head_dim": DERIVED},
        template="Zephyr",
    ),
    Kind(
        "Falcon, ALiBi",
        "falcon",
        {"alibi": True, "parallel_attn": False, "multi_query": False, "head_dim": DERIVED},
        template="Zephyr",
    ),
    Kind("BLOOM", "bloom", {"n_layer": 2, "n_head": 4}, template="none"),
    Kind("MPT", "mpt", {"d_model": 32, "n_heads": 4, "n_layers": 2}, template="none"),
    Kind(
        "OPT",
        "opt",
        {"ffn_dim": 64, "word_embed_proj_dim": 32, "init_std": 0.2},
        template="none",
    ),
    Kind("StableLM", "stablelm", {"num_key_value_heads": 4}, template="Zephyr"),
    Kind("Starcoder2", "starcoder2", {"sliding_window": None}, template="none"),
    Kind("Cohere", "cohere", {"num_key_value_heads": 4}),
    Kind("GLM-4", "glm4", {"partial_rotary_factor": 0.5}),
    Kind("GPT-OSS", "gpt_oss", EXPERTS | WINDOWS, template="Zephyr"),
    Kind("Nemotron", "nemotron", {}, template="Zephyr"),
    Kind(
        "Phi-3, LongRoPE",
        "phi3",
        {"original_max_position_embeddings": 64, "rope_parameters": LONGROPE},
        "metaspace",
        "Phi-3",
    ),
    Kind(
        "Llama, dynamic RoPE",
        "llama",
        {"max_position_embeddings": 64, "rope_parameters": DYNAMIC},
        template="none",
        remembers=True,
    ),
    Kind("GPT-2, few positions", "gpt2", GPT2 | {"n_positions": 140}, template="none"),
    Kind("Gemma 4", "gemma4_text", GEMMA4, template="none"),
    Kind(
        "Qwen3.5",
        "qwen3_5_text",
        LINEAR,
        template="none",
        targets=["q_proj", "in_proj_qkv", "gate_proj"],
    ),
    Kind("Qwen3-Next", "qwen3_next", LINEAR, targets=["q_proj", "in_proj_qkvz"]),
    Kind(
        "MiniMax",
        "minimax",
        EXPERTS | {"layer_types": LINEAR["layer_types"], "block_size": 8},
        template="none",
        targets=["q_proj", "qkv_proj"],
    ),
    Kind("LFM2", "lfm2", {"layer_types": ["conv", "full_attention"], "block_multiple_of": 16}),
    Kind(
        "RecurrentGemma",
        "recurrent_gemma",
        {
            "lru_width": 32,
            "attention_window_size": 16,
            "block_types": ["recurrent", "attention"],
        },
        "metaspace",
        "Gemma",
    ),
    Kind(
        "Falcon-H1",
        "falcon_h1",
        {
            "mamba_d_ssm": 64,
            "mamba_d_state": 8,
            "mamba_d_conv": 4,
            "mamba_n_heads": 4,
            "mamba_d_head": 16,
            "mamba_n_groups": 1,
            "mamba_chunk_size": 8,
        },
        targets=["q_proj", "in_proj"],
    ),
    Kind(
        "RWKV",
        "rwkv",
        {"context_length": 512, "attention_hidden_size": 32},
        template="none",
        targets=["key", "value"],
    ),
    Kind(
        "Mistral 3 multimodal",
        "mistral3",
        {
            "text_config": PLAIN | {"model_type": "mistral"},
            "vision_config": VISION | {"model_type": "pixtral", "head_dim": 16},
        },
        "metaspace",
        "Inst",
        targets=WORDS_ONLY,
        loader=PICTURES,
    ),
    Kind(
        "Qwen2-VL",
        "qwen2_vl",
        {
            "text_config": PLAIN
            | {"rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2]}},
            "vision_config": {"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 2},
        },
        targets=WORDS_ONLY,
        loader=PICTURES,
    ),
)
"""Kinds of base with the tokenizer and template that they usually have."""

WAYS = tuple(
    Kind(f"Llama, {tokenizer}", "llama", {}, tokenizer, template)
    for tokenizer in ("bytes", "metaspace")
    for template in TEMPLATES
)
"""Every tokenizer with every template, on the same kind."""

_TEXT = (
    "Write a first line for the mail to Ana at Delta Freight, who runs eighty trucks.",
    "How many of your miles are empty? We plan the week of forty teams in ten minutes.",
    "Hi there, thanks for the order; it left our house today and will be with you on Friday.",
    "Zebra quiz: jackdaws vex my big sphinx of quartz. 0123456789 (%) & <tags> [x] {y} #?!",
)


def write_base(kind: Kind, folder: Path) -> None:
    """Write a base's folder."""
    import torch
    import transformers

    tokenizer = make_tokenizer(kind.tokenizer, TEMPLATES[kind.template].text)
    own = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    sizes = dict(kind.config)
    if "text_config" in sizes:
        sizes["text_config"] = dict(sizes["text_config"]) | own
    wanted = PLAIN | own | sizes
    config = transformers.AutoConfig.for_model(
        kind.model_type, **{key: value for key, value in wanted.items() if value != DERIVED}
    )
    torch.manual_seed(7)
    model = getattr(transformers, kind.loader).from_config(config)
    with (
        torch.no_grad()
    ):  # architectures that start with zeros, or all of one size, would hide much
        for name, values in model.named_parameters():
            if values.ndim == 1 and "A_log" not in name and "dt" not in name:
                values.add_(torch.randn_like(values) * 0.05)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if kind.change is not None:
        kind.change(folder)


def make_tokenizer(way: str, template: str | None) -> Any:
    """Train a BPE tokenizer of some 400 tokens: on bytes, or on words that begin with `▁`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|eot_id|>"]
    special += ["<|start_header_id|>", "<|end_header_id|>", "<start_of_turn>", "<end_of_turn>"]
    special += ["<|end|>", "<|user|>", "<|system|>", "<|assistant|>"]
    if way == "bytes":
        inner = Tokenizer(models.BPE())
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        inner.decoder = decoders.ByteLevel()
        letters = pre_tokenizers.ByteLevel.alphabet()
    else:
        inner = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
        inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
        inner.decoder = decoders.Sequence(
            [
                decoders.Replace("▁", " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        )
        letters = ["▁"]
        special += [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=len(special) + 380,
        special_tokens=special,
        initial_alphabet=letters,
        show_progress=False,
    )
    inner.train_from_iterator(_TEXT * 3, trainer)
    if way == "metaspace":  # bytes are pieces of a text, not tokens that are cut out of it
        inner = _without_special_bytes(inner)
        begins = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", inner.token_to_id("<s>"))]
        )
        inner.post_processor = begins
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
    )
    tokenizer.chat_template = template
    return tokenizer


def _without_special_bytes(inner: Any) -> Any:
    from tokenizers import Tokenizer

    table = json.loads(inner.to_str())
    table["added_tokens"] = [t for t in table["added_tokens"] if not t["content"].startswith("<0x")]
    return Tokenizer.from_str(json.dumps(table))


def write_adapter(kind: Kind, base: Path, folder: Path, seed: int = 1, **loading: Any) -> None:
    """Write a LoRA as PEFT saves it; both of its matrices are random."""
    import torch
    import transformers
    from peft import LoraConfig, get_peft_model

    model = getattr(transformers, kind.loader).from_pretrained(base, **loading)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=kind.targets, task_type="CAUSAL_LM")
    tuned = get_peft_model(model, config)
    torch.manual_seed(seed)
    for name, values in tuned.named_parameters():
        if "lora_B" in name:
            values.data = torch.randn_like(values) * 0.2
    tuned.save_pretrained(folder)
