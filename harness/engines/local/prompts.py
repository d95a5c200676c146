"""Turn prompts and ideals into tokens, in the same way for every engine with the base's tokenizer.

Tested in tests/engines/local/test_chat_templates.py and test_engine.py.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.engines.local.chat_templates import rendered
from harness.engines.local.models import Tokenizer
from harness.errors import EngineFailed, HarnessError, reason
from harness.libraries import quiet_libraries
from harness.records import Message

_log = logging.getLogger(__name__)


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load the base's tokenizer with transformers."""
    quiet_libraries()
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    except Exception as problem:  # a damaged folder fails in as many ways as it has files
        _log.debug("%s: its tokenizer does not load", folder, exc_info=True)
        raise EngineFailed(
            f"{folder}: its tokenizer does not load ({reason(problem)})"
        ) from problem


def prompt_ids(
    tokenizer: Tokenizer, messages: Sequence[Message], ask: bool = True
) -> tuple[int, ...]:
    """Tokenize turns with the base's chat template, or as plain lines for a base without.

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
        _log.debug("the chat template failed", exc_info=True)
        raise EngineFailed(
            f"the base's chat template does not take the prompt ({reason(problem)})"
        ) from problem
    return tuple(tokenizer.encode(text, add_special_tokens=False))


def ideal_ids(tokenizer: Tokenizer, ideal: str) -> tuple[int, ...]:
    """Tokenize an ideal as the model would generate it, with the token that ends it."""
    end = tokenizer.eos_token_id
    written = tokenizer.encode(ideal, add_special_tokens=False)
    return tuple(written) if end is None else (*written, end)
