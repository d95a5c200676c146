"""`pytest --model` refuses an adapter with another chat template in one line, before any text."""

from __future__ import annotations

import json

import pytest

from tests.fakes.project import TinyProject
from tests.fakes.tokenizers import CHATML, save_tokenizer
from tests.plugin.conftest import Gate


@pytest.mark.long
def test_it_is_refused_in_one_line_and_four(gate: Gate, project: TinyProject) -> None:
    base = project.folder / "base"
    save_tokenizer(base)
    config = {"model_type": "llama", "hidden_size": 8, "num_attention_heads": 2}
    (base / "config.json").write_text(json.dumps(config), encoding="utf-8")
    folder = project.adapter("v1", task="openers").write().folder
    (folder / "chat_template.jinja").write_text(CHATML + "{# #} ", encoding="utf-8")
    result = gate("--model", "v1", "--harness-engine", "transformers")
    assert result.ret == 4
    lines = [line for line in result.outlines + result.errlines if "v1: its own chat" in line]
    assert len(lines) == 1
    assert lines[0].endswith('[chat] template = "adapter" or "base"')
