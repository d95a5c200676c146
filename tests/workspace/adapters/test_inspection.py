import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.fakes.adapters import PREFIX, TinyAdapter, TinyBase

Q0 = f"{PREFIX}model.layers.0.self_attn.q_proj"


@pytest.fixture
def adapter(tmp_path, base):
    return TinyAdapter(tmp_path / "adapters", "adapter_v1", base)


def last_word(adapter):
    """Every line but the last is fine; the last one is the refusal."""
    *before, last = adapter.inspected()
    assert all(check.ok for check in before)
    assert not last.ok, f"was let through: {last}"
    assert last.message.isprintable()
    return last.name, last.message


def test_a_sound_adapter_passes_every_check(adapter):
    found = adapter.write().inspected()
    assert [(check.name, check.ok) for check in found] == [
        (name, True) for name in ("files", "config", "header", "keys", "values", "base")
    ]


# --- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["adapter_model.bin", "adapter_model.pt", "ADAPTER_MODEL.PKL"])
def test_a_pickle_under_the_name_of_the_weights_is_refused(adapter, name):
    adapter.write()
    (adapter.folder / name).parent.mkdir(exist_ok=True)
    (adapter.folder / name).write_bytes(pickle.dumps({}))
    where, line = last_word(adapter)
    assert where == "files"
    assert "is a pickle, which runs code when loaded; save it as safetensors" in line


def test_pickles_that_nothing_loads_are_passed_over_and_never_opened(adapter):
    adapter.write()
    for name in ("training_args.bin", "optimizer.pt", "checkpoint-2/x.ckpt", "bad\n::x.pt"):
        (adapter.folder / name).parent.mkdir(exist_ok=True)
        (adapter.folder / name).write_bytes(b"never read")
        (adapter.folder / name).chmod(0)
    found = adapter.inspected()
    assert all(check.ok for check in found)
    assert found[0].message == (
        "adapter_config.json, adapter_model.safetensors; not loaded: bad\\n::x.pt,"
        " checkpoint-2/, optimizer.pt, training_args.bin"
    )


def test_a_pickle_without_weights_is_named_with_the_way_out(adapter):
    adapter.write()
    adapter.weights.rename(adapter.folder / "pytorch_model.bin")
    assert "save it as safetensors (PEFT's `save_pretrained` does)" in last_word(adapter)[1]


def test_a_script_is_passed_over_unless_a_config_names_it(adapter):
    adapter.write()
    (adapter.folder / "zero_to_fp32.py").write_text("import torch")
    assert all(check.ok for check in adapter.inspected())
    mapped = {"auto_map": {"AutoTokenizer": ["zero_to_fp32.Mine", None]}}
    adapter.write_json("tokenizer_config.json", mapped)
    assert "zero_to_fp32.py is code" in last_word(adapter)[1]


@pytest.mark.long
def test_a_folder_of_very_many_files_is_refused_unread(adapter):
    adapter.write()
    (adapter.folder / "many").mkdir()
    for number in range(10_001):
        (adapter.folder / "many" / str(number)).touch()
    with pytest.raises(Exception, match="holds more than 10,000 files"):
        adapter.inspected()


def test_a_pickle_alone_is_refused_as_a_pickle(adapter):
    adapter.write()
    adapter.weights.rename(adapter.folder / "adapter_model.bin")
    assert "adapter_model.bin is a pickle" in last_word(adapter)[1]


@pytest.mark.parametrize("name", ["modeling.py", "deep/kernel.so", "x.dll"])
def test_code_beside_the_weights_is_refused(adapter, name):
    adapter.write()
    (adapter.folder / name).parent.mkdir(exist_ok=True)
    (adapter.folder / name).write_text("import os")
    assert "is code, an adapter is weights and a config only" in last_word(adapter)[1]


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_missing_file_is_named(adapter, name):
    adapter.write()
    (adapter.folder / "deep").mkdir()
    (adapter.folder / name).rename(adapter.folder / "deep" / name)
    assert (
        f"adapter_v1: {name} is missing, `save_pretrained` of PEFT writes it"
        in (last_word(adapter)[1])
    )


