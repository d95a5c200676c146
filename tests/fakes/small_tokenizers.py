"""Small tokenizers of the two kinds that people bring, and chat templates in the usual shapes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from harness.records import Message

TEXTS = [
    "system user assistant model Hi there, how many trucks do you run at night?",
    "Delta Freight runs 80 trucks; how many of these miles are empty? Be brief.",
    "Grüße aus Köln! Answer in one line.\nThen stop.\n\nThank you.",
]
SPECIAL = [
    *("<unk>", "<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>"),
    *("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<start_of_turn>"),
    *("<end_of_turn>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "<|endoftext|>"),
]

CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content']"
    " + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content ="
    " '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim"
    " + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
    "{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}"
    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}"
    "{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' +"
    " message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)
PHI3 = (
    "{% for message in messages %}{% if message['role'] == 'system' %}{{'<|system|>\n' +"
    " message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' +"
    " message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}"
    "{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)
ZEPHYR = (
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' +"
    " message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n'"
    " + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
    "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"
)
QWEN3 = (
    "{% for m in messages %}{% if m.role == 'assistant' and loop.last %}"
    "{{ '<|im_start|>assistant\n<think>\n\n</think>\n\n' + m.content.lstrip('\n') + '<|im_end|>\n'"
    " }}{% else %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}"
    "{{ '<think>\n\n</think>\n\n' }}{% endif %}{% endif %}"
)
TEMPLATES = {
    "chatml": (CHATML, "<|im_end|>"),
    "llama-3": (LLAMA3, "<|eot_id|>"),
    "gemma": (GEMMA, "<end_of_turn>"),
    "phi-3": (PHI3, "<|end|>"),
    "zephyr": (ZEPHYR, "</s>"),
    "none": (None, "</s>"),
}
"""By family, the template and what ends a turn."""
KINDS = ("byte level", "metaspace", "metaspace, first")


def small_tokenizer(kind: str, template: str | None = None, special: Any = SPECIAL) -> Any:
    """Return a tokenizer of transformers with merges of its own; `</s>` is its end token."""
    from tokenizers import AddedToken, Tokenizer, processors
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer.from_str(_trained(kind))
    inner.add_special_tokens([AddedToken(t, rstrip=t == "<|end|>") for t in special])
    begin = ("<s>", inner.token_to_id("<s>"))
    inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[begin])
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
    )
    made.chat_template = template
    return made


@cache
def _trained(kind: str) -> str:
    """Train merges on a few texts; the special tokens get their places but are not split off."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from tokenizers.trainers import BpeTrainer

    inner = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=kind != "byte level"))
    alphabet: list[str] = []
    if kind == "byte level":
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        inner.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        scheme = "first" if kind.endswith("first") else "always"
        inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
        inner.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        )
    spelled = [] if alphabet else [f"<0x{n:02X}>" for n in range(256)]
    trainer = BpeTrainer(
        vocab_size=900,
        special_tokens=[*SPECIAL, *spelled],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS * 4, trainer)
    return json.dumps(json.loads(inner.to_str()) | {"added_tokens": []})


def trl_tokens(tokenizer: Any, turns: Sequence[Message], ideal: str) -> tuple[list[int], int]:
    """Return the ids of TRL's SFT trainer for prompt and completion, and the prompt's length."""
    from trl.data_utils import _tokenize, common_prefix_length

    if tokenizer.chat_template:
        prompt = [{"role": t.role, "content": t.content} for t in turns]
        answer = [{"role": "assistant", "content": ideal}]
        asked = _tokenize(tokenizer, prompt, add_generation_prompt=True)["input_ids"]
        whole = _tokenize(tokenizer, prompt + answer)["input_ids"]
    else:
        text = "\n".join(t.content for t in turns) + "\n"
        ended = ideal if ideal.endswith(tokenizer.eos_token) else ideal + tokenizer.eos_token
        asked = _tokenize(tokenizer, text)["input_ids"]
        whole = _tokenize(tokenizer, text + ended)["input_ids"]
    return list(whole), common_prefix_length(asked, whole)
