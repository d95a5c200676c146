"""Without transformers and PEFT nothing is different but the time: not one bit of any answer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engines.local.adapters import Mounting
from harness.engines.local.base import fast_base
from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.local.fast.config import KINDS
from harness.engines.local.fast.files import Unusual
from harness.engines.local.fast.llama import read_llama
from harness.engines.local.fast.lora import Merging
from harness.engines.protocol import Mounted
from harness.records import Generation, Message, Prompt
from tests.fakes.llama import TinyLlama

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

CPU = Device("cpu", "float32", "test")
BASE = Mounted("base", "", None)
SYSTEM = Message("system", " ".join(f"w{n % 60}" for n in range(40)))


def prompt(number):
    words = " ".join(f"w{(number * 7 + k * 3) % 60}" for k in range(1 + number * 5 % 40))
    return Prompt(f"case-{number}", (SYSTEM, Message("user", words)), ("w1 w2 w3", f"w{number}"))


DAMAGE = (b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000)
MANY = [prompt(n) for n in range(9)]


def how(dtype="float32"):
    return Generation(max_new_tokens=10, dtype=dtype, batch=4)


def answers(engine, adapter, wanted):
    """Every text, every likelihood, and how far the next token's logits are from the base's."""
    texts = {o.case: o for some in engine.generate(adapter, MANY, wanted) for o in some}
    found = engine.likelihood(adapter, MANY, wanted)
    nlls = {(w.case, w.ideal): w.nll for some in found for w in some}
    return texts, nlls, engine.shift(adapter, MANY[0], wanted)


def short(llama):
    return Transformers(lambda: llama.folder, CPU)


def long(llama):
    return Transformers(lambda: llama.folder, CPU, fast=False)


def is_fast(engine):
    return isinstance(engine._loaded.mounting, Merging)


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return TinyLlama(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def lora(llama, tmp_path_factory):
    return llama.adapter(tmp_path_factory.mktemp("lora"), name="lora", seed=3)


ODD = {
    "llama": [{}, {"attention_bias": True, "mlp_bias": True}, {"tie_word_embeddings": True}],
    "mistral": [{"sliding_window": None}],
}


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("kind", "config"), [(kind, config) for kind in KINDS for config in ODD[kind]]
)
def test_every_answer_is_that_of_transformers_to_the_last_bit(kind, config, dtype, tmp_path):
    llama = TinyLlama(tmp_path / "base", kind=kind, **config)
    _make_biases_count(llama)
    adapter = llama.adapter(tmp_path / "a", name="a", seed=1)
    fast, full = short(llama), long(llama)
    for one in (BASE, adapter, BASE):
        assert answers(fast, one, how(dtype)) == answers(full, one, how(dtype))
    assert is_fast(fast) and isinstance(full._loaded.mounting, Mounting)


def _make_biases_count(llama):
    """They begin as zeros."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(llama.folder)
    for name, values in model.named_parameters():
        if name.endswith("bias"):
            values.data = torch.randn_like(values)
    model.save_pretrained(llama.folder)


def configured(adapter, target, **told):
    """A copy of an adapter that says something else of itself."""
    shutil.copytree(adapter.folder, target)
    file = target / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | told))
    return Mounted(f"told {told}", target.parent.name, target)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "told", [{}, {"use_rslora": True}, {"lora_alpha": 5.5}, {"some_new_setting": None}]
)
def test_a_plain_adapter_is_merged_as_peft_merges_it(llama, lora, dtype, told, tmp_path):
    adapter = configured(lora, tmp_path / "a", **told)
    fast = short(llama)
    assert answers(fast, adapter, how(dtype)) == answers(long(llama), adapter, how(dtype))
    assert is_fast(fast)


@pytest.mark.parametrize(
    "told",
    [
        {"use_dora": True},
        {"rank_pattern": {"q_proj": 4}},
        {"alpha_pattern": {"q_proj": 4}},
        {"target_modules": ".*(q|v)_proj"},
        {"layers_to_transform": [0, 1]},
        {"init_lora_weights": "pissa"},
        {"bias": "all"},
        {"modules_to_save": ["lm_head"]},
        {"some_new_setting": 3},
        {"r": 2},
        {"r": "4"},
        {"target_modules": ["q_proj", "v_proj", "k_proj"]},
        {"target_modules": ["q_proj"]},
        {"target_modules": [{"q_proj": 1}, None]},
        {"lora_alpha": "8"},
    ],
)
def test_any_other_adapter_is_left_to_peft(llama, lora, told, tmp_path):
    adapter = configured(lora, tmp_path / "a", **told)
    model = read_llama(llama.folder, torch.float32)
    assert Merging(model).takes(lora)
    assert not Merging(model).takes(adapter)