# --- config ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("lora_alpha", 0, "`lora_alpha` is 0, so the adapter changes nothing"),
        ("lora_alpha", 1e308, "`lora_alpha` is 1e+308, allowed are"),
        ("r", 200_000_000, "`r` is 200000000, allowed are 1 to 4096"),
        ("auto_mapping", {"parent_library": "evil"}, "`auto_mapping` is set"),
        ("layer_replication", [[0, 2000]], "`layer_replication` is set"),
        ("task_type", "SEQ_2_SEQ_LM", "only CAUSAL_LM writes texts"),
        ("target_modules", "(a+)+$", "is a pattern that could run for ever"),
    ],
)
def test_a_config_is_refused_before_the_weights_are_read(adapter, key, value, line):
    adapter.config[key] = value
    adapter.write()
    adapter.weights.write_bytes(b"not even weights")
    where, said = last_word(adapter)
    assert where == "config" and line in said


# --- header ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        (b"", "is no safetensors file or is cut off"),
        (b"PK\x03\x04" * 100, "is no safetensors file or is cut off"),
    ],
)
def test_a_file_that_only_has_the_name_is_refused(adapter, raw, line):
    adapter.write()
    adapter.weights.write_bytes(raw)
    where, said = last_word(adapter)
    assert where == "header" and line in said


def test_truncated_weights_are_refused(adapter):
    adapter.write()
    adapter.weights.write_bytes(adapter.weights.read_bytes()[:-4])
    assert "is cut off or has extra bytes" in last_word(adapter)[1]


def test_no_tensors_at_all_are_refused(adapter):
    adapter.tensors = {}
    assert "adapter_model.safetensors holds no tensor" in last_word(adapter.write())[1]


def test_numbers_that_are_no_floats_are_refused(adapter):
    adapter.tensors[f"{Q0}.lora_A.weight"] = np.ones((2, 8), np.int32)
    assert "is I32, floats are needed" in last_word(adapter.write())[1]


# --- keys ------------------------------------------------------------------------------------


def test_renamed_keys_are_refused(adapter):
    adapter.tensors = {
        key.replace("self_attn", "attention"): value for key, value in adapter.tensors.items()
    }
    where, line = last_word(adapter.write())
    assert where == "keys"
    assert "attention.q_proj" in line and "does not belong to the base" in line


@pytest.mark.parametrize("before", ["base_model.model.model.", "model.", "x"])
def test_keys_with_another_beginning_are_refused(adapter, before):
    adapter.tensors = {k.replace(PREFIX, before): v for k, v in adapter.tensors.items()}
    assert "does not belong to the base" in last_word(adapter.write())[1]


def test_half_of_the_tensors_are_refused(adapter):
    kept = [key for key in adapter.tensors if "layers.0" in key]
    adapter.tensors = {key: adapter.tensors[key] for key in kept}
    line = last_word(adapter.write())[1]
    assert "2 of 4 targeted modules have no tensors, such as model.layers.1.self_attn" in line


def test_one_side_of_a_module_is_refused(adapter):
    del adapter.tensors[f"{Q0}.lora_B.weight"]
    assert (
        "model.layers.0.self_attn.q_proj has only one of its two" in last_word(adapter.write())[1]
    )


def test_tensors_that_peft_would_drop_in_silence_are_refused(adapter):
    adapter.config["target_modules"] = ["q_proj"]
    line = last_word(adapter.write())[1]
    assert "v_proj has tensors but `target_modules` leaves it out, PEFT would drop them" in line


def test_weights_of_another_architecture_are_refused(adapter):
    adapter.tensors = {
        f"{PREFIX}transformer.h.0.attn.c_attn.lora_{side}.weight": np.ones(shape, np.float32)
        for side, shape in (("A", (2, 8)), ("B", (24, 2)))
    }
    adapter.config["target_modules"] = ["c_attn"]
    assert "transformer.h.0.attn.c_attn" in last_word(adapter.write())[1]


def test_a_base_of_other_sizes_is_refused(tmp_path, adapter):
    for key in adapter.tensors:
        if "lora_A" in key:
            adapter.tensors[key] = np.ones((2, 16), np.float32)
    line = last_word(adapter.write())[1]
    assert "has shape [2, 16], rank and base need [2, 8]" in line


