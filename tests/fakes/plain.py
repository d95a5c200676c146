"""Write and weigh with transformers + PEFT alone: no batch, no padding, no line of the harness.

Prompts and ideals are tokenised together, as TRL does it: the ideal is what follows the prompt, up
to and with the end of its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

Turns = Sequence[dict[str, str]]


def plain(
    base: Path,
    adapter: Path | None,
    asked: Sequence[tuple[Turns, str]],
    end: str,
    most: int,
    loader: str = "AutoModelForCausalLM",
    again: bool = False,
    **loading: Any,
) -> list[tuple[str, float]]:
    """Return the text after each prompt, and the mean NLL of its ideal.

    `end` is the token that ends a turn of the base's template; empty for a template without one.
    `again` loads the model for every text anew.
    """
    import torch
    import transformers
    from peft import PeftModel
    from transformers import AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(base)
    loading = {"dtype": torch.float32, "attn_implementation": "eager"} | loading

    def fresh() -> Any:  # some rotary embeddings remember the longest text that they have seen
        model = getattr(transformers, loader).from_pretrained(base, **loading)
        return (model if adapter is None else PeftModel.from_pretrained(model, str(adapter))).eval()

    model = fresh()
    ends = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(end or tokenizer.eos_token)}
    how = GenerationConfig(
        max_new_tokens=most,
        do_sample=False,
        eos_token_id=sorted(ends),
        pad_token_id=tokenizer.pad_token_id,
    )
    found = []
    for turns, ideal in asked:
        prompt, whole = tokens(tokenizer, turns, ideal, end)
        given = torch.tensor([prompt])
        model = fresh() if again else model
        with torch.inference_mode():
            written = model.generate(
                input_ids=given, attention_mask=torch.ones_like(given), generation_config=how
            )
            model = fresh() if again else model
            logits = model(input_ids=torch.tensor([whole])).logits[0].double()
        text = tokenizer.decode(written[0, len(prompt) :], skip_special_tokens=True).strip()
        pairs = zip(prompt, whole, strict=False)
        start = next((n for n, (a, b) in enumerate(pairs) if a != b), len(prompt))
        chances = torch.log_softmax(logits, -1)
        terms = [chances[place - 1, whole[place]] for place in range(start, len(whole))]
        found.append((text, -float(torch.stack(terms).mean())))
    return found


def tokens(tokenizer: Any, turns: Turns, ideal: str, end: str) -> tuple[list[int], list[int]]:
    """Return the tokens of a prompt, and of the prompt with its ideal up to its turn's end."""
    if not tokenizer.chat_template:
        text = "\n".join(turn["content"] for turn in turns) + "\n"
        whole = tokenizer(text + ideal).input_ids
        return tokenizer(text).input_ids, [*whole, tokenizer.eos_token_id]
    answered = [*turns, {"role": "assistant", "content": ideal}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    both = tokenizer.apply_chat_template(answered, tokenize=False)
    prompt = tokenizer(text, add_special_tokens=False).input_ids
    if not end:
        both = both[: both.rindex(ideal) + len(ideal)]
        whole = tokenizer(both, add_special_tokens=False).input_ids
        return prompt, [*whole, tokenizer.eos_token_id]
    whole = tokenizer(both, add_special_tokens=False).input_ids
    last = max(n for n, token in enumerate(whole) if token == tokenizer.convert_tokens_to_ids(end))
    return prompt, whole[: last + 1]