@pytest.mark.long
def test_two_that_are_listened_to_in_turn_stay_apart(llama, lora, tmp_path):
    """Also where one of them has PEFT and transformers loaded in between."""
    other = llama.adapter(tmp_path / "other", name="other", seed=8)
    odd = configured(lora, tmp_path / "odd", alpha_pattern={"q_proj": 4})
    wanted = {one.name: answers(long(llama), one, how())[0] for one in (lora, other, odd)}
    engine, found = short(llama), {}
    under_way = {one.name: engine.generate(one, MANY, how()) for one in (lora, other, odd)}
    while under_way:
        for name in list(under_way):
            some = next(under_way[name], None)
            if some is None:
                del under_way[name]
            else:
                found.setdefault(name, {}).update({output.case: output for output in some})
    assert found == wanted


@pytest.mark.long
def test_after_an_adapter_for_peft_the_others_answer_as_before(llama, lora, tmp_path):
    odd = configured(lora, tmp_path / "a", alpha_pattern={"q_proj": 4})
    engine = short(llama)
    before = answers(engine, lora, how())
    assert is_fast(engine)
    assert answers(engine, odd, how()) == answers(long(llama), odd, how())
    assert not is_fast(engine)
    assert answers(engine, lora, how()) == before


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("config.json", {"model_type": "gemma"}),
        ("config.json", {"hidden_act": "gelu"}),
        ("config.json", {"rope_parameters": {"rope_type": "llama3", "rope_theta": 10000.0}}),
        ("config.json", {"rope_parameters": {"rope_type": "default"}}),
        ("config.json", {"sliding_window": 16}),
        ("config.json", {"layer_types": ["full_attention", "sliding_attention"]}),
        ("config.json", {"quantization_config": {"quant_method": "gptq"}}),
        ("config.json", {"model_type": "mistral"}),
        ("config.json", {"partial_rotary_factor": 0.5}),
        ("config.json", {"rms_norm_eps": "1e-5"}),
        ("config.json", {"num_attention_heads": 4.0}),
        ("config.json", {"rope_parameters": 3}),
        ("config.json", {"num_hidden_layers": 1}),
        ("config.json", {"num_hidden_layers": 3}),
        ("config.json", {"intermediate_size": 65}),
        ("config.json", {"vocab_size": 67}),
        ("config.json", {"num_attention_heads": 2}),
        ("config.json", {"attention_bias": True}),
        ("tokenizer_config.json", {"tokenizer_class": "LlamaTokenizer"}),
        ("tokenizer_config.json", {"clean_up_tokenization_spaces": True}),
        ("tokenizer_config.json", {"add_prefix_space": True}),
        ("tokenizer_config.json", {"eos_token": "w1"}),
        ("tokenizer_config.json", {"chat_template": {"default": "", "tools": ""}}),
    ],
)
def test_any_other_base_is_left_to_transformers(llama, file, told, tmp_path):
    copy = shutil.copytree(llama.folder, tmp_path / "base")
    if "chat_template" in told:
        (copy / "chat_template.jinja").unlink()
    assert fast_base(llama.folder, "cpu", "float32") is not None
    changed = json.loads((copy / file).read_text()) | told
    (copy / file).write_text(json.dumps(changed))
    assert fast_base(copy, "cpu", "float32") is None


@pytest.mark.parametrize(
    ("file", "raw"),
    [
        *((name, raw) for name in ("config.json", "tokenizer_config.json") for raw in DAMAGE),
        *(("generation_config.json", raw) for raw in (*DAMAGE, b'{"eos_token_id": ["a", 1]}')),
        *(("tokenizer.json", raw) for raw in DAMAGE),
        *(("model.safetensors", raw) for raw in (*DAMAGE, b"\x08\0\0\0\0\0\0\0garbage!")),
        ("chat_template.jinja", b"\xff"),
        ("config.json", None),
        ("model.safetensors", None),
        ("tokenizer.json", None),
    ],
)
def test_a_damaged_base_is_left_to_transformers(llama, file, raw, tmp_path):
    """It says what is wrong with the file."""
    copy = shutil.copytree(llama.folder, tmp_path / "base")
    if raw is None:
        (copy / file).unlink()
    else:
        (copy / file).write_bytes(raw)
    assert fast_base(copy, "cpu", "float32") is None


@pytest.mark.parametrize(
    "told",
    [
        {"num_attention_heads": 0},
        {"layer_types": 3},
        {"layer_types": [[]]},
        {"hidden_size": None},
        {"rope_parameters": {"rope_theta": None}},
        {"eos_token_id": {}},
    ],
)
def test_settings_of_another_type_are_left_to_transformers(llama, told, tmp_path):
    copy = shutil.copytree(llama.folder, tmp_path / "base")
    (copy / "generation_config.json").unlink()
    config = json.loads((copy / "config.json").read_text()) | told
    (copy / "config.json").write_text(json.dumps(config))
    assert fast_base(copy, "cpu", "float32") is None


