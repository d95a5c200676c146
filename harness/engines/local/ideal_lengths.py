"""Count the tokens that a model has to write for an ideal, with the base's tokenizer alone.

Tested in tests/flows/benchmarks/test_ideal_tokens.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.engines.local.fast.files import Unusual
from harness.engines.local.fast.tokens import read_tokens
from harness.engines.local.models import Tokenizer
from harness.engines.local.prompts import ideal_ids, load_tokenizer


def ideal_lengths(folder: Path, ideals: Sequence[str]) -> list[int]:
    """Return the number of tokens of each ideal, the end of the turn included."""
    tokenizer: Tokenizer
    try:
        tokenizer = read_tokens(folder)  # without transformers, whose import takes seconds
    except Unusual:
        tokenizer = load_tokenizer(folder)
    return [len(ideal_ids(tokenizer, ideal)) for ideal in ideals]
