import json

import pytest

from harness.errors import AdapterRefused
from harness.workspace.adapters.config import HARMLESS, MUST_BE_OFF, OFF, READ, UNUSED, read_config
from tests.fakes.adapters import PEFT_DEFAULTS
from tests.fakes.refusals import refused


def config(folder, **changed):
    raw = {k: v for k, v in (PEFT_DEFAULTS | changed).items() if v is not ...}
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(raw))
    return read_config(file)


def test_a_plain_lora_is_read(tmp_path):
    found = config(
        tmp_path,
        r=4,
        lora_alpha=8.5,
        target_modules=["q_proj", "mlp.up_proj"],
        exclude_modules=["k_proj"],
        layers_to_transform=[0, 2],
        layers_pattern="layers",
        rank_pattern={"q_proj": 2, "^model.layers.0.mlp.up_proj": 3},
        alpha_pattern={"q_proj": 2.5},
        modules_to_save=["lm_head"],
    )
    assert (found.r, found.alpha, found.targets) == (4, 8.5, ("q_proj", "mlp.up_proj"))
    assert (found.exclude, found.layers, found.layers_pattern) == (("k_proj",), (0, 2), ("layers",))
    assert found.rank_pattern == {"q_proj": 2, "^model.layers.0.mlp.up_proj": 3}
    assert found.saved == ("lm_head",)


@pytest.mark.parametrize(
    "targets", ["all-linear", r".*\.(q_proj|v_proj)", r"model\.layers\.\d+\..*?(?:q|k)_proj"]
)
def test_a_pattern_that_cannot_hang_is_taken(tmp_path, targets):
    assert config(tmp_path, target_modules=targets).targets == targets


def test_what_peft_can_add_to_a_lora_is_read(tmp_path):
    assert config(tmp_path).more == ()
    found = config(tmp_path, use_dora=True, bias="all", lora_bias=True, target_parameters=["e.up"])
    assert found.dora and found.parameters == ("e.up",)
    assert found.more == ('bias "all"', "lora_bias", "target_parameters")
    assert config(tmp_path, init_lora_weights="pissa").more == ("pissa start",)
    assert config(tmp_path, init_lora_weights="eva", eva_config={"rho": 2.0}).more == ()
    assert config(tmp_path, trainable_token_indices=[1, 2]).more == ("trainable tokens",)


def test_a_folder_of_unsloth_names_no_code_of_its_own(tmp_path):
    mapping = {
        "base_model_class": "LlamaForCausalLM",
        "parent_library": "transformers.models.llama.modeling_llama",
        "unsloth_fixed": True,
    }
    found = config(tmp_path, task_type=None, auto_mapping=mapping)
    assert (found.more, found.named_base) == ((), "base")


def test_ranks_by_regular_expression_are_read(tmp_path):
    found = config(tmp_path, rank_pattern={r"layers\.\d+\.q_proj": 4}, alpha_pattern={".*": 2})
    assert found.rank_pattern == {r"layers\.\d+\.q_proj": 4}
    assert found.patterns == (r"(.*\.)?(layers\.\d+\.q_proj)", r"(.*\.)?(.*)")


def test_a_key_of_a_newer_peft_is_left_out_as_the_installed_peft_does(tmp_path):
    assert config(tmp_path, x_lora=1, y_lora=None).dropped == ("x_lora", "y_lora")
    assert config(tmp_path, y_lora=None).dropped == (), "off: there is nothing to leave out"


def test_what_the_installed_peft_refuses_is_refused(tmp_path):
    with refused("the installed PEFT does not take it .*layers_to_transform", AdapterRefused):
        config(tmp_path, x_lora=1, target_modules=".*q_proj", layers_to_transform=[1])