def test_a_rank_that_is_not_that_of_the_weights_is_refused(adapter):
    adapter.config["r"] = 4
    assert "has shape [2, 8], rank and base need [4, 8]" in last_word(adapter.write())[1]


def test_a_rank_by_regular_expression_is_followed(adapter):
    adapter.config |= {"r": 4, "rank_pattern": {r"layers\.[01]\.self_attn\.(q|v)_proj": 2}}
    assert all(check.ok for check in adapter.write().inspected())
    adapter.config["rank_pattern"] = {r"layers\.[0]\.self_attn\.(q|v)_proj": 2}
    assert "rank and base need [4, 8]" in last_word(adapter.write())[1]


@pytest.mark.slow
def test_a_hanging_rank_is_refused(adapter):
    adapter.config["rank_pattern"] = {".?" * 90 + "!": 2}
    assert "runs for ever" in last_word(adapter.write())[1]


def test_dora_needs_its_magnitudes_in_the_bases_shape(adapter):
    adapter.config["use_dora"] = True
    assert "layers.0.self_attn.q_proj has no lora_magnitude_vector" in last_word(adapter.write())[1]
    for key in [key for key in adapter.tensors if key.endswith("lora_A.weight")]:
        magnitude = key.replace("lora_A.weight", "lora_magnitude_vector")
        adapter.tensors[magnitude] = np.ones(8, np.float32)
    assert all(check.ok for check in adapter.write().inspected())
    adapter.tensors[f"{Q0}.lora_magnitude_vector"] = np.ones(9, np.float32)
    assert "lora_magnitude_vector does not belong to the base" in last_word(adapter.write())[1]


def test_a_rank_by_module_is_followed(adapter):
    adapter.config |= {"r": 4, "rank_pattern": {"q_proj": 2, "self_attn.v_proj": 2}}
    assert all(check.ok for check in adapter.write().inspected())


@pytest.mark.parametrize(
    ("pattern", "fits"), [(r".*\.(q_proj|v_proj)", True), (r".*\.q_proj", False), ("q_proj", False)]
)
def test_a_pattern_of_targets_is_followed(adapter, pattern, fits):
    adapter.config["target_modules"] = pattern
    assert all(check.ok for check in adapter.write().inspected()) == fits


@pytest.mark.slow
def test_a_pattern_that_hangs_on_this_base_is_refused(adapter):
    adapter.config["target_modules"] = ".?" * 90 + "!"
    where, line = last_word(adapter.write())
    assert where == "keys"
    assert "the pattern in `target_modules` runs for ever, list the modules instead" in line


def test_all_linear_means_every_matrix_of_every_layer(tmp_path, base):
    names = ("q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj")
    whole = TinyAdapter(tmp_path / "adapters", "whole", base, targets=names)
    whole.config["target_modules"] = "all-linear"
    assert all(check.ok for check in whole.write().inspected())
    part = TinyAdapter(tmp_path / "adapters", "part", base, targets=names[:-1])
    part.config["target_modules"] = "all-linear"
    assert "2 of 12 targeted modules have no tensors" in last_word(part.write())[1]


def test_some_layers_and_excluded_modules_are_followed(adapter):
    adapter.config |= {"layers_to_transform": [1], "exclude_modules": ["layers.1.self_attn.v_proj"]}
    adapter.tensors = {k: v for k, v in adapter.tensors.items() if "layers.1.self_attn.q_" in k}
    assert all(check.ok for check in adapter.write().inspected())
    adapter.config["layers_pattern"] = ["h"]
    assert "leaves it out" in last_word(adapter.write())[1]
    adapter.config["layers_pattern"] = ["layers"]
    assert all(check.ok for check in adapter.write().inspected())


def test_a_module_saved_whole_must_be_one_of_the_base(adapter):
    adapter.config["modules_to_save"] = ["lm_head"]
    adapter.tensors[f"{PREFIX}lm_head.weight"] = np.ones((20, 8), np.float32)
    assert all(check.ok for check in adapter.write().inspected())
    adapter.tensors[f"{PREFIX}lm_head.weight"] = np.ones((21, 8), np.float32)
    assert "lm_head.weight does not belong to the base" in last_word(adapter.write())[1]


