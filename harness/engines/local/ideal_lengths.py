"""Count the tokens that a model has to write for an ideal, with the base's tokenizer alone.

Tested in tests/flows/benchmarks/test_ideal_tokens.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.engines.local.chat_format import ChatFormat
from harness.engines.local.fast.files import Unusual
from harness.engines.local.fast.tokens import read_tokens
from harness.engines.local.models import Tokenizer
from harness.engines.local.prompts import load_tokenizer
from harness.records import BASE_TEMPLATE, Message

ASKED = (Message("user", "?"),)
"""A prompt for ideals to follow; which one it is hardly changes their number of tokens."""


def ideal_lengths(folder: Path, ideals: Sequence[str]) -> list[int]:
    """Return the number of tokens of each ideal, the end of the turn included."""
    tokenizer: Tokenizer
    try:
        tokenizer = read_tokens(folder)  # without transformers, whose import takes seconds
    except Unusual:
        tokenizer = load_tokenizer(folder)
    template = str(tokenizer.get_chat_template()) if tokenizer.chat_template else None
    form = ChatFormat(tokenizer, template, {}, BASE_TEMPLATE)
    return [len(form.pair(ASKED, ideal)[1]) for ideal in ideals]
