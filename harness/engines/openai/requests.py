"""Write the requests to a server: chat completions, and log-probabilities of a prompt.

Tested in tests/engines/openai/test_engine.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.engines.local.chat_format import ChatFormat
from harness.engines.local.prompts import shipped_template
from harness.engines.openai.http import Body
from harness.records import ADAPTER_TEMPLATE, Generation, Prompt


@dataclass(frozen=True, slots=True)
class IdealRow:
    """Token ids of a prompt followed by an ideal."""

    prompt: Prompt
    ideal: int
    ids: tuple[int, ...]
    tail: int
    """How many of the ids are the ideal."""
    asked: int
    """How many tokens the prompt has where no ideal follows it."""


def ideal_row(form: ChatFormat, prompt: Prompt, ideal: int) -> IdealRow:
    """Return a prompt's tokens with those of an ideal, or alone where it has no ideals."""
    own = ids = form.ids(prompt.messages)
    tail: tuple[int, ...] = ()
    if prompt.ideals:
        ids, tail = form.pair(prompt.messages, prompt.ideals[ideal])
    return IdealRow(prompt, ideal, (*ids, *tail), len(tail), len(own))


def chat_body(
    model: str,
    prompt: Prompt,
    generation: Generation,
    form: ChatFormat | None,
    adapter: Path | None,
) -> Body:
    """Ask for an output, with the template that the benchmark names and its end of turn.

    `form` is None where the base's files are not here: then the server alone knows its template.
    """
    chat, turns = prompt.chat, prompt.messages
    body = _sampled(model, prompt, generation)
    template = chat.text
    if chat.template == ADAPTER_TEMPLATE and adapter is not None:
        template = shipped_template(adapter) or ""
    if template:
        body["chat_template"] = template
    if chat.kwargs:
        body["chat_template_kwargs"] = dict(chat.kwargs)
    if form is not None:
        turns = form.turns(turns)
        if form.end.stop:
            body["stop"] = [form.end.stop]
        elif form.end.token not in (None, form.tokenizer.eos_token_id):
            # A server ends at the tokenizer's own end by itself.
            body["stop_token_ids"] = [form.end.token]
    return body | {"messages": [asdict(turn) for turn in turns]}


def _sampled(model: str, prompt: Prompt, generation: Generation) -> dict[str, object]:
    body: dict[str, object] = {
        "model": model,
        "max_tokens": generation.max_new_tokens,
        "temperature": generation.temperature,
    }
    if generation.temperature:
        # A seed per prompt and sample: the same noise for all would make the cases dependent.
        turns = [[message.role, message.content] for message in prompt.messages]
        key = json.dumps([generation.seed, prompt.sample, turns]).encode()
        seed = (
            int.from_bytes(hashlib.sha256(key).digest()[:4], "big") >> 1
        )  # 31 bits: no sign, whatever the server
        body |= {"seed": seed, "top_p": 1.0}
    return body


def weigh_body(model: str, ids: Sequence[int]) -> Body:
    """Ask for log-probabilities of a prompt; for a token too, since some servers refuse none."""
    asked = {"model": model, "prompt": list(ids), "max_tokens": 1, "temperature": 0.0}
    return asked | {"prompt_logprobs": 0}
