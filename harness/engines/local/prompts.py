"""Turns and ideals become tokens, in one way for every engine that has the base's tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.engines.local.chat_templates import rendered
from harness.errors import EngineFailed, HarnessError, reason
from harness.libraries import quiet_libraries
from harness.records import Message


def load_tokenizer(folder: Path) -> Any:
    """The base's own."""
    quiet_libraries()
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    except Exception as problem:  # a damaged folder fails in as many ways as it has files
        raise EngineFailed(f"{folder}: its tokenizer does not load ({reason(problem)})") from None


def prompt_ids(tokenizer: Any, messages: Sequence[Message], ask: bool = True) -> tuple[int, ...]:
    """The base's chat template where it has one, else the turns as plain lines.

    `ask`: whether the assistant's turn is opened after them.
    """
    if not tokenizer.chat_template:
        text = "\n".join(message.content for message in messages) + "\n"
        return tuple(tokenizer.encode(text))
    turns = [asdict(message) for message in messages]
    try:
        text = rendered(tokenizer, turns, ask)
    except HarnessError:
        raise
    except Exception as problem:  # a template is a program, and some refuse some turns
        raise EngineFailed(
            f"the base's chat template does not take the prompt ({reason(problem)})"
        ) from None
    return tuple(tokenizer.encode(text, add_special_tokens=False))


def ideal_ids(tokenizer: Any, ideal: str) -> tuple[int, ...]:
    """An ideal as it would be written, with the token that ends it."""
    end = tokenizer.eos_token_id
    written = tokenizer.encode(ideal, add_special_tokens=False)
    return tuple(written) if end is None else (*written, end)
