"""A merge replaces weights and never holds them twice; the base's own come back bit for bit."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.engines.local import originals as module
from harness.engines.local.mapped import FilePages
from harness.engines.local.originals import Originals
from harness.errors import EngineFailed
from tests.fakes.refusals import refused

if TYPE_CHECKING:
    from torch import Tensor

MIB = 2**20
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell their pages")


class Holder:
    """A layer with a weight."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight


def of_memory(count: int = 3) -> list[Holder]:
    """Return layers of 1 MiB each."""
    import torch

    torch.manual_seed(1)
    return [Holder(torch.randn(512, 512)) for _ in range(count)]


@pytest.fixture
def of_file(tmp_path: Path) -> list[Holder]:
    """Layers of 4 MiB whose weights lie in a mapped file, as transformers loads them."""
    import torch
    from safetensors.torch import load_file, save_file

    torch.manual_seed(2)
    values = {str(n): torch.randn(1024, 1024) for n in range(3)}
    save_file(values, tmp_path / "model.safetensors")
    return [Holder(one) for one in load_file(tmp_path / "model.safetensors").values()]


def resident(values: Tensor) -> int:
    """Return how many bytes of the mappings around a tensor are in memory."""
    total, inside = 0, False
    begin, end = values.data_ptr(), values.data_ptr() + values.nbytes
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if found := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            inside = int(found[1], 16) < end and begin < int(found[2], 16)
        elif inside and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


def merge(originals: Originals, layers: list[Holder]) -> None:
    for layer in layers:
        originals.replace(layer)
        layer.weight.add_(1)


@pytest.fixture(params=["memory", "scratch file", "both"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where originals have room."""
    rooms = {"memory": 100 * MIB, "scratch file": 0, "both": MIB + 1}
    monkeypatch.setattr(module, "IN_MEMORY", rooms[request.param])
    return str(request.param)


@pytest.mark.medium
def test_wherever_originals_are_kept_merges_are_the_same_and_undone_to_the_last_bit(
    kept: str,
) -> None:
    import torch

    layers = of_memory()
    before = [layer.weight.clone() for layer in layers]
    originals = Originals("weight")
    for _ in range(2):  # the second merge finds the scratch file with its values
        merge(originals, layers)
        pairs = zip(layers, before, strict=True)
        assert all(torch.equal(layer.weight, plain + 1) for layer, plain in pairs)
        originals.restore()
        pairs = zip(layers, before, strict=True)
        assert all(torch.equal(layer.weight, plain) for layer, plain in pairs)


def test_a_merge_in_the_scratch_file_takes_no_memory_for_a_second_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "IN_MEMORY", 0)
    (layer,) = of_memory(1)
    place = layer.weight.data_ptr()
    merge(Originals("weight"), [layer])
    assert layer.weight.data_ptr() == place


def test_little_free_memory_sends_originals_to_the_scratch_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "free_memory", lambda: 2 * MIB)
    (layer,) = of_memory(1)
    place = layer.weight.data_ptr()
    merge(Originals("weight"), [layer])
    assert layer.weight.data_ptr() == place


def test_a_full_disk_is_said_in_a_line_that_names_a_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "IN_MEMORY", 0)
    monkeypatch.setattr(module.tempfile, "TemporaryFile", full)
    with refused("no room to merge.*No space left.*TMPDIR", EngineFailed, 11):
        merge(Originals("weight"), of_memory(1))


@pytest.mark.medium
@linux
def test_weights_of_a_mapped_file_leave_memory_while_a_merge_stands_in(
    of_file: list[Holder],
) -> None:
    import torch

    before = [layer.weight.clone() for layer in of_file]
    mapped = [layer.weight for layer in of_file]
    assert resident(mapped[1]) > 11 * MIB
    originals = Originals("weight")
    merge(originals, of_file)
    assert resident(mapped[1]) < MIB
    for layer, plain in zip(of_file, before, strict=True):
        assert torch.equal(layer.weight, plain + 1)
    originals.restore()
    for layer, plain in zip(of_file, before, strict=True):
        assert torch.equal(layer.weight, plain)


@linux
def test_after_a_merge_the_base_can_be_changed_as_before(of_file: list[Holder]) -> None:
    originals = Originals("weight")
    merge(originals, of_file)
    originals.restore()
    for layer in of_file:
        layer.weight.fill_(3)  # as PEFT does for an adapter with embeddings or biases of its own
        assert layer.weight.sum() == 3 * 1024**2


@pytest.mark.medium
@linux
def test_a_mapped_weight_that_was_changed_in_memory_is_never_let_go(
    of_file: list[Holder],
) -> None:
    of_file[0].weight[5, 5] = 42.0
    assert not FilePages().has(of_file[0].weight)
    originals = Originals("weight")
    merge(originals, of_file)
    originals.restore()
    assert of_file[0].weight[5, 5] == 42.0


def test_a_system_that_does_not_tell_its_pages_lets_nothing_go(
    of_file: list[Holder], tmp_path: Path
) -> None:
    assert not FilePages(tmp_path / "none").has(of_file[0].weight)
