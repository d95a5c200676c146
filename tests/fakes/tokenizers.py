"""A small byte-level tokenizer with a ChatML template, saved as transformers saves it.

Imports transformers when it is made, not before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXTS = ["Hi Ana, how does Delta Freight plan its week with teams?", "Write a short first line."]


def save_tokenizer(
    folder: Path,
    *,
    template: str | None = CHATML,
    end: str = "<|im_end|>",
    texts: list[str] | None = None,
    special: tuple[str, ...] = (),
    vocabulary: int = 300,
) -> None:
    """Train a tokenizer on some texts and save it into a folder."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    known = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=known,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(texts or TEXTS, trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=end, pad_token="<|endoftext|>")
    if special:
        made.add_special_tokens({"additional_special_tokens": list(special)})
    made.chat_template = template
    made.save_pretrained(folder)


def change_json(file: Path, change: Callable[[dict[str, Any]], None], **how: Any) -> None:
    """Change a JSON file in place; `how` says how it is written."""
    table = json.loads(file.read_text(encoding="utf-8"))
    change(table)
    file.write_text(json.dumps(table, **how), encoding="utf-8")
