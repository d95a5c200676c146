"""Broken adapters on the real base: each is refused with one line that says which fault it is."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

pytestmark = pytest.mark.real


def keys_renamed(folder):
    rewrite(folder, lambda tensors: {k.replace("self_attn", "attn"): v for k, v in tensors.items()})


def lora_b_zero(folder):
    rewrite(
        folder,
        lambda tensors: {k: v * np.float32(0) if "lora_B" in k else v for k, v in tensors.items()},
    )


def another_base(folder):
    file = folder / "training.json"
    training = json.loads(file.read_text(encoding="utf-8"))
    training["base"]["digest"] = "0" * 64
    file.write_text(json.dumps(training), encoding="utf-8")


def as_a_pickle(folder):
    shutil.move(folder / "adapter_model.safetensors", folder / "adapter_model.bin")


def rewrite(folder, change):
    """The weights with a change; as float32, which numpy can hold."""
    import torch
    from safetensors.torch import load_file as load_torch

    file = folder / "adapter_model.safetensors"
    tensors = {name: t.to(torch.float32).numpy() for name, t in load_torch(file).items()}
    save_file(change(tensors), file)
    assert load_file(file)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (keys_renamed, "does not belong to the base"),
        (lora_b_zero, "every lora_B is zero"),
        (another_base, "was trained on another base"),
        (as_a_pickle, "is a pickle"),
    ],
)
def test_a_broken_adapter_is_refused_in_one_line(fresh, altered, fault, said):
    fault(altered("broken"))
    done = fresh("pytest", "--model", "broken")
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 4
    assert len(lines) == 1
    assert said in lines[0]
    assert "broken" in lines[0]


def test_the_doctor_finds_a_shipped_adapter_sound_and_applied(fresh):
    done = fresh("harness.cli", "doctor", "adapter_v2", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["ok"] is True
    assert found["checks"][-1]["name"] == "applied"
