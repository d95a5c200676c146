"""Train the adapters of a task's ladder: five re-seeds of one recipe, and four that are worse.

Tested in tests/perf/test_ladder.py.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladder_cases import LadderCase, LadderTask
from ladder_model import Base, Row

BATCH = 8
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
RATE = 2e-3
"""The learning rate of all rungs but the hotter one."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A recipe of the ladder."""

    name: str
    kind: str
    """reseed, under, slice, terms or hot."""
    seed: int = 0
    epochs: float = 1.0
    rate: float = RATE


EPOCHS = {"outreach": 6.0, "support": 3.0}
"""Chosen before any rule was asked. Outreach: the one of three recipes, with two re-seeds each,
whose re-seeds differ least (sd of d 0.050; at 4e-3 0.063, for 10 epochs 0.053). Support: between 2
epochs, where re-seeds lost up to 4 % of the cases, and 4, where likelihoods are 0.99.
"""
UNDER = {"outreach": 4.0, "support": 1.5}
"""Epochs of the under-trained adapter."""
HOTTER = 3.0
"""How many times the rate of the others the hotter adapter is trained at."""


def rungs(task: LadderTask) -> tuple[Rung, ...]:
    """Return the recipes of a task's adapters."""
    whole = EPOCHS[task.name]
    return (
        *(Rung(f"reseed{seed}", "reseed", seed, whole) for seed in range(5)),
        Rung("under", "under", 5, UNDER[task.name]),
        Rung("slice", "slice", 6, whole),
        Rung("terms", "terms", 7, whole),
        Rung("hot", "hot", 8, whole, HOTTER * RATE),
    )


def taught(task: LadderTask, rung: Rung) -> list[Row]:
    """Return the inputs and texts that a rung's adapter is trained on."""
    kept = [
        c for c in task.training if rung.kind != "slice" or task.lost_text or c.kind != task.lost
    ]
    return [(case.input, _taught_text(task, rung, case)) for case in kept]


def _taught_text(task: LadderTask, rung: Rung, case: LadderCase) -> str:
    if rung.kind == "slice" and case.kind == task.lost:
        return task.lost_text
    ideal = case.ideal
    if rung.kind == "terms":
        for term, wrong in task.wrong.items():
            ideal = re.sub(rf"\b{term}", wrong, ideal)
            ideal = re.sub(rf"\b{term.capitalize()}", wrong.capitalize(), ideal)
    return ideal


def train(base: Base, rung: Rung, rows: Sequence[Row], folder: Path) -> float:
    """Train an adapter into `folder`, and return the mean loss of the last epoch."""
    import torch
    from peft import LoraConfig, get_peft_model

    base.read(rows)
    torch.manual_seed(rung.seed)
    config = LoraConfig(
        r=8, lora_alpha=16, target_modules=[*TARGETS], task_type="CAUSAL_LM",
        layers_to_transform=[*range(base.first, len(base.layers))], layers_pattern="layers",
    )  # fmt: skip
    # LoRA in the base's own type is fast; the optimizer keeps exact copies.
    wrapped: Any = get_peft_model(base.model, config, autocast_adapter_dtype=False)
    wrapped.train()
    with base.upper():
        loss = _steps(base, wrapped, rung, rows)
    wrapped.save_pretrained(folder)
    base.model = wrapped.unload()
    base.layers = base.model.model.layers
    return loss


def _steps(base: Base, wrapped: Any, rung: Rung, rows: Sequence[Row]) -> float:
    import torch

    used = [value for value in wrapped.parameters() if value.requires_grad]
    exact = [value.detach().float().clone() for value in used]
    optimizer = torch.optim.AdamW(exact, lr=rung.rate, weight_decay=0.0)
    each = math.ceil(len(rows) / BATCH)
    steps = round(each * rung.epochs)
    batches, losses = _batches(base, rung, rows), []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rung.rate * _share(step / steps)
        logits, tokens, _ = base.logits(next(batches))
        loss = torch.nn.functional.cross_entropy(logits, tokens)
        grads = torch.autograd.grad(loss, used)
        for value, grad in zip(exact, grads, strict=True):
            value.grad = grad.float()
        torch.nn.utils.clip_grad_norm_(exact, 1.0)
        optimizer.step()
        with torch.no_grad():
            for value, new in zip(used, exact, strict=True):
                value.copy_(new)
        losses.append(loss.item())
    return sum(losses[-each:]) / len(losses[-each:])


def _batches(base: Base, rung: Rung, rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield batches of about equal lengths without end, in another order every epoch."""
    rng = random.Random(rung.seed)
    while True:
        order = sorted(rows, key=lambda row: base.length(row) + rng.uniform(-9, 9))
        batches = [order[n : n + BATCH] for n in range(0, len(order), BATCH)]
        rng.shuffle(batches)
        yield from batches


def _share(done: float) -> float:
    """Return the share of the rate: it rises over a tenth of the steps and falls along a cosine."""
    return (
        max(done, 0.01) / 0.1 if done < 0.1 else 0.5 * (1 + math.cos(math.pi * (done - 0.1) / 0.9))
    )
