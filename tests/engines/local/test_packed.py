"""Packing changes how fast a model answers and nothing else."""

from __future__ import annotations

import pytest

from harness.engines.local import base, prompts
from harness.engines.local.device import Device
from harness.engines.local.engine import OutOfMemory, Transformers
from harness.engines.local.prompts import load_tokenizer
from harness.engines.protocol import Mounted
from harness.errors import EngineFailed
from harness.records import Generation, Message, Prompt
from tests.fakes.llama import TinyLlama
from tests.fakes.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

CPU = Device("cpu", "float32", "test")
BASE = Mounted("base", "", None)
HOW = Generation(max_new_tokens=10, dtype="float32", batch=4)
SYSTEM = Message("system", " ".join(f"w{n % 60}" for n in range(40)))
"""Long enough to be read once for all."""


def prompt(number, system=True):
    words = " ".join(f"w{(number * 7 + k * 3) % 60}" for k in range(1 + number * 5 % 40))
    turns = (SYSTEM, Message("user", words)) if system else (Message("user", words),)
    return Prompt(f"case-{number}", turns, ("w1 w2 w3", f"w{number}", ""))


MANY = [prompt(n) for n in range(14)]


def answers(engine, adapter, prompts=MANY, how=HOW):
    texts = {o.case: o for some in engine.generate(adapter, prompts, how) for o in some}
    nlls = {
        (w.case, w.ideal): w.nll for some in engine.likelihood(adapter, prompts, how) for w in some
    }
    return texts, nlls


def padded(llama, monkeypatch):
    engine = Transformers(lambda: llama.folder, CPU, fast=False)
    with monkeypatch.context() as patch:
        patch.setattr(base, "PACKED", ())
        assert not engine.runner(HOW).base.packed
    return engine


@pytest.mark.long
@pytest.mark.parametrize("kind", base.PACKED)
def test_every_architecture_that_is_packed_answers_as_it_does_padded(
    kind, llama, tmp_path, monkeypatch
):
    words = load_tokenizer(llama.folder)  # transformers gives some kinds a tokenizer of their own
    monkeypatch.setattr(prompts, "usual_tokenizer", lambda folder: words)
    llama = TinyLlama(tmp_path / "base", kind=kind, sliding_window=None)
    adapter = llama.adapter(tmp_path / "a", name="a", seed=1)
    packed = Transformers(lambda: llama.folder, CPU, fast=False)
    assert packed.runner(HOW).base.packed
    slow = padded(llama, monkeypatch)
    for one in (BASE, adapter):
        texts, nlls = answers(packed, one)
        wanted, likely = answers(slow, one)
        assert texts == wanted
        assert nlls == pytest.approx(likely, abs=1e-4)
        assert len({round(nll, 3) for nll in nlls.values()}) > 14, "cases do differ"


