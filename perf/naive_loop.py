"""Run the naive way: cases through `generate`, with a separate pass for the ideals.

    python perf/naive_loop.py BASE ADAPTER ASKED [--merge] [--batch 25] [--dtype bfloat16]

transformers and PEFT with nothing set but the dtype: a prompt's beginning is read anew for every
text and every ideal. ASKED is a file as `write_asked` makes it. Unasked the adapter stays beside
the weights, and each row runs alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.records import Message, Prompt


def run(
    base: Path,
    adapter: Path,
    prompts: Sequence[Prompt],
    most: int,
    dtype: str,
    device: str = "cpu",
    *,
    merge: bool = False,
    batch: int = 1,
    **loading: Any,
) -> dict[str, Any]:
    """Return the seconds after loading, the number of tokens written, and the texts.

    `loading` goes to `from_pretrained`, a way of quantising say.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base, padding_side="left")
    end = tokenizer.eos_token_id
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    loading = {"dtype": getattr(torch, dtype)} | loading
    if device != "cpu":
        loading["device_map"] = device
    plain = AutoModelForCausalLM.from_pretrained(base, **loading)
    model: Any = PeftModel.from_pretrained(plain, str(adapter))
    model = (model.merge_and_unload() if merge else model).eval()
    begun, tokens, texts = time.perf_counter(), 0, []
    with torch.inference_mode():
        for start in range(0, len(prompts), batch):
            some = prompts[start : start + batch]
            turns = [[asdict(message) for message in prompt.messages] for prompt in some]
            asked = tokenizer.apply_chat_template(
                turns, add_generation_prompt=True, padding=True, return_tensors="pt",
                return_dict=True,
            ).to(device)  # fmt: skip
            length = asked["input_ids"].shape[1]
            written = model.generate(
                **asked, max_new_tokens=most, do_sample=False, pad_token_id=end
            )
            for row in written[:, length:]:
                ends = (row == end).nonzero()
                tokens += int(ends[0]) + 1 if len(ends) else len(row)
                texts.append(tokenizer.decode(row, skip_special_tokens=True).strip())
            heads = [
                ids[seen.bool()].tolist()
                for ids, seen in zip(asked["input_ids"], asked["attention_mask"], strict=True)
            ]
            pairs = [
                (head, [*tokenizer.encode(ideal, add_special_tokens=False), end])
                for head, prompt in zip(heads, some, strict=True)
                for ideal in prompt.ideals
            ]
            for place in range(0, len(pairs), batch):
                _weigh(model, pairs[place : place + batch], end, device)
    return {"seconds": time.perf_counter() - begun, "tokens": tokens, "texts": texts}


def _weigh(model: Any, pairs: Sequence[tuple[list[int], list[int]]], pad: int, device: str) -> None:
    """Compute the losses of tails, each after its head, in one pass."""
    import torch

    width = max(len(head) + len(tail) for head, tail in pairs)
    rows, seen = [], []
    for head, tail in pairs:
        room = width - len(head) - len(tail)
        rows.append([*head, *tail, *[pad] * room])
        seen.append([1] * (width - room) + [0] * room)
    logits = model(
        input_ids=torch.tensor(rows, device=device),
        attention_mask=torch.tensor(seen, device=device),
    ).logits
    for row, (head, tail) in zip(logits, pairs, strict=True):
        kept = row[len(head) - 1 : len(head) + len(tail) - 1].float()
        torch.nn.functional.cross_entropy(kept, torch.tensor(tail, device=device))


def write_asked(file: Path, system: str, cases: Sequence[dict[str, Any]], most: int) -> None:
    """Write what a loop is asked: messages and ideals of every case, and the most new tokens."""
    asked = [
        {
            "case": case["id"],
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": case["input"]},
            ],
            "ideals": [case["ideal"]] if isinstance(case["ideal"], str) else case["ideal"],
        }
        for case in cases
    ]
    file.write_text(json.dumps({"most": most, "prompts": asked}), encoding="utf-8")


def main() -> None:
    """Run one loop and print what it took without the start."""
    options = argparse.ArgumentParser(description=__doc__)
    for name in ("base", "adapter", "asked"):
        options.add_argument(name, type=Path)
    options.add_argument("--merge", action="store_true")
    options.add_argument("--batch", type=int, default=25)
    options.add_argument("--dtype", default="bfloat16")
    words = options.parse_args()
    asked = json.loads(words.asked.read_text(encoding="utf-8"))
    prompts = [
        Prompt(
            case=one["case"],
            messages=tuple(Message(**message) for message in one["messages"]),
            ideals=tuple(one["ideals"]),
        )
        for one in asked["prompts"]
    ]
    how = {"merge": words.merge, "batch": words.batch}
    found = run(words.base, words.adapter, prompts, asked["most"], words.dtype, **how)
    print(json.dumps({name: found[name] for name in ("seconds", "tokens")}))


if __name__ == "__main__":
    main()
