import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.local import device
from harness.engines.local.device import Device, machine_key, probe


def test_the_same_machine_has_the_same_key():
    code = "from harness.engines.local.device import machine_key; print(machine_key())"
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert again.stdout.strip() == machine_key()


@pytest.mark.parametrize("hidden", ["", "0", "1"])
def test_hidden_accelerators_make_another_machine(monkeypatch, hidden):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    before = machine_key()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert machine_key() != before


def test_another_torch_makes_another_machine(monkeypatch):
    before = machine_key()
    monkeypatch.setattr(device, "versions", lambda names: {"torch": "9.9"})
    assert machine_key() != before


def test_a_system_without_proc_has_a_key_too(monkeypatch):
    class NoProc(type(Path())):
        def read_text(self, *_, **__):
            raise FileNotFoundError(self)

    monkeypatch.setattr(device, "Path", NoProc)
    assert len(machine_key()) == 24


def test_asking_for_the_key_imports_no_library():
    code = (
        "import sys; from harness.engines.local.device import machine_key; machine_key();"
        "assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_this_machine_has_a_device_that_torch_knows():
    import torch

    found = probe()
    assert isinstance(found, Device) and found.model
    assert torch.zeros(2, dtype=getattr(torch, found.dtype), device=found.kind).sum() == 0
