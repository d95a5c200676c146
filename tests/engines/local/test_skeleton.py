"""An adapter is tried on a base without values: what PEFT loads in part is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.engines.local.skeleton import Skeleton
from harness.errors import AdapterRefused, EngineFailed
from perf.kinds_adapters import KINDS, made_base, make_adapter
from tests.fakes.refusals import refused

GPT2 = next(kind for kind in KINDS if kind.name == "GPT-2, the Hub's names")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("skeleton")


@pytest.fixture
def adapter(place: Path, tmp_path: Path) -> Path:
    make_adapter(GPT2, made_base(GPT2.base, place), tmp_path / "adapter", place)
    return tmp_path / "adapter"


@pytest.fixture(scope="module")
def skeleton(place: Path) -> Skeleton:
    return Skeleton(lambda: made_base(GPT2.base, place))


@pytest.mark.long
def test_names_are_those_of_the_model_in_memory(skeleton: Skeleton, adapter: Path) -> None:
    found = skeleton.modules(adapter)
    assert "transformer.h.0.attn.c_attn" in found
    assert "transformer.h.0.attn.c_attn.weight" in found
    assert skeleton.load(adapter).startswith("2 modules, all of them in the base")


def _change(adapter: Path, change: str) -> None:
    from safetensors.torch import load_file, save_file

    weights = adapter / "adapter_model.safetensors"
    tensors = load_file(weights)
    last = max(tensors)
    if change == "gone":
        del tensors[last]
    elif change == "more":
        tensors[f"{last}.more"] = tensors[last].clone()
    else:
        tensors[last] = tensors[last][:-1].clone()
    save_file(tensors, weights)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("gone", "1 missing adapter keys"),
        ("more", "1 unexpected adapter keys"),
        ("shape", "size mismatch"),
    ],
)
def test_what_peft_would_load_in_part_is_refused(
    skeleton: Skeleton, adapter: Path, change: str, line: str
) -> None:
    _change(adapter, change)
    with refused(f"PEFT does not load it on this base .*{line}", AdapterRefused):
        skeleton.load(adapter)


def test_a_base_of_a_billion_layers_is_not_built(place: Path, tmp_path: Path) -> None:
    base = made_base(GPT2.base, place)
    config = json.loads((base / "config.json").read_text()) | {"n_layer": 10**9}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").symlink_to(base / "model.safetensors")
    with refused("names 1,000,000,000 layers, its files have fewer", EngineFailed, code=11):
        Skeleton(lambda: tmp_path).modules(tmp_path)
