"""What UTF-8 can hold is told apart from halves of surrogate pairs, wherever they come from."""

from __future__ import annotations

import os

import pytest

from harness.text.encodable import is_encodable


@pytest.mark.parametrize("text", ["", "plain", "ü", "日本", "👍", "\x00\x7f", "\ue000\uffff"])
def test_text_of_any_script_can_be_written(text: str) -> None:
    assert is_encodable(text)


@pytest.mark.parametrize(
    "text", [os.fsdecode(b"caf\xe9"), "\ud83d", "fine \udc4d", "\udc4d\ud83d", "👍\ud83d"]
)
def test_half_a_pair_or_a_strange_byte_cannot(text: str) -> None:
    assert not is_encodable(text)
