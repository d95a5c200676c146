"""A project on a tiny Llama, and adapters that real trainers trained on its cases, as left there.

made = TrainedProject(tmp_path)
made.by_trainer("adapter_v1")        # transformers' Trainer, `save_model`
made.by_trl("adapter_v2")            # a `checkpoint-N` of TRL
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.fakes.llama import TinyLlama

SETTINGS = """\
[tool.harness]
base = "base"
embedder = "none"
engine = "transformers"
"""
BENCHMARK = """\
name = "openers"
task = "openers"
template = "{input}"

[generation]
max_new_tokens = 6

[metrics.ideal_likelihood]
role = "gate"
margin = 0.05
"""
CASES = [
    {"id": f"case-{n}", "input": f"w{n} w{n + 20}", "ideal": f"w{n + 40} w{2 * n}"}
    for n in range(8)
]
STEPS = 40


class TrainedProject:
    """A folder with settings, a benchmark of 8 cases and a base; adapters come on demand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "benchmarks/openers").mkdir(parents=True)
        (folder / "adapters").mkdir()
        (folder / "pyproject.toml").write_text(SETTINGS)
        (folder / "benchmarks/openers/benchmark.toml").write_text(BENCHMARK)
        lines = "".join(json.dumps(case) + "\n" for case in CASES)
        (folder / "benchmarks/openers/cases.jsonl").write_text(lines)
        TinyLlama(folder / "base", template=None)

    def by_trainer(self, name: str) -> Path:
        """Train with transformers' own Trainer; return the folder that `save_model` wrote."""
        from transformers import Trainer, TrainingArguments

        model, tokenizer = self._wrapped()
        rows = [self._row(tokenizer, case) for case in CASES]
        out = self.folder / "adapters" / name
        how: dict[str, Any] = _how(out, max_steps=STEPS)
        trainer = Trainer(model, TrainingArguments(**how), train_dataset=rows)
        trainer.train()
        trainer.save_model()
        return out

    def by_trl(self, name: str) -> Path:
        """Train with TRL; the folder is its last checkpoint, which its user copied as it was."""
        from datasets import Dataset
        from trl import SFTConfig, SFTTrainer

        model, tokenizer = self._wrapped()
        rows = [{"prompt": c["input"] + "\n", "completion": " " + c["ideal"]} for c in CASES]
        out = self.folder / "runs" / name
        how = _how(out, max_steps=STEPS, save_strategy="steps", save_steps=STEPS)
        trainer = SFTTrainer(
            model, args=SFTConfig(**how), train_dataset=Dataset.from_list(rows),
            processing_class=tokenizer,
        )  # fmt: skip
        trainer.train()
        shutil.copytree(out / f"checkpoint-{STEPS}", self.folder / "adapters" / name)
        return self.folder / "adapters" / name

    def _wrapped(self) -> tuple[Any, Any]:
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(3)
        base: Any = AutoModelForCausalLM.from_pretrained(self.folder / "base", dtype=torch.float32)
        config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
        tokenizer = AutoTokenizer.from_pretrained(self.folder / "base")
        return get_peft_model(base, config), tokenizer

    def _row(self, tokenizer: Any, case: dict[str, str]) -> dict[str, list[int]]:
        prompt = tokenizer(case["input"] + "\n").input_ids
        ideal = [*tokenizer(case["ideal"]).input_ids, tokenizer.eos_token_id]
        return {
            "input_ids": prompt + ideal,
            "attention_mask": [1] * len(prompt + ideal),
            "labels": [-100] * len(prompt) + ideal,
        }


def _how(out: Path, **more: Any) -> dict[str, Any]:
    return {
        "output_dir": str(out), "learning_rate": 2e-2, "per_device_train_batch_size": 8,
        "report_to": [], "use_cpu": True, "disable_tqdm": True, "logging_strategy": "no",
        "save_strategy": "no", "seed": 3,
    } | more  # fmt: skip
