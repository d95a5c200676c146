"""Scenes of wrong servers: each answers every request, and gate and `served` refuse or name it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vllm_project import TRIED, Ended
from vllm_server import BASE_NAME
from vllm_trial import BRIEF, PINNED, PROMOTED, REFERENCES, Line, Trial

STALE = "adapter_v4"
OTHER_TURNS = (
    "{% for turn in messages %}{{ '<|im_start|>user\\n' + turn['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{{ '<|im_start|>assistant\\n' }}"
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
    """Yield the six, each with what it is started with."""
    production = trial.loaded(PROMOTED)
    names = (PROMOTED, *(trial.project.module(one) for one in (PROMOTED, TRIED[0])))
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
    stale = (f"{name}={trial.project.at(STALE)}" for name in names)
    yield Wrong(
        f"{STALE} under another adapter's name", "has other files", ("another",),
        ("--lora-modules", *stale),
    )  # fmt: skip
    yield Wrong(
        "the base under the adapter's name", "or none under that name", ("base",),
        how={"names": (BASE_NAME, *names)},
    )  # fmt: skip
    yield Wrong(
        "weights in 4 bits", "quantised", ("quantisation",),
        production, {"base": quantised(trial)},
    )  # fmt: skip


def judged(trial: Trial, server: Wrong) -> Iterator[Line]:
    """Judge an adapter at a wrong server, and ask it who answers."""
    trial.project.copy_store(REFERENCES, "wrong")
    with trial.server(*server.words, **server.how) as running:
        found = trial.gate(running, TRIED[0], store="wrong", more=BRIEF)
        said = refusal(found).replace(running.url, "URL")
        fine = found.code == 4 and server.gate in said
        yield Line(f"gate: {server.name}", f"exit {found.code}, {said}", fine)
        asked, seen = trial.served(running)
        fine = asked.code == 1 and seen.startswith(server.served)
        yield Line(f"served: {server.name}", f"exit {asked.code}, {seen}", fine)


def unlisted(trial: Trial) -> Iterator[Line]:
    """Judge an adapter at a server without `--lora-target-modules`, which dies when it weighs."""
    trial.project.copy_store(REFERENCES, "unlisted")
    with trial.server(modules=()) as server:
        found = trial.gate(server, TRIED[0], store="unlisted", more=BRIEF)
        said = refusal(found).replace(server.url, "URL")
        fine = found.code == 11 and "died while weighing" in said
        yield Line("gate without --lora-target-modules", f"exit {found.code}, {said}", fine)


def refusal(found: Ended) -> str:
    """Return why a gate gave no verdict."""
    rows = json.loads(found.out)["rows"] if found.out.startswith("{") else []
    return next((row["error"] for row in rows if row["error"]), found.said)


def other_base(trial: Trial) -> Path:
    """Return a folder with another base: the first adapter merged into this one."""
    from peft import PeftModel

    folder = trial.project.folder.parent / "other_base"
    if not folder.exists():
        mounted = PeftModel.from_pretrained(plain_base(trial), str(trial.project.at(PINNED)))
        written(trial, mounted.merge_and_unload(), folder)
    return folder


def quantised(trial: Trial) -> Path:
    """Return a folder with the base in the numbers that NF4 has, 64 of them to a scale."""
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    folder = trial.project.folder.parent / "in_4_bits"
    if not folder.exists():
        model = plain_base(trial)
        for name, weight in model.named_parameters():
            if "proj" in name:
                weight.data = dequantize_4bit(*quantize_4bit(weight.data, quant_type="nf4"))
        written(trial, model, folder)
    return folder


def plain_base(trial: Trial) -> Any:
    """Load the base in float32."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(trial.project.base, dtype=torch.float32)


def written(trial: Trial, model: Any, folder: Path) -> None:
    """Write a model with the base's own tokenizer and chat template."""
    from transformers import AutoTokenizer

    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(trial.project.base).save_pretrained(folder)
