"""Scenes of wrong servers: each answers every request, and gate and `served` refuse or name it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vllm_project import TRIED
from vllm_server import BASE_NAME
from vllm_trial import BRIEF, IN_PROCESS, PROMOTED, Line, Trial

STALE = "adapter_v4"
OTHER_TURNS = (
    "{% for turn in messages %}<|im_start|>user\n{{ turn['content'] }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)
"""A template with as many tokens as the base's own, but every turn is the user's."""


@dataclass(frozen=True)
class Wrong:
    """A wrong server, and what gate and `served` are to say of it."""

    name: str
    gate: str
    """A part of the gate's refusal."""
    served: tuple[str, ...]
    """Who may be said to answer."""
    words: tuple[str, ...] = ()
    how: Mapping[str, Any] = field(default_factory=dict)


def wrong(trial: Trial) -> Iterator[Line]:
    """Start each wrong server, judge an adapter at it, and ask it who answers."""
    for server in servers(trial):
        yield from judged(trial, server)


def servers(trial: Trial) -> Iterator[Wrong]:
    """Yield the six."""
    production = trial.loaded(PROMOTED)
    module = trial.project.module(TRIED[0])
    yield Wrong(
        "half applied (--lora-target-modules o_proj)", "applies a part of the adapter",
        ("partly",), production, {"modules": ("o_proj",)},
    )  # fmt: skip
    yield Wrong(
        "another base", "its base answers otherwise", ("other base", "quantisation", "partly"),
        production, {"base": other_base(trial)},
    )  # fmt: skip
    template = trial.project.folder.parent / "other.jinja"
    template.write_text(OTHER_TURNS, encoding="utf-8")
    yield Wrong(
        "another chat template", "tokens of a prompt", ("template",),
        (*production, "--chat-template", str(template)),
    )  # fmt: skip
    stale = (f"{name}={trial.project.at(STALE)}" for name in (PROMOTED, module))
    yield Wrong(
        f"{STALE} under another adapter's name", "has other files", ("another",),
        ("--lora-modules", *stale),
    )  # fmt: skip
    yield Wrong(
        "the base under the adapter's name", "or none under that name", ("base",),
        how={"names": (BASE_NAME, PROMOTED, module)},
    )  # fmt: skip
    yield Wrong(
        "weights in 4 bits", "quantised", ("quantisation",),
        production, {"base": quantised(trial)},
    )  # fmt: skip


def judged(trial: Trial, server: Wrong) -> Iterator[Line]:
    """Judge an adapter at a wrong server, and ask it who answers."""
    trial.project.copy_store(IN_PROCESS, "wrong")  # what it knows need not be weighed here
    with ExitStack() as stack:
        running = stack.enter_context(trial.server(*server.words, **server.how))
        found = trial.gate(running, TRIED[0], store="wrong", more=BRIEF)
        rows = json.loads(found.out)["rows"] if found.out.startswith("{") else []
        said = next((row["error"] for row in rows if row["error"]), found.said)
        yield Line(
            f"gate: {server.name}",
            f"exit {found.code}, {said}",
            found.code == 4 and server.gate in said,
        )
        asked, seen = trial.served(running)
        fine = asked.code == 1 and seen.startswith(server.served)
        yield Line(f"served: {server.name}", f"exit {asked.code}, {seen}", fine)


def other_base(trial: Trial) -> Path:
    """Return a folder with another base: the first adapter merged into this one."""
    folder = trial.project.folder.parent / "other_base"
    if not folder.exists():
        trial.project.command(
            "export", "adapter_v1", "--to", "merged", "--dtype", "float32", str(folder)
        )
    return folder


def quantised(trial: Trial) -> Path:
    """Return a folder with the base in the numbers that NF4 has, 64 of them to a scale."""
    import torch
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = trial.project.folder.parent / "in_4_bits"
    if not folder.exists():
        model = AutoModelForCausalLM.from_pretrained(trial.project.base, dtype=torch.float32)
        for name, weight in model.named_parameters():
            if "proj" in name:
                packed, state = quantize_4bit(weight.data, quant_type="nf4")
                weight.data = dequantize_4bit(packed, state)
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(trial.project.base).save_pretrained(folder)
    return folder
