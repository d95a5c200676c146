"""A Llama of two layers that transformers really runs, with a tokenizer and adapters.

Imports torch when it is built, not before: about two seconds once per process.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.engines.protocol import Mounted
from harness.workspace.adapters.files import file_digest

WORDS = [f"w{n}" for n in range(60)]
TEMPLATE = (
    "{% for turn in messages %}<{{ turn['role'] }}> {{ turn['content'] }} <end> {% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


class TinyLlama:
    """A base folder: random seeded weights, hidden size 32, words `w0` to `w59`."""

    def __init__(
        self,
        folder: Path,
        *,
        template: str | None = TEMPLATE,
        end: bool = True,
        kind: str = "llama",
        tokenizer: Any = None,
        positions: int = 512,
        **config_too: Any,
    ) -> None:
        """Write the base; `end=False` omits the end token; `kind` is another architecture,
        `tokenizer` another tokenizer with its own template; sizes may be others too.
        """
        self.folder = folder
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        if tokenizer is None:
            tokenizer = _tokenizer(end)
            tokenizer.chat_template = template
        torch.manual_seed(7)
        ends = tokenizer.eos_token_id
        sizes = {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
        }
        config = AutoConfig.for_model(
            kind,
            vocab_size=len(tokenizer),
            max_position_embeddings=positions,
            bos_token_id=None,
            eos_token_id=ends,
            pad_token_id=tokenizer.pad_token_id,
            initializer_range=0.3,
            **sizes | config_too,
        )
        self.model = AutoModelForCausalLM.from_config(config)
        self.model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    def adapter(
        self,
        folder: Path,
        *,
        name: str = "adapter",
        seed: int = 0,
        size: float = 0.5,
        change: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    ) -> Mounted:
        """Write a LoRA as PEFT saves it; `size` 0 has no effect, `change` alters the tensors."""
        import torch
        from peft import LoraConfig, get_peft_model
        from safetensors.torch import load_file, save_file
        from transformers import AutoModelForCausalLM

        base = AutoModelForCausalLM.from_pretrained(self.folder)
        fused = any("qkv_proj" in key for key, _ in base.named_parameters())
        targets = ["qkv_proj"] if fused else ["q_proj", "v_proj"]
        config = LoraConfig(r=4, lora_alpha=8, target_modules=targets, task_type="CAUSAL_LM")
        model = get_peft_model(base, config)
        torch.manual_seed(seed + 100)
        for key, values in model.named_parameters():
            if "lora_B" in key:
                values.data = torch.randn_like(values) * size
        model.save_pretrained(folder)
        weights = folder / "adapter_model.safetensors"
        changed = change(load_file(weights))
        save_file({key: values.clone() for key, values in changed.items()}, weights)
        return Mounted(name, file_digest(weights), folder)


def _tokenizer(end: bool) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<unk>", "<end>", "<system>", "<user>", "<assistant>"]
    known = {word: place for place, word in enumerate([*special, *WORDS])}
    inner = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    named = {"eos_token": "<end>"} if end else {}
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="<unk>", pad_token="<pad>", **named
    )