@pytest.mark.parametrize("file", ["adapter_config.json", "adapter_model.safetensors"])
@pytest.mark.parametrize("raw", DAMAGE)
def test_a_damaged_adapter_is_left_to_peft(llama, lora, file, raw, tmp_path):
    adapter = configured(lora, tmp_path / "a")
    (adapter.folder / file).write_bytes(raw)
    assert not Merging(read_llama(llama.folder, torch.float32)).takes(adapter)


def test_a_bug_is_no_reason_for_transformers(llama, lora, monkeypatch, caplog):
    """Hidden behind the long way it would be a slow start that never ends."""

    def bug(*given):
        raise KeyError("a bug")

    merging = Merging(read_llama(llama.folder, torch.float32))
    monkeypatch.setattr("harness.engines.local.fast.llama.read_config", bug)
    with pytest.raises(KeyError):
        fast_base(llama.folder, "cpu", "float32")
    monkeypatch.setattr("harness.engines.local.fast.lora.read_lora", bug)
    with pytest.raises(KeyError):
        merging.takes(lora)
    assert [r.levelname for r in caplog.records] == ["ERROR", "ERROR"]
    assert all("KeyError('a bug')" in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize(
    "template",
    [
        "{% for turn in messages %}{{ turn | tojson }}{% endfor %}",
        "{{ strftime_now('%Y') }}{{ messages[0]['content'] }}",
        "{% set many = messages[0]['content'] * 9 %}{{ many }}",
        "{# " + "long " * 60_000 + "#}{{ messages[0]['content'] }}",
        "{% if messages %}" * 120 + "{{ messages[0]['content'] }}" + "{% endif %}" * 120,
        None,
    ],
)
def test_a_chat_template_that_does_more_is_left_to_transformers(template, tmp_path):
    from harness.engines.local.fast.tokens import read_tokens

    with pytest.raises(Unusual):
        read_tokens(TinyLlama(tmp_path / "base", template=template).folder)


@pytest.mark.real
def test_the_shipped_base_reads_texts_as_transformers_does():
    """Its tokens of any text, its prompts of any turns, and back."""
    from harness.engines.local.fast.tokens import read_tokens
    from harness.engines.local.prompts import load_tokenizer, prompt_ids
    from harness.flows.project import Project
    from harness.workspace.base.gguf import model_folder

    folder = model_folder(Project.here(Path(__file__).parents[4]).base)
    fast, full = read_tokens(folder), load_tokenizer(folder)
    parts = st.one_of(
        st.text(), st.sampled_from(["<|im_start|>", "<|im_end|>", "  \n", "Grüße 你好"])
    )
    texts = st.lists(parts, max_size=8).map("".join)

    @given(texts, texts, st.booleans())
    @settings(deadline=None, max_examples=200)
    def the_same(system, user, ask):
        turns = [Message("system", system), Message("user", user)]
        assert prompt_ids(fast, turns, ask) == prompt_ids(full, turns, ask)
        assert prompt_ids(fast, turns[1:], ask) == prompt_ids(full, turns[1:], ask)
        ids = full.encode(user, add_special_tokens=False)
        assert fast.encode(user, add_special_tokens=False) == ids
        for length in range(0, len(ids) + 1, 3):
            part = ids[:length]
            assert fast.decode(part, skip_special_tokens=True) == full.decode(
                part, skip_special_tokens=True
            )

    the_same()
    for name in ("eos_token_id", "pad_token_id", "special_tokens_map", "chat_template"):
        assert getattr(fast, name) == getattr(full, name)


def test_a_device_of_another_kind_is_left_to_transformers(llama):
    assert fast_base(llama.folder, "cuda", "float32") is None


@pytest.mark.long
def test_neither_transformers_nor_peft_is_imported(llama, lora):
    """That is what it is for: they take longer to import than many an adapter to judge."""
    code = f"""
import sys
from pathlib import Path
from harness.engines.local.device import Device
from harness.engines.protocol import Mounted
from harness.engines.local.engine import Transformers
from harness.records import Generation, Message, Prompt
engine = Transformers(lambda: Path({str(llama.folder)!r}), Device("cpu", "float32", "test"))
adapter = Mounted("lora", {lora.digest!r}, Path({str(lora.folder)!r}))
prompt = Prompt("c", (Message("user", "w1"),), ("w2",))
assert list(engine.generate(adapter, [prompt], Generation(max_new_tokens=2)))
assert list(engine.likelihood(adapter, [prompt], Generation(max_new_tokens=2)))
assert engine.shift(adapter, prompt, Generation()) > 0
assert "torch" in sys.modules
assert not {{"transformers", "peft", "accelerate"}} & set(sys.modules), "imported"
"""
    subprocess.run([sys.executable, "-c", code], check=True)
