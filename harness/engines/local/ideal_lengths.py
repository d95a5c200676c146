"""Count the tokens that a model has to write for an ideal, with the base's tokenizer alone.

Tested in tests/flows/benchmarks/test_ideal_tokens.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.engines.local.prompts import Formats
from harness.records import Chat, Message

ASKED = (Message("user", "?"),)
"""A prompt for ideals to follow; which one it is hardly changes their number of tokens."""


def ideal_lengths(folder: Path, ideals: Sequence[str]) -> list[int]:
    """Return the number of tokens of each ideal, the end of the turn included."""
    form = Formats(lambda: folder).of(Chat())
    return [len(form.pair(ASKED, ideal)[1]) for ideal in ideals]
