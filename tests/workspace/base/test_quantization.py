"""How a base is quantised is a part of what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import WeightsError
from harness.workspace.base.quantization import declared
from harness.workspace.base.weights import find_weights
from tests.fakes.adapters import TinyBase
from tests.fakes.refusals import refused

NF4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "quant_method": "bitsandbytes"}


def says(folder: Path, config: Any) -> Path:
    """Write what a quantised base's config says."""
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"quantization_config": config}))
    return folder


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (NF4, "nf4"),
        ({"load_in_4bit": True}, "fp4"),
        ({"load_in_8bit": True, "quant_method": "bitsandbytes"}, "int8"),
        ({"quant_method": "gptq", "bits": 4}, "gptq 4-bit"),
        ({"quant_method": "fp8"}, "fp8"),
        ({"bits": 4}, "an unnamed method 4-bit"),
        ({"quant_method": "\x1b[31m" * 40}, "an unnamed method"),
        (None, ""),
        ([], ""),
    ],
)
def test_the_files_say_how_they_are_quantised(tmp_path, config, words):
    folder = says(TinyBase(tmp_path / "base").folder, config)
    assert declared(folder) == words
    assert find_weights("base", tmp_path).quantized == words


def test_a_multimodal_base_says_it_in_its_texts_part(tmp_path):
    folder = TinyBase(tmp_path / "base").folder
    (folder / "config.json").write_text(json.dumps({"text_config": {"quantization_config": NF4}}))
    assert declared(folder) == "nf4"


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_damaged_config_is_not_said_here(tmp_path, text):
    folder = TinyBase(tmp_path / "base").folder
    (folder / "config.json").write_text(text)
    assert declared(folder) == ""


def test_the_same_files_in_another_form_are_another_base(tmp_path):
    TinyBase(tmp_path / "base")
    plain, nf4, int8 = (
        find_weights("base", tmp_path, quantize=how) for how in ("none", "nf4", "int8")
    )
    assert len({plain.digest, nf4.digest, int8.digest}) == 3
    assert plain.digest == plain.content == nf4.content == int8.content
    assert (plain.quantized, nf4.quantized, int8.quantized) == ("", "nf4", "int8")
    assert nf4.described == "base in nf4"
    assert plain.described == "base"


def test_files_in_the_wanted_form_are_taken_as_they_are(tmp_path):
    says(TinyBase(tmp_path / "base").folder, NF4)
    found = find_weights("base", tmp_path, quantize="nf4")
    assert (found.quantized, found.quantize) == ("nf4", "")
    assert found.digest == find_weights("base", tmp_path).digest


def test_quantised_files_are_not_quantised_again(tmp_path):
    says(TinyBase(tmp_path / "base").folder, NF4)
    with refused("^base: its files are nf4 already, so they cannot be made int8", WeightsError, 4):
        find_weights("base", tmp_path, quantize="int8")
