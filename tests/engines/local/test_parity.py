"""What is wrong with an export's weights is told by its files, whatever the benchmark says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.engines.local.merging import merge, plain_base, save
from harness.engines.local.parity import Tensors, compare, faults
from harness.engines.protocol import Mounted
from harness.errors import AdapterRefused
from tests.fakes.llama import TinyLlama
from tests.fakes.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore")
Change = Callable[[dict[str, Any]], None]


class Place:
    """A base with an adapter, and exports of it that something went wrong with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = TinyLlama(folder / "base")
        self.adapter: Mounted = self.base.adapter(folder / "adapter")

    def export(self, name: str, change: Change = lambda tensors: None, dtype: str = "bfloat16"):
        """Write a faithful merge, changed afterwards."""
        from safetensors.torch import load_file, save_file

        out = self.folder / name
        save(merge(self.base.folder, self.adapter), out, dtype)
        for file in self.base.folder.iterdir():
            if not (out / file.name).exists():
                (out / file.name).write_bytes(file.read_bytes())
        tensors = load_file(out / "model.safetensors")
        change(tensors)
        save_file(tensors, out / "model.safetensors", {"format": "pt"})
        return out

    def compared(self, export: Path) -> Tensors:
        return compare(self.base.folder, "", self.adapter, export, quantised=False)

    def plain(self) -> dict[str, Any]:
        return plain_base(self.base.folder).state_dict()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


def told(place: Place, export: Path) -> list[str]:
    return list(faults(place.compared(export), alpha=8))


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_faithful_merge_has_no_fault(place: Place, dtype: str) -> None:
    found = place.compared(place.export(f"faithful-{dtype}", dtype=dtype))
    assert list(faults(found, alpha=8)) == []
    assert found.overall.value == pytest.approx(1, abs=0.01)


@pytest.mark.long
@pytest.mark.parametrize("times", [0.5, 2.0, 4.0])
def test_a_wrong_alpha_is_named_with_the_alpha_that_it_amounts_to(
    place: Place, times: float
) -> None:
    plain = place.plain()

    def change(tensors: dict[str, Any]) -> None:
        for name, values in tensors.items():
            held = plain[name] + times * (values.float() - plain[name])
            tensors[name] = held.to(values.dtype)

    (said,) = told(place, place.export(f"alpha-{times}", change))
    assert said.startswith(f"the adapter is merged at {times:.2f} times its strength")
    assert said.endswith(f"as if lora_alpha were {8 * times:g} and not 8")


@pytest.mark.slow
def test_an_export_of_the_base_alone_is_said_to_lack_the_adapter(place: Place) -> None:
    plain = place.plain()
    out = place.export("bare", lambda tensors: tensors.update(
        {name: plain[name].to(values.dtype) for name, values in tensors.items()}
    ))  # fmt: skip
    assert told(place, out) == ["the adapter is not in it, its weights are those of the base"]


@pytest.mark.long
def test_modules_that_a_merge_left_out_are_counted_and_named(place: Place) -> None:
    lost = "model.layers.1.self_attn.v_proj.weight"
    plain = place.plain()
    out = place.export("partly", lambda tensors: tensors.update({lost: plain[lost].bfloat16()}))
    assert told(place, out) == [f"the adapter is missing in 1 of 4 tensors (such as {lost})"]


@pytest.mark.slow
def test_a_tensor_that_the_adapter_leaves_alone_must_be_the_bases(place: Place) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    out = place.export("touched", lambda tensors: tensors.update({name: tensors[name] * 1.2}))
    assert told(place, out) == [
        f"1 tensor (such as {name}) not as in the base, though the adapter leaves them alone"
    ]


@pytest.mark.long
def test_a_lost_head_is_named(tmp_path: Path) -> None:
    """The adapter saves its head whole, and the export has the base's."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    place = Place(tmp_path)
    model: Any = AutoModelForCausalLM.from_pretrained(place.base.folder)
    config = LoraConfig(
        r=4, target_modules=["q_proj"], modules_to_save=["lm_head"], task_type="CAUSAL_LM"
    )
    tuned: Any = get_peft_model(model, config)
    for values in (p for p in tuned.parameters() if p.requires_grad):
        values.data = values.data + 0.1
    tuned.save_pretrained(tmp_path / "headed")
    place.adapter = Mounted("headed", "headed", tmp_path / "headed")
    head = place.plain()["lm_head.weight"].bfloat16()
    assert told(place, place.export("whole")) == []
    out = place.export("headless", lambda tensors: tensors.update({"lm_head.weight": head}))
    assert told(place, out) == [
        "the adapter's own head or embeddings are lost, 1 tensor (such as lm_head.weight) as in"
        " the base"
    ]


@pytest.mark.long
def test_an_export_without_some_weights_is_refused(place: Place) -> None:
    out = place.export("lacking", lambda tensors: tensors.pop("lm_head.weight"))
    with refused("does not load: .*1 of its weights are missing, such as lm_head", AdapterRefused):
        place.compared(out)