HUGE = 10**30
WRONG = {
    "another method": ({"peft_type": "IA3"}, "`peft_type` is 'IA3', only LORA can be judged"),
    "no method": ({"peft_type": ...}, "`peft_type` is None"),
    "a classifier": ({"task_type": "SEQ_CLS"}, "`task_type` is 'SEQ_CLS', only CAUSAL_LM writes"),
    "an auto mapping": (
        {"auto_mapping": {"base_model_class": "Evil", "parent_library": "evil"}},
        "`auto_mapping` is set, adapters that need it cannot be judged",
    ),
    "thousands of layers": ({"layer_replication": [[0, 9]] * 5000}, "`layer_replication` is set"),
    "megatron": ({"megatron_core": "os"}, "`megatron_core` is set"),
    "code of the folder": (
        {"auto_mapping": {"parent_library": "transformers_modules.mine"}},
        "it names code outside transformers",
    ),
    "a mapping that is a text": ({"auto_mapping": "evil"}, "`auto_mapping` is set"),
    "a target parameter": ({"target_parameters": "x"}, "must be a list of names"),
    "patterns as parameters": ({"target_parameters": ["(a+)+"]}, "which is no module name"),
    "tokens as texts": ({"trainable_token_indices": ["a"]}, "must hold token ids only"),
    "tokens below 0": ({"trainable_token_indices": {"lm_head": [-1]}}, "must hold token ids"),
    "too many tokens": ({"trainable_token_indices": [1] * 100_001}, "must be lists of token ids"),
    "prompts change it": (
        {"alora_invocation_tokens": [3]},
        "`alora_invocation_tokens` is set, .* merge it .`merge_and_unload`.",
    ),
    "an odd value of an unused key": ({"layer_replication": 16}, "`layer_replication` is set"),
    "an odd bias": ({"bias": "some"}, "`bias` is 'some', allowed are none, all, lora_only"),
    "PiSSA by chance": (
        {"init_lora_weights": "pissa_niter_4"},
        "`init_lora_weights` changes the base's own weights .* a plain LoRA of it",
    ),
    "CorDA": ({"init_lora_weights": "corda"}, "`init_lora_weights` changes the base's own"),
    "a start of 1": ({"init_lora_weights": 1}, "`init_lora_weights` changes the base's own"),
    "a list of starts": ({"init_lora_weights": [1]}, "`init_lora_weights` changes"),
    "r 0": ({"r": 0}, "`r` is 0, allowed are 1 to 4096"),
    "r 200,000,000": ({"r": 200_000_000}, "`r` is 200000000, allowed are 1 to 4096"),
    "r a fraction": ({"r": 2.5}, "`r` is a number, a whole number is needed"),
    "r true": ({"r": True}, "`r` is true/false"),
    "alpha 1e308": ({"lora_alpha": 1e308}, r"`lora_alpha` is 1e\+308, allowed are"),
    "alpha a text": ({"lora_alpha": "16"}, "`lora_alpha` is a text, a number is needed"),
    "no targets": ({"target_modules": None}, "`target_modules` must be a list of module names"),
    "empty targets": ({"target_modules": []}, "`target_modules` must be a list"),
    "a number as target": ({"target_modules": [1]}, "`target_modules` has '1', which is no module"),
    "a table of targets": ({"target_modules": {"a": 1}}, "`target_modules` must be a list"),
    "5,000 targets": ({"target_modules": ["a"] * 5000}, "a list of at most 4096 module names"),
    "nested repeats": ({"target_modules": "(a+)+$"}, "is a pattern that could run for ever"),
    "nested stars": ({"target_modules": "(.*)*x"}, "is a pattern that could run for ever"),
    "a long pattern": ({"target_modules": "a" * 4097}, "is a pattern that could run for ever"),
    "no pattern": ({"target_modules": "(q_proj"}, "`target_modules` is not a pattern"),
    "a repeat too large": (
        {"target_modules": "a{99999999999}"},
        "`target_modules` is not a pattern",
    ),
    "an excluded pattern": ({"exclude_modules": "(a|b*)*"}, "`exclude_modules` is a pattern that"),
    "a saved pattern": ({"modules_to_save": ["(a+)+"]}, r"`modules_to_save` has '\(a\+\)\+'"),
    "saved is a number": ({"modules_to_save": 7}, "`modules_to_save` must be a list"),
    "a layers pattern": ({"layers_pattern": ["(x*)*"]}, "`layers_pattern` has"),
    "negative layers": ({"layers_to_transform": [-1]}, "must be a list of layer numbers"),
    "a layer is true": ({"layers_to_transform": True}, "must be a list of layer numbers"),
    "a rank pattern": ({"rank_pattern": {"(a+)+": 2}}, "`rank_pattern` has .* which is no module"),
    "a rank of 0": (
        {"rank_pattern": {"q_proj": 0}},
        "rank_pattern\\]: `q_proj` is 0",
    ),
    "ranks are a list": ({"rank_pattern": [1]}, "rank_pattern\\]: is a list, a table of keys"),
    "an alpha pattern": ({"alpha_pattern": {"(x*)*": 2}}, "`alpha_pattern` has .*, which is no"),
    "alpha by pattern": ({"alpha_pattern": {"q_proj": 1e300}}, r"`q_proj` is 1e\+300, allowed are"),
    "alpha by text": ({"alpha_pattern": {"q_proj": "8"}}, "`q_proj` is a text, a number is needed"),
}


@pytest.mark.parametrize(("changed", "line"), WRONG.values(), ids=WRONG)
def test_what_peft_would_load_with_a_warning_is_refused(tmp_path, changed, line):
    with refused(r"adapter_config\.json.*" + line, AdapterRefused):
        config(tmp_path, **changed)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[]", "is a list, a table of keys"),
        ('{"r": 1, "r": 2}', "key 'r' stands twice"),
        ('{"r": NaN}', "NaN is not a number"),
        ("[" * 100_000, "is nested deeper"),
        ('"' + "x" * 2_000_000 + '"', "at most 1,048,576 are read"),
        ("", "is not JSON"),
    ],
)
def test_a_config_that_is_no_config_is_refused(tmp_path, text, line):
    file = tmp_path / "adapter_config.json"
    file.write_text(text)
    with refused(line, AdapterRefused):
        read_config(file)


@pytest.fixture(scope="module")
def of_peft():
    """The fields and defaults of the installed PEFT; its import takes seconds."""
    from peft import LoraConfig

    config = LoraConfig(target_modules=["q_proj"], task_type="CAUSAL_LM").to_dict()
    return json.loads(json.dumps(config, default=list))


def test_every_key_of_the_installed_peft_is_known(of_peft):
    """A new PEFT with a new key must be looked at before its adapters are judged."""
    known = HARMLESS | READ | MUST_BE_OFF
    assert set(of_peft) - known == set()
    assert len(known) == len(HARMLESS) + len(READ) + len(MUST_BE_OFF), "each key has one meaning"


def test_what_the_installed_peft_writes_by_default_is_taken(tmp_path, of_peft):
    off = {key: of_peft[key] for key in MUST_BE_OFF & set(of_peft)}
    assert all(value in OFF or value == UNUSED.get(key) for key, value in off.items())
    file = tmp_path / "adapter_config.json"
    file.write_text(json.dumps(of_peft))
    assert read_config(file).targets == ("q_proj",)
