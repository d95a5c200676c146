"""A base in 4 or 8 bits: the texts and likelihoods of plain transformers + PEFT + bitsandbytes."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec

import pytest
import torch

from harness.engines.local import quantized as module
from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.local.quantized import bitsandbytes_config
from harness.engines.protocol import Mounted
from harness.errors import WeightsError
from harness.records import Generation, Message, Prompt
from tests.fakes.kinds import Kind, write_adapter, write_base
from tests.fakes.plain import plain
from tests.fakes.refusals import refused

needs_bitsandbytes = pytest.mark.skipif(
    find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"
)
CPU = Device("cpu", "float32", "test")
BASE = Mounted("base", "", None)
WIDE = {
    "hidden_size": 128,
    "intermediate_size": 128,
    "head_dim": 32,
    "initializer_range": 0.1,
}
"""The least that bitsandbytes multiplies on every processor."""
KIND = Kind("wide", "llama", WIDE, "bytes", "Zephyr", targets=["q_proj", "v_proj", "up_proj"])
ASKED = [
    ([{"role": "user", "content": " ".join(["write a line to Ana", "on trucks"] * n)}], ideal)
    for n, ideal in enumerate(
        ["Hi there", "thanks for the order", "Ana", "We plan the week.", "80 trucks", "Zürich"], 1
    )
]
PROMPTS = [
    Prompt(f"case-{n}", (Message("user", turns[0]["content"]),), (ideal,))
    for n, (turns, ideal) in enumerate(ASKED)
]
MOST = 12


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide") / "base"
    write_base(KIND, folder)
    return folder


@pytest.fixture(scope="module")
def lora(base, tmp_path_factory):
    """A LoRA that PEFT wrote on the base in nf4, as QLoRA does."""
    folder = tmp_path_factory.mktemp("lora")
    write_adapter(KIND, base, folder, quantization_config=bitsandbytes_config("nf4", "float32"))
    return Mounted("lora", "digest", folder)


@pytest.fixture(scope="module")
def packed_base(base, tmp_path_factory):
    """The base as it is saved when it is quantised already."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("packed") / "base"
    config = bitsandbytes_config("nf4", "float32")
    AutoModelForCausalLM.from_pretrained(base, quantization_config=config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return folder


def answers(engine, adapter, dtype="float32", prompts=PROMPTS):
    how = Generation(max_new_tokens=MOST, dtype=dtype, batch=4)
    texts = {o.case: o.text for batch in engine.generate(adapter, prompts, how) for o in batch}
    nlls = {w.case: w.nll for batch in engine.likelihood(adapter, prompts, how) for w in batch}
    return [(texts[p.case], nlls[p.case]) for p in prompts]


def assert_same(found, wanted):
    assert [text for text, _ in found] == [text for text, _ in wanted]
    for (_, nll), (_, other) in zip(found, wanted, strict=True):
        assert nll == pytest.approx(other, abs=1e-5)


@pytest.mark.long
@needs_bitsandbytes
@pytest.mark.parametrize(
    ("quantize", "dtype"),
    [
        ("nf4", "float32"),
        ("int8", "float32"),
        pytest.param("nf4", "bfloat16", marks=pytest.mark.slow),
        pytest.param("int8", "bfloat16", marks=pytest.mark.slow),
    ],
)
def test_a_plain_base_is_quantised_when_it_is_loaded(base, lora, quantize, dtype):
    engine = Transformers(lambda: base, CPU, quantize=quantize)
    loading = {
        "quantization_config": bitsandbytes_config(quantize, dtype),
        "dtype": getattr(torch, dtype),
        "attn_implementation": None,  # transformers' own choice
    }
    wanted = plain(base, lora.folder, ASKED, "</s>", MOST, **loading)
    assert_same(answers(engine, lora, dtype), wanted)
    without = plain(base, None, ASKED[:2], "</s>", MOST, **loading)
    assert_same(answers(engine, BASE, dtype, PROMPTS[:2]), without)


@pytest.mark.long
@needs_bitsandbytes
def test_a_quantised_base_writes_otherwise_than_the_plain_one(base, lora):
    how = Transformers(lambda: base, CPU, quantize="nf4"), Transformers(lambda: base, CPU)
    quantised, full = (answers(engine, lora, prompts=PROMPTS[:2]) for engine in how)
    assert quantised != full


@pytest.mark.long
@needs_bitsandbytes
def test_a_base_that_is_quantised_already_is_taken_as_it_is(packed_base, lora):
    engine = Transformers(lambda: packed_base, CPU, quantized="nf4")
    wanted = plain(packed_base, lora.folder, ASKED, "</s>", MOST, attn_implementation=None)
    assert_same(answers(engine, lora), wanted)


@pytest.mark.long
@needs_bitsandbytes
@pytest.mark.parametrize("quantize", ["nf4", "int8"])
def test_a_text_is_the_same_alone_and_among_others(base, lora, quantize):
    engine = Transformers(lambda: base, CPU, quantize=quantize)
    among = answers(engine, lora)
    assert answers(engine, lora, prompts=PROMPTS[2:3]) == among[2:3]
    assert answers(engine, lora, prompts=PROMPTS[::-1]) == among[::-1]


@pytest.mark.long
@needs_bitsandbytes
def test_an_adapter_leaves_no_trace_in_4_bits(base, lora):
    """PEFT's merge would round the weights anew, so nothing is merged."""
    engine = Transformers(lambda: base, CPU, quantize="nf4")
    before = answers(engine, BASE)
    first = answers(engine, lora)
    assert first != before
    assert answers(engine, BASE) == before
    assert answers(engine, lora) == first


@needs_bitsandbytes
def test_weights_are_held_in_4_bits(base):
    engine = Transformers(lambda: base, CPU, quantize="nf4")
    model = engine.runner(Generation(dtype="float32")).base.model
    kinds = {value.dtype for name, value in model.named_parameters() if "_proj" in name}
    assert kinds == {torch.uint8}


def test_the_form_is_a_part_of_the_origin(base):
    plain_one = Transformers(lambda: base, CPU).origin(Generation())
    found = Transformers(lambda: base, CPU, quantize="nf4").origin(Generation())
    assert "quantized" not in plain_one
    assert found["quantized"] == "nf4"
    assert "unmerged" in str(found["way"])
    assert "bitsandbytes" in found["versions"]
    assert "bitsandbytes" not in plain_one["versions"]


# --- without the library -------------------------------------------------------------------------


def declare(base, folder, config):
    """Copy a base, and say in its config that it is quantised."""
    shutil.copytree(base, folder)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"quantization_config": config}))
    return folder