@pytest.mark.parametrize("kind", ["mistral", "gemma2", "gpt_neox"])
def test_windows_and_unknown_architectures_are_padded(kind):
    from transformers import AutoConfig

    assert not base.can_pack(AutoConfig.for_model(kind))


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return TinyLlama(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def lora(llama, tmp_path_factory):
    return llama.adapter(tmp_path_factory.mktemp("lora"), name="lora", seed=3)


@pytest.mark.long
@pytest.mark.parametrize("rows", [1, 8, 25])
def test_texts_are_equal_with_1_8_and_25_rows_and_merged_or_not(llama, lora, rows):
    wanted, _ = answers(Transformers(lambda: llama.folder, CPU), lora)
    how = Generation(max_new_tokens=10, dtype="float32", batch=rows)
    for merge in (True, False):
        engine = Transformers(lambda: llama.folder, CPU, merge=merge)
        assert answers(engine, lora, how=how)[0] == wanted


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_merged_adapter_is_taken_out_to_the_last_bit(llama, lora, dtype):
    import torch

    how = Generation(max_new_tokens=3, dtype=dtype, batch=4)
    engine = Transformers(lambda: llama.folder, CPU, fast=False)
    model = engine.runner(how).base.model
    before = {key: value.clone() for key, value in model.named_parameters()}
    answers(engine, lora, MANY[:2], how)
    changed = {key.replace(".base_layer", ""): value for key, value in model.named_parameters()}
    assert any(not torch.equal(changed[key], value) for key, value in before.items())
    answers(engine, BASE, MANY[:2], how)
    after = {key.replace(".base_layer", ""): value for key, value in model.named_parameters()}
    assert all(torch.equal(after[key], value) for key, value in before.items())


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_what_was_read_for_the_writing_gives_the_same_likelihood_as_reading_anew(
    llama, lora, dtype
):
    how = Generation(max_new_tokens=3, dtype=dtype, batch=4)
    _, after_writing = answers(Transformers(lambda: llama.folder, CPU), lora, how=how)
    fresh = Transformers(lambda: llama.folder, CPU)
    alone = {(w.case, w.ideal): w.nll for some in fresh.likelihood(lora, MANY, how) for w in some}
    assert alone == after_writing


@pytest.mark.long
def test_equal_beginnings_change_no_bit_whoever_else_is_asked(llama, lora):
    how = Generation(max_new_tokens=6, dtype="bfloat16", batch=4)
    mixed = [*MANY, *(prompt(n, system=False) for n in range(20, 26))]
    texts, nlls = answers(Transformers(lambda: llama.folder, CPU), lora, mixed, how)
    for one in (mixed[0], mixed[9], mixed[17]):
        alone, likely = answers(Transformers(lambda: llama.folder, CPU), lora, [one], how)
        assert alone[one.case] == texts[one.case]
        assert likely.items() <= nlls.items()


@pytest.mark.long
def test_prompts_and_ideals_longer_than_a_chunk_stay_with_their_own_cases(llama, lora, monkeypatch):
    def long(number, length):
        words = " ".join(f"w{(number * 7 + k * 3) % 60}" for k in range(length))
        ideal = " ".join(f"w{(number + k) % 60}" for k in range(length if number % 2 else 3))
        return Prompt(f"case-{number}", (Message("user", words),), (ideal, "w1"))

    mixed = [long(n, size) for n, size in enumerate((240, 265, 248, 230, 270, 244))]
    texts, nlls = answers(Transformers(lambda: llama.folder, CPU), lora, mixed)
    wanted, likely = answers(padded(llama, monkeypatch), lora, mixed)
    assert texts == wanted
    assert nlls == pytest.approx(likely, abs=1e-4)


@pytest.mark.slow
def test_prompts_beyond_any_memory_are_read_again(llama, lora, monkeypatch):
    wanted = answers(Transformers(lambda: llama.folder, CPU), lora)
    monkeypatch.setattr("harness.engines.local.packed.MEMORY", 20_000)
    monkeypatch.setattr("harness.engines.local.packed.WINDOW", 100)
    engine = Transformers(lambda: llama.folder, CPU)
    assert answers(engine, lora) == wanted
    assert engine.runner(HOW)._bytes <= 20_000


class Small:
    """A device's memory: a forward pass over more than some rows does not fit."""

    def __init__(self, model, rows):
        self.rows, self.refused, self.forward = rows, 0, model.forward

    def __call__(self, *args, reader=None, **more):
        if getattr(reader, "rows", 0) > self.rows:
            self.refused += 1
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return self.forward(*args, reader=reader, **more)


@pytest.mark.long
def test_a_device_with_too_little_memory_gets_half_the_rows_and_goes_on(llama, monkeypatch):
    wanted, _ = answers(Transformers(lambda: llama.folder, CPU), BASE)
    engine = Transformers(lambda: llama.folder, CPU, fast=False)
    model = engine.runner(HOW).base.model
    small = Small(model, 1)
    monkeypatch.setattr(model, "forward", small)
    assert answers(engine, BASE)[0] == wanted
    assert small.refused == 2, "4 rows, then 2"
    small.rows = 0
    with refused("^base: the model failed .*out of memory", OutOfMemory, 11):
        list(engine.generate(BASE, MANY, HOW))
    assert issubclass(OutOfMemory, EngineFailed)


def test_an_output_that_takes_too_long_is_cut_off_and_says_so(llama):
    how = Generation(max_new_tokens=400, dtype="float32", batch=4, max_seconds=0.001)
    texts, _ = answers(Transformers(lambda: llama.folder, CPU), BASE, MANY[:2], how)
    assert {o.finish for o in texts.values()} <= {"time", "stop"}
    assert any(o.finish == "time" and 0 < o.tokens < 400 for o in texts.values())


@pytest.mark.long
def test_threads_are_told_how_long_to_spin_before_torch_comes(llama):
    """Read once, when torch's threads are made; later it changes nothing."""
    import subprocess
    import sys

    code = f"""
import os, sys
from pathlib import Path
from harness.engines.local.device import Device
from harness.engines.protocol import Mounted
from harness.engines.local.engine import Transformers
from harness.records import Generation, Message, Prompt
seen = []
class Watching:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            seen.append(os.environ.get("GOMP_SPINCOUNT"))
sys.meta_path.insert(0, Watching())
engine = Transformers(lambda: Path({str(llama.folder)!r}), Device("cpu", "float32", "test"))
prompt = Prompt("c", (Message("user", "w1"),))
list(engine.generate(Mounted("base", "", None), [prompt], Generation(max_new_tokens=1)))
assert set(seen) == {{"3000"}}, seen
"""
    environment = {k: v for k, v in __import__("os").environ.items() if k != "GOMP_SPINCOUNT"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
