"""A matrix that bitsandbytes has packed has its own shape all the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.errors import WeightsError
from harness.workspace.adapters.base_shape import base_shape
from tests.fakes.refusals import refused


def write(folder, state):
    told = np.frombuffer(state.encode(), dtype=np.uint8)
    tensors = {
        "a.weight": np.zeros((64, 1), np.uint8),
        "a.weight.absmax": np.zeros(2, np.uint8),
        "a.weight.quant_map": np.zeros(16, np.float32),
        "a.weight.nested_absmax": np.zeros(1, np.float32),
        "a.weight.nested_quant_map": np.zeros(256, np.float32),
        "a.weight.quant_state.bitsandbytes__nf4": told,
        "b.weight": np.zeros((3, 4), np.int8),
        "b.SCB": np.zeros(3, np.float32),
        "norm.weight": np.zeros(8, np.float32),
    }
    save_file(tensors, folder / "model.safetensors")


def test_shapes_are_those_of_the_model(tmp_path):
    write(tmp_path, json.dumps({"quant_type": "nf4", "blocksize": 64, "shape": [16, 8]}))
    found = base_shape(tmp_path, "digest", "nf4")
    assert found.tensors == {"a.weight": (16, 8), "b.weight": (3, 4), "norm.weight": (8,)}
    assert found.linear("a") == (16, 8)


@pytest.mark.parametrize(
    "state", ["{}", "[]", '{"shape": [1.5]}', '{"shape": [-1]}', '{"shape": 3}']
)
def test_a_state_without_a_shape_is_one_line(tmp_path, state):
    write(tmp_path, state)
    with refused("quant_state.bitsandbytes__nf4 says no shape of its weight", WeightsError, 4):
        base_shape(tmp_path, "digest")


@pytest.mark.parametrize("state", ["{", "\x00\xff", '{"shape": [1], "shape": [2]}'])
def test_a_damaged_state_is_one_line(tmp_path, state):
    write(tmp_path, state)
    with refused("quant_state.bitsandbytes__nf4", WeightsError, 4):
        base_shape(tmp_path, "digest")
