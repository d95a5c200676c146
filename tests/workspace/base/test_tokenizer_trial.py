"""A tokenizer is tried in a process of its own before a benchmark's texts meet it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import WeightsError
from harness.workspace.base.tokenizer_trial import try_tokenizer

GPT = r"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+(?!\S)|\s+"
DOUBLE = {"type": "Replace", "pattern": {"String": "q"}, "content": "qq"}


def written(folder: Path, **steps: Any) -> Path:
    words = {"type": "BPE", "vocab": {"a": 0}, "merges": []}
    table = {"version": "1.0", "added_tokens": [], "model": words} | steps
    (folder / "tokenizer.json").write_text(json.dumps(table), encoding="utf-8")
    return folder


def split(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


@pytest.mark.long
@pytest.mark.parametrize(
    "steps",
    [
        {"normalizer": {"type": "Sequence", "normalizers": [DOUBLE] * 40}},
        {"normalizer": {"type": "Prepend", "prepend": "a" * 5_000_000}},
        {"pre_tokenizer": split(r"^(([a-z])+.)+[A-Z]([a-z])+$")},
    ],
    ids=["doubles", "prepends megabytes", "runs for ever"],
)
def test_one_that_explodes_in_time_or_memory_is_refused(
    steps: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(
        WeightsError, match=r"tokenizer\.json: cannot be used, it takes more than 1 s or 300 MB"
    ):
        try_tokenizer(written(tmp_path, **steps))


def test_the_pattern_of_a_usual_tokenizer_is_fine(tmp_path: Path) -> None:
    try_tokenizer(written(tmp_path, pre_tokenizer=split(GPT)))


@pytest.mark.parametrize("content", ["{", "[]", '{"normalizer": 7}', "[" * 100_000])
def test_a_damaged_file_is_left_to_its_loader(content: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    try_tokenizer(tmp_path)
