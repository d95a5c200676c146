"""A project on a tiny Llama with byte pairs, and an adapter that really knows its cases.

place = DeployedProject(tmp_path)
place.adapter("v1")                      # trained, alpha 16
place.altered("v1", "v2", lora_alpha=32) # the same tensors, another config
place.exported("v2", tmp_path / "out")   # as `lora-harness export` writes it
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import harness
from harness.flows.evaluation.work import prompts_for
from harness.flows.export import WrittenExport, export
from harness.flows.project import Project
from harness.records import Verdict
from tests.fakes.kinds import Kind, write_base
from tests.fakes.plain import tokens

SIZES = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 256,
    "initializer_range": 0.1,
}  # fmt: skip
KIND = Kind("small", "llama", SIZES, "bytes", "Zephyr")
SETTINGS = """\
[tool.harness]
base = "base"
embedder = "none"

[tool.harness.generation]
dtype = "float32"
max_new_tokens = 8
"""
BENCHMARK = """\
name = "openers"
task = "openers"
template = "Write: {input}"

[metrics.ideal_likelihood]
role = "gate"
margin = 0.1
"""
PEOPLE = ("Ana", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ida", "Jon", "Kim", "Leo")
CASES = [
    {"id": f"case-{name.lower()}", "input": name, "ideal": f"Hi {name}, who plans the week?"}
    for name in PEOPLE
]
STEPS = 60


class DeployedProject:
    """A folder with settings, a benchmark of 12 cases, and a base of two layers."""

    def __init__(self, folder: Path, more: str = "", **sizes: Any) -> None:
        """Write it; `more` are further settings, `sizes` other sizes of the base."""
        self.folder = folder
        (folder / "benchmarks/openers").mkdir(parents=True)
        (folder / "adapters").mkdir()
        (folder / "pyproject.toml").write_text(SETTINGS + more, encoding="utf-8")
        (folder / "benchmarks/openers/benchmark.toml").write_text(BENCHMARK, encoding="utf-8")
        lines = "".join(json.dumps(case) + "\n" for case in CASES)
        (folder / "benchmarks/openers/cases.jsonl").write_text(lines, encoding="utf-8")
        write_base(Kind("small", "llama", SIZES | sizes, "bytes", "Zephyr"), folder / "base")

    @property
    def project(self) -> Project:
        """Return the project, opened anew each time as in a new process."""
        return Project.here(self.folder)

    def adapter(self, name: str, steps: int = STEPS, **config: Any) -> Path:
        """Train a LoRA with plain PEFT on the benchmark's own ideals."""
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(0)
        base: Any = AutoModelForCausalLM.from_pretrained(self.folder / "base")
        tokenizer = AutoTokenizer.from_pretrained(self.folder / "base")
        wanted: dict[str, Any] = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear"}
        tuned: Any = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", **(wanted | config)))
        optimizer = torch.optim.AdamW((p for p in tuned.parameters() if p.requires_grad), lr=5e-3)
        benchmark = self.project.benchmark("openers")
        for step in range(steps):
            case = benchmark.cases[step % len(benchmark.cases)]
            (prompt,) = prompts_for(benchmark, case, name)
            turns = [asdict(turn) for turn in prompt.messages]
            given, whole = tokens(tokenizer, turns, case.ideals[0], "</s>")
            labels = [-100] * len(given) + whole[len(given) :]
            tuned(input_ids=torch.tensor([whole]), labels=torch.tensor([labels])).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        folder = self.folder / "adapters" / name
        tuned.save_pretrained(folder)
        return folder

    def altered(self, name: str, other: str, **config: Any) -> Path:
        """Copy an adapter under another name, with other values in its config."""
        folder = self.folder / "adapters" / other
        shutil.copytree(self.folder / "adapters" / name, folder)
        file = folder / "adapter_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | config), encoding="utf-8")
        return folder

    def exported(self, name: str, into: Path, kind: str = "merged", **how: Any) -> WrittenExport:
        """Export an adapter as the command does."""
        return export(self.project, name, kind, into, **how)

    def judged(self, name: str, into: Path, **how: Any) -> Verdict:
        """Judge an export as the command does."""
        return harness.evaluate(name, project=self.folder, export=into, **how)["openers"]