@pytest.mark.parametrize("already", [True, False])
def test_without_bitsandbytes_the_extra_is_named(base, tmp_path, monkeypatch, already):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    config = {"load_in_4bit": True, "quant_method": "bitsandbytes"}
    folder = declare(base, tmp_path / "base", config) if already else base
    engine = Transformers(lambda: folder, CPU, quantize="" if already else "nf4")
    with refused(r"pip install 'lora-harness\[quantized\]'", WeightsError, 4):
        answers(engine, BASE)


@pytest.mark.parametrize(
    ("method", "more", "package"),
    [
        ("gptq", {"bits": 4, "group_size": 32}, "optimum|gptqmodel"),
        ("awq", {"bits": 4, "group_size": 32}, "gptqmodel|autoawq"),
        ("compressed-tensors", {"config_groups": {}, "format": "x"}, "compressed-tensors"),
        ("hqq", {"quant_config": {"weight_quant_params": {"nbits": 4}}}, "hqq"),
        ("aqlm", {}, "aqlm"),
        ("torchao", {"quant_type": "int4_weight_only"}, "torchao"),
    ],
)
def test_a_method_whose_library_is_missing_is_one_line_that_names_it(
    base, tmp_path, method, more, package
):
    if any(find_spec(name.replace("-", "_")) for name in package.split("|")):
        pytest.skip(f"{package} is installed")
    folder = declare(base, tmp_path / "base", {"quant_method": method} | more)
    with refused(f"the base lacks a package .*({package})", WeightsError, 4):
        answers(Transformers(lambda: folder, CPU, quantized=method), BASE)


@pytest.mark.parametrize("config", [{"quant_method": "exl2", "bits": 4}, {"bits": 4}])
def test_a_method_that_transformers_does_not_know_is_not_passed_over(base, tmp_path, config):
    folder = declare(base, tmp_path / "base", config)
    with refused("which transformers does not know", WeightsError, 4):
        answers(Transformers(lambda: folder, CPU, quantized="exl2"), BASE)
