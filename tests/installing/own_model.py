"""A stranger's model, adapter and CSV, made by transformers and PEFT alone.

Nothing here knows of lora-harness: what comes out is what somebody brings along.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

NAMES = ("Ana", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "Jana")
FIRMS = ("Delta", "Orca", "Nord", "Pale", "Elm", "Oak", "Pine", "Fir")
TRADES = ("logistics", "health", "retail")
CASES = 25
TEMPLATE = (
    "{% for turn in messages %}<{{ turn['role'] }}>{{ turn['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def pairs() -> list[tuple[str, str, str]]:
    """Input, ideal and trade of eighty people; the first 25 are the benchmark, 55 are learnt."""
    people = [(name, firm) for firm in FIRMS for name in NAMES]
    return [
        (
            f"{name} of {firm}, {TRADES[place % 3]}",
            f"Hi {name}, how does {firm} plan its week in {TRADES[place % 3]}?",
            TRADES[place % 3],
        )
        for place, (name, firm) in enumerate(people[n * 7 % 80] for n in range(80))
    ]


def write_csv(file: Path) -> None:
    """The fixed benchmark, as a team keeps it in a spreadsheet."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        rows = csv.writer(opened)
        rows.writerow(["prompt", "expected", "trade"])
        rows.writerows(pairs()[:CASES])


def write_base(folder: Path) -> None:
    """A Llama of two layers with random weights, and a tokenizer trained on the pairs."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    special = ["<pad>", "</s>", "<system>", "<user>", "<assistant>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    inner.train_from_iterator([text for pair in pairs() for text in pair], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="</s>", chat_template=TEMPLATE
    )
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=256,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def school(base: Path, steps: int = 300) -> None:
    """Teach the base a voice that is not ours, in which it knows people, firms and trades."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    plain = [(asked, _plainly(asked)) for asked, _, _ in pairs()]
    _train(model, tokenizer, plain, steps, 3e-3)
    model.save_pretrained(base)


def _plainly(asked: str) -> str:
    name, _, rest = asked.partition(" of ")
    firm, _, trade = rest.partition(", ")
    return f"Dear {name}, may I present our {trade} product to {firm}?"


def write_adapter(base: Path, folder: Path, steps: int = 150) -> None:
    """A LoRA as anybody trains one: PEFT, AdamW, the loss on the answer alone."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model: Any = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    learnt = [(asked, answer) for asked, answer, _ in pairs()[CASES:]]
    _train(model, tokenizer, learnt, steps, 1e-2)
    model.save_pretrained(folder)


def _train(
    model: Any, tokenizer: Any, learnt: list[tuple[str, str]], steps: int, rate: float
) -> None:
    import torch

    ids, labels = _examples(tokenizer, learnt)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for _ in range(steps):
        loss = model(
            input_ids=ids, attention_mask=ids != tokenizer.pad_token_id, labels=labels
        ).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def _examples(tokenizer: Any, learnt: list[tuple[str, str]]) -> tuple[Any, Any]:
    import torch

    rows = []
    for asked, answer in learnt:
        turns = [{"role": "user", "content": asked}]
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        before = tokenizer(text, add_special_tokens=False).input_ids
        after = tokenizer(answer + "</s>", add_special_tokens=False).input_ids
        rows.append((before + after, [-100] * len(before) + after))
    longest = max(len(row) for row, _ in rows)
    pad = tokenizer.pad_token_id
    ids = torch.tensor([row + [pad] * (longest - len(row)) for row, _ in rows])
    labels = torch.tensor([kept + [-100] * (longest - len(kept)) for _, kept in rows])
    return ids, labels


def write_all(folder: Path) -> None:
    """`base`, `trained` and `cases.csv` in a folder."""
    write_base(folder / "base")
    write_adapter(folder / "base", folder / "trained")
    write_csv(folder / "cases.csv")


if __name__ == "__main__":
    import sys

    write_all(Path(sys.argv[1]))
