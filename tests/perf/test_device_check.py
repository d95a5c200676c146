"""`make device`, its whole path on a processor with a tiny base, and what it says without CUDA."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import device_check
import device_trial
import pytest
from device_check import DeviceLine, lines
from device_memory import little_memory
from device_trial import DeviceTrial, batched, doctored, gated, halved, quantised, timed

from tests.fakes.deployed import DeployedProject

ROOT = Path(__file__).parents[2]
VLLM = """\
class SamplingParams:
    def __init__(self, **how): self.most = how["max_tokens"]
class LLM:
    def __init__(self, model, **how): assert how["max_lora_rank"] == 8
    def generate(self, prompts, how, lora_request, use_tqdm):
        assert all(prompt["prompt_token_ids"] for prompt in prompts)
        text = type("Text", (), {"token_ids": [1] * how.most})
        return [type("Made", (), {"outputs": [text]}) for _ in prompts]
"""
LORA = "class LoRARequest:\n    def __init__(self, name, number, path): pass\n"


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> DeviceTrial:
    """An adapter, and the same at four times its strength, on a base that bitsandbytes takes."""
    project = DeployedProject(tmp_path_factory.mktemp("device"), hidden_size=128, head_dim=32)
    project.adapter("v1", steps=24)
    project.altered("v1", "v2", lora_alpha=64)
    return DeviceTrial(project.folder, "v1", "v2", "openers")


@pytest.mark.long
def test_the_doctor_is_asked(trial: DeviceTrial) -> None:
    (line,) = doctored(trial)
    assert line.fine
    assert "checks passed" in line.seen


@pytest.mark.long
def test_the_gate_is_that_of_the_processor(trial: DeviceTrial) -> None:
    (line,) = gated(trial)
    assert line.fine
    assert "12 of 12 texts equal, 12 ideals 0.00e+00 apart" in line.seen


@pytest.mark.long
def test_a_gate_that_judges_nothing_is_not_as_wanted(trial: DeviceTrial) -> None:
    (line,) = gated(DeviceTrial(trial.folder, "v1", "nosuch", "openers"))
    assert line.fine is False
    assert "nosuch" in line.seen


@pytest.mark.long
def test_texts_do_not_depend_on_the_batch(trial: DeviceTrial) -> None:
    found = list(batched(trial))
    assert {line.tried for line in found} >= {"batch 8, float32", "batch 16, float32"}
    assert all(line.fine and "12 of 12 texts" in line.seen for line in found)


@pytest.mark.long
def test_too_little_memory_is_simulated_and_halves_the_rows(trial: DeviceTrial) -> None:
    (line,) = halved(trial)
    assert line.tried.endswith("simulated")
    assert line.seen == "48 rows halved 4 times, 48 of 48 texts as before"
    assert line.fine


def test_memory_on_cuda_is_limited_halfway_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    peaks, limits = iter([100, 300]), list[float]()
    whole = SimpleNamespace(total_memory=1000)
    for name, stand_in in {
        "empty_cache": lambda: None,
        "reset_peak_memory_stats": lambda: None,
        "max_memory_reserved": lambda: next(peaks),
        "get_device_properties": lambda _: whole,
        "set_per_process_memory_fraction": limits.append,
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    with pytest.raises(RuntimeError), little_memory(lambda: None, lambda: None):
        raise RuntimeError("the engine ends")
    assert limits == [0.2, 1.0]


@pytest.mark.long
@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_nf4_is_compared_with_plain_generate_and_the_plain_base(trial: DeviceTrial) -> None:
    (line,) = quantised(trial)
    assert line.fine
    assert "12 of 12 texts as with batch 1; 12 as plain generate writes" in line.seen


@pytest.mark.long
def test_speed_is_measured_beside_plain_generate_and_vllm_is_named_as_absent(
    trial: DeviceTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_trial, "find_spec", lambda name: None)
    found = list(timed(trial))
    assert [line.fine for line in found] == [None] * 3
    assert any(line.seen == "not tried: vLLM is not installed" for line in found)
    assert "tokens a second" in found[-1].seen


@pytest.mark.medium
def test_vllm_writes_from_the_same_tokens_in_a_process_of_its_own(
    trial: DeviceTrial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vllm/lora").mkdir(parents=True)
    (tmp_path / "vllm/__init__.py").write_text(VLLM)
    (tmp_path / "vllm/lora/__init__.py").touch()
    (tmp_path / "vllm/lora/request.py").write_text(LORA)
    found = {"PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT)))}
    monkeypatch.setattr(device_trial, "here", lambda: dict(os.environ) | found)
    assert device_trial._vllm(trial, "float32") > 0


@pytest.mark.slow
def test_a_step_that_fails_and_one_out_of_time_are_lines_that_are_not_as_wanted(
    trial: DeviceTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: DeviceTrial) -> Iterator[DeviceLine]:
        raise RuntimeError("CUDA error: an illegal memory access")
        yield DeviceLine("never", "reached")

    def endless(_: DeviceTrial) -> Iterator[DeviceLine]:
        yield DeviceLine("first part", "done", True)
        time.sleep(60)

    def quick(_: DeviceTrial) -> Iterator[DeviceLine]:
        yield DeviceLine("quick", "reached all the same", True)

    monkeypatch.setattr(device_check, "STEPS", (broken, endless, quick))
    found = list(lines(trial, 5.0))  # in which a step begins, also beside other work
    assert [line.fine for line in found] == [False, True, False, True]
    assert "RuntimeError: CUDA error" in found[0].seen
    assert found[1].tried == "first part"
    assert "not ended in" in found[2].seen
    assert found[3].tried == "quick"


@pytest.mark.long
def test_without_cuda_it_says_not_tried() -> None:
    done = subprocess.run(
        [sys.executable, "perf/device_check.py"], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("not tried: this machine has no CUDA device")
