"""Chunks are read side by side, and no result tells how many cores there were."""

from __future__ import annotations

import threading

import pytest

from harness.engines.local.cores import MAX_TOGETHER, on_single_cores
from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.records import Generation, Message, Prompt
from tests.fakes.llama import TinyLlama

SYSTEM = Message("system", " ".join(f"w{n % 60}" for n in range(40)))
MANY = [
    Prompt(
        f"case-{n}",
        (SYSTEM, Message("user", " ".join(f"w{(n * 7 + k) % 60}" for k in range(30 + n)))),
        (" ".join(f"w{(n + k * 3) % 60}" for k in range(20)),),
    )
    for n in range(24)
]


@pytest.fixture
def threads():
    """A function that sets torch's number of threads; the old number comes back afterwards."""
    import torch

    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_results_come_in_order_and_each_is_made_by_one_thread(threads, cores):
    import torch

    threads(cores)
    seen = on_single_cores(lambda n: (n, torch.get_num_threads()), range(20), "cpu")
    assert seen == [(n, 1) for n in range(20)]
    assert torch.get_num_threads() == cores, "whatever comes next has all cores again"


def test_as_many_are_under_way_as_there_are_cores(threads):
    threads(3)
    meeting = threading.Barrier(3, timeout=20)  # breaks unless three come at the same time
    assert len(on_single_cores(lambda _: meeting.wait(), range(3), "cpu")) == 3


def test_a_machine_of_many_cores_holds_only_some_chunks_at_once(threads):
    threads(4 * MAX_TOGETHER)
    names = on_single_cores(lambda _: threading.current_thread().name, range(200), "cpu")
    assert len(set(names)) <= MAX_TOGETHER


def test_a_failure_is_raised_and_leaves_the_number_of_threads_alone(threads):
    import torch

    def fail(number):
        raise RuntimeError(f"out of memory at {number}")

    threads(2)
    with pytest.raises(RuntimeError, match="out of memory at 0"):
        on_single_cores(fail, range(4), "cpu")
    assert torch.get_num_threads() == 2


def test_an_accelerator_takes_the_chunks_in_turn_in_the_callers_thread(threads):
    threads(2)
    names = on_single_cores(lambda _: threading.current_thread(), range(3), "cuda")
    assert set(names) == {threading.current_thread()}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries
@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_no_likelihood_depends_on_the_number_of_cores(threads, tmp_path, dtype, fast):
    # Wide enough that the product of two threads is cut up another way than that of one.
    sizes = {"hidden_size": 576, "intermediate_size": 1536}
    llama = TinyLlama(tmp_path / "base", **sizes)
    lora = llama.adapter(tmp_path / "lora", name="lora", seed=3)
    wanted = Generation(max_new_tokens=4, dtype=dtype, batch=4)
    found = []
    for cores in (1, 2, 4):
        threads(cores)
        engine = Transformers(lambda: llama.folder, Device("cpu", "float32", "test"), fast=fast)
        weighed = engine.likelihood(lora, MANY, wanted)
        found.append({w.case: w.nll for some in weighed for w in some})
    assert found[0] == found[1] == found[2]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries
def test_weights_laid_out_for_many_ideals_change_no_likelihood(tmp_path, monkeypatch):
    sizes = {"hidden_size": 192, "intermediate_size": 576}
    llama = TinyLlama(tmp_path / "base", **sizes)
    lora = llama.adapter(tmp_path / "lora", name="lora", seed=3)
    wanted = Generation(max_new_tokens=4, dtype="bfloat16", batch=4)
    found = []
    for least in (10**9, 0):
        monkeypatch.setattr("harness.engines.local.packed.LAY_OUT", least)
        engine = Transformers(lambda: llama.folder, Device("cpu", "float32", "test"))
        weighed = engine.likelihood(lora, MANY, wanted)
        found.append({w.case: w.nll for some in weighed for w in some})
    assert found[0] == found[1]
