"""What is written as GGUF comes back through transformers' own reader as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import WeightsError
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.gguf_export import config_faults, write_gguf
from harness.workspace.base.weights import find_weights
from tests.fakes.kinds import Kind, write_base
from tests.fakes.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore")
pytest.importorskip("gguf", reason="the extra `gguf` is not installed")
TEXT = "<|user|>\nHi Ana, who plans 40 trucks?</s>\n"


def read_back(file: Path) -> Path:
    return model_folder(find_weights(str(file), file.parent))


def state(folder: Path) -> dict[str, Any]:
    from transformers import AutoModelForCausalLM

    return dict(AutoModelForCausalLM.from_pretrained(folder).state_dict())


@pytest.mark.medium
@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3"])
def test_weights_settings_and_tokens_come_back(tmp_path: Path, kind: str, cache: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    base = tmp_path / "base"
    # transformers' reader takes 128 for every Qwen3, as all real ones have it
    sizes = {"num_key_value_heads": 2} | ({"head_dim": 128} if kind == "qwen3" else {})
    write_base(Kind(kind, kind, sizes, "bytes", "Zephyr"), base)
    write_gguf(base, tmp_path / "model.gguf", "float32")
    back = read_back(tmp_path / "model.gguf")
    assert config_faults(base, back) == []
    mine, theirs = state(base), state(back)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    one, other = (AutoTokenizer.from_pretrained(each) for each in (base, back))
    assert one.encode(TEXT, add_special_tokens=False) == other.encode(
        TEXT, add_special_tokens=False
    )
    assert one.chat_template == other.chat_template


@pytest.mark.medium
def test_a_conversion_draws_no_bar_of_another_library(
    tmp_path: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_base(Kind("llama", "llama", {}, "bytes", "Zephyr"), tmp_path / "base")
    write_gguf(tmp_path / "base", tmp_path / "model.gguf", "float32")
    capfd.readouterr()
    assert read_back(tmp_path / "model.gguf").is_relative_to(cache)
    assert capfd.readouterr().err == ""


def test_a_base_that_was_a_gguf_hands_on_its_description(tmp_path: Path, cache: Path) -> None:
    import gguf

    base = tmp_path / "base"
    write_base(Kind("llama", "llama", {}, "bytes", "Zephyr"), base)
    write_gguf(base, tmp_path / "first.gguf", "float32")
    write_gguf(base, tmp_path / "again.gguf", "q8_0", like=tmp_path / "first.gguf")
    first, again = (gguf.GGUFReader(tmp_path / f"{n}.gguf").fields for n in ("first", "again"))
    told = [name for name in first if name.startswith(("tokenizer.", "llama."))]
    assert [name for name in told if first[name].contents() != again[name].contents()] == []


def test_a_tokenizer_that_it_cannot_name_is_refused_with_a_way_out(tmp_path: Path) -> None:
    base = tmp_path / "base"
    write_base(Kind("llama", "llama", {}, "metaspace", "Zephyr"), base)
    with refused(
        "cannot name this tokenizer's rules .*convert_hf_to_gguf.py .*--to merged", WeightsError
    ):
        write_gguf(base, tmp_path / "model.gguf", "bfloat16")


def test_scaled_positions_are_refused_with_a_way_out(tmp_path: Path) -> None:
    base = tmp_path / "base"
    scaled = {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}}
    write_base(Kind("llama", "llama", scaled, "bytes", "Zephyr"), base)
    with refused("rotary embeddings are scaled .linear.; llama.cpp's", WeightsError):
        write_gguf(base, tmp_path / "model.gguf", "bfloat16")
