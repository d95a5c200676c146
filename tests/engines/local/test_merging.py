"""A merged model answers as base and adapter do, also where PEFT alone would lose a part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.engines.local.merging import merge, plain_base, save
from harness.engines.protocol import Mounted
from harness.errors import EngineFailed
from harness.workspace.adapters.files import file_digest
from tests.fakes.llama import TinyLlama
from tests.fakes.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def tied(tmp_path_factory: pytest.TempPathFactory) -> TinyLlama:
    """A base whose head is its input embeddings, as that of most small models."""
    return TinyLlama(tmp_path_factory.mktemp("tied"), tie_word_embeddings=True)


def saved_by_peft(base: TinyLlama, folder: Path, **config: Any) -> Mounted:
    """Return an adapter all of whose tensors have values."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(3)
    model: Any = AutoModelForCausalLM.from_pretrained(base.folder)
    tuned: Any = get_peft_model(model, LoraConfig(r=4, task_type="CAUSAL_LM", **config))
    for values in (p for p in tuned.parameters() if p.requires_grad):
        values.data = torch.randn_like(values) * 0.3
    tuned.save_pretrained(folder)
    return Mounted("adapter", file_digest(folder / "adapter_model.safetensors"), folder)


def mounted_logits(base: TinyLlama, adapter: Mounted) -> Any:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base.folder)
    tuned = PeftModel.from_pretrained(model, str(adapter.folder)).eval()
    with torch.inference_mode():
        return tuned(input_ids=torch.arange(40).unsqueeze(0)).logits


def logits(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    with torch.inference_mode():
        model = AutoModelForCausalLM.from_pretrained(folder).eval()
        return model(input_ids=torch.arange(40).unsqueeze(0)).logits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "stays_tied"),
    [
        ({"target_modules": ["q_proj", "v_proj"]}, True),
        ({"target_modules": "all-linear", "use_dora": True}, True),
        ({"target_modules": "all-linear", "bias": "all", "use_rslora": True}, True),
        ({"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]}, False),
        ({"target_modules": ["q_proj", "embed_tokens"]}, False),
        ({"target_modules": ["q_proj", "lm_head"]}, False),
    ],
    ids=["plain", "dora", "biases", "own head", "embeddings", "head by LoRA"],
)
def test_what_is_saved_answers_as_peft_does_with_the_adapter(
    tied: TinyLlama, tmp_path: Path, config: dict[str, Any], stays_tied: bool
) -> None:
    import torch

    adapter = saved_by_peft(tied, tmp_path / "adapter", **config)
    merged = merge(tied.folder, adapter)
    assert merged.config.tie_word_embeddings is stays_tied
    save(merged, tmp_path / "out", "float32")
    found, wanted = logits(tmp_path / "out"), mounted_logits(tied, adapter)
    assert torch.allclose(found, wanted, atol=1e-3 * float(wanted.abs().max()))


def test_a_merge_that_answers_otherwise_is_not_written(
    tied: TinyLlama, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft.tuners.lora.layer import Linear

    adapter = saved_by_peft(tied, tmp_path / "adapter", target_modules=["q_proj"])
    plain: Callable[..., Any] = Linear.get_delta_weight
    monkeypatch.setattr(Linear, "get_delta_weight", lambda *args: 2 * plain(*args))
    with refused("adapter: merged by PEFT it answers otherwise than mounted", EngineFailed, 11):
        merge(tied.folder, adapter)


def test_the_base_itself_comes_as_plain_numbers(tied: TinyLlama) -> None:
    assert {str(values.dtype) for values in plain_base(tied.folder).state_dict().values()} == {
        "torch.float32"
    }