def test_only_a_module_saved_whole_is_no_lora(adapter):
    adapter.config |= {"modules_to_save": ["lm_head"], "target_modules": ["nothing"]}
    adapter.tensors = {f"{PREFIX}lm_head.weight": np.ones((20, 8), np.float32)}
    assert "holds no LoRA tensor" in last_word(adapter.write())[1]


# --- values ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["A", "B"])
def test_one_number_that_is_none_is_refused(adapter, number, side):
    adapter.tensors[f"{Q0}.lora_{side}.weight"][0, 0] = number
    where, line = last_word(adapter.write())
    assert where == "values"
    assert f"q_proj.lora_{side}.weight holds NaN or infinity" in line


def test_numbers_too_large_for_the_model_are_refused(adapter):
    adapter.tensors[f"{Q0}.lora_B.weight"] = np.full((8, 2), 1e300)
    assert "holds NaN or infinity" in last_word(adapter.write())[1]


@pytest.mark.parametrize("side", ["A", "B"])
def test_an_adapter_of_zeros_is_refused(adapter, side):
    for key, value in adapter.tensors.items():
        if f"lora_{side}" in key:
            value[:] = 0
    line = last_word(adapter.write())[1]
    assert f"every lora_{side} is zero, so the adapter changes nothing" in line


def test_one_module_that_moves_is_enough(adapter):
    for key, value in adapter.tensors.items():
        if "lora_B" in key and not key.startswith(Q0):
            value[:] = 0
    assert all(check.ok for check in adapter.write().inspected())


def test_zeros_crossed_over_the_modules_move_nothing(adapter):
    """A zero lora_A here and a zero lora_B there: every product is zero."""
    for key, value in adapter.tensors.items():
        if ("lora_A" in key) == ("q_proj" in key):
            value[:] = 0
    assert "is zero, so the adapter changes nothing" in last_word(adapter.write())[1]


# --- the base --------------------------------------------------------------------------------


def test_another_base_of_the_same_shapes_is_refused(tmp_path, adapter):
    adapter.write()
    adapter.base = TinyBase(tmp_path / "other", seed=1)
    where, line = last_word(adapter)
    assert where == "base"
    assert "adapter_v1: was trained on another base" in line and "point `base` at that one" in line


@pytest.mark.parametrize("training", [None, {}, {"base": "x"}, {"base": {"reference": "x"}}])
def test_without_a_named_base_only_the_shapes_are_vouched_for(adapter, training):
    adapter.training = training
    assert adapter.write().inspected()[-1].message.startswith("no training.json names its base")


def test_a_training_file_that_lies_in_its_type_is_refused(adapter):
    adapter.training = {"base": {"digest": ["x"]}}
    assert "was trained on another base" in last_word(adapter.write())[1]


def test_a_base_in_several_files_is_one_base(tmp_path, adapter):
    shapes = sorted(adapter.base.shapes.items())
    file = adapter.base.folder / "model.safetensors"
    file.unlink()
    for part, some in enumerate((shapes[:7], shapes[7:])):
        tensors = {name: np.ones(shape, np.float32) for name, shape in some}
        save_file(tensors, adapter.base.folder / f"model-{part}.safetensors")
    adapter.training = None
    assert all(check.ok for check in adapter.write().inspected())


def test_a_damaged_base_is_said(adapter):
    adapter.write()
    file = adapter.base.folder / "model.safetensors"
    raw = file.read_bytes()
    file.write_bytes(raw[:-10])
    with pytest.raises(Exception, match="is cut off or has extra bytes"):
        adapter.inspected()


def test_hostile_names_in_the_header_stay_on_one_line(adapter):
    adapter.tensors["a\n::error::b\x1b[2J"] = np.ones(1, np.float32)
    where, line = last_word(adapter.write())
    assert where == "keys" and "\\n::error::b\\x1b[2J" in line


def test_the_config_may_be_as_peft_writes_it_today_and_before(adapter):
    for key in ("arrow_config", "eva_config", "lora_bias", "corda_config", "peft_version"):
        del adapter.config[key]
    adapter.config["runtime_config"] = json.loads('{"ephemeral_gpu_offload": false}')
    assert all(check.ok for check in adapter.write().inspected())
