"""Run the naive way: case after case through `generate`, with a separate pass for every ideal.

transformers and PEFT with nothing set but the dtype: the adapter unmerged, no batch, no sharing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.records import Prompt


def run(
    base: Path,
    adapter: Path,
    prompts: Sequence[Prompt],
    most: int,
    dtype: str,
    device: str = "cpu",
    **loading: Any,
) -> dict[str, Any]:
    """Return the seconds after loading, the number of tokens written, and the texts.

    `loading` goes to `from_pretrained`, a way of quantising say.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    loading = {"dtype": getattr(torch, dtype)} | loading
    if device != "cpu":
        loading["device_map"] = device
    plain = AutoModelForCausalLM.from_pretrained(base, **loading)
    model = PeftModel.from_pretrained(plain, str(adapter)).eval()
    end = tokenizer.eos_token_id
    begun, tokens, texts = time.perf_counter(), 0, []
    with torch.inference_mode():
        for prompt in prompts:
            turns = [asdict(message) for message in prompt.messages]
            asked = tokenizer.apply_chat_template(
                turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
            ).to(device)
            length = asked["input_ids"].shape[1]
            written = model.generate(
                **asked, max_new_tokens=most, do_sample=False, pad_token_id=end
            )
            tokens += written.shape[1] - length
            text = tokenizer.decode(written[0, length:], skip_special_tokens=True)
            texts.append(text.strip())
            for ideal in prompt.ideals:
                tail = [*tokenizer.encode(ideal, add_special_tokens=False), end]
                whole = torch.cat([asked["input_ids"], torch.tensor([tail], device=device)], dim=1)
                logits = model(input_ids=whole).logits[0, length - 1 : -1].float()
                torch.nn.functional.cross_entropy(logits, torch.tensor(tail, device=device))
    return {"seconds": time.perf_counter() - begun, "tokens": tokens, "texts": texts}
