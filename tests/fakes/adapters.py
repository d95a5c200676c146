"""A base and adapters of a few kilobytes, written as `save_pretrained` writes them.

base = TinyBase(tmp_path / "base")
adapter = TinyAdapter(tmp_path / "adapters", "adapter_v1", base)
adapter.config["r"] = 3          # change what shall be wrong
adapter.write()                  # then write it
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from harness.records import DoctorCheck
from harness.workspace.adapters.base_shape import BaseShape, base_shape
from harness.workspace.adapters.files import AdapterFiles, read_adapter
from harness.workspace.adapters.inspection import inspect
from harness.workspace.base.weights import find_weights

HIDDEN = 8
WIDE = 16
LAYERS = 2
PREFIX = "base_model.model."

PEFT_DEFAULTS: dict[str, Any] = {
    "alora_invocation_tokens": None,
    "alpha_pattern": {},
    "arrow_config": None,
    "auto_mapping": None,
    "base_model_name_or_path": "base",
    "bias": "none",
    "corda_config": None,
    "ensure_weight_tying": False,
    "eva_config": None,
    "exclude_modules": None,
    "fan_in_fan_out": False,
    "inference_mode": True,
    "init_lora_weights": True,
    "layer_replication": None,
    "layers_pattern": None,
    "layers_to_transform": None,
    "loftq_config": {},
    "lora_alpha": 4,
    "lora_bias": False,
    "lora_dropout": 0.0,
    "megatron_config": None,
    "megatron_core": "megatron.core",
    "modules_to_save": None,
    "peft_type": "LORA",
    "peft_version": "0.18.0",
    "qalora_group_size": 16,
    "r": 2,
    "rank_pattern": {},
    "revision": None,
    "target_modules": ["q_proj", "v_proj"],
    "target_parameters": None,
    "task_type": "CAUSAL_LM",
    "trainable_token_indices": None,
    "use_dora": False,
    "use_qalora": False,
    "use_rslora": False,
}
"""What PEFT writes for a plain LoRA."""


class TinyBase:
    """A folder with `config.json` and a safetensors of a Llama's matrices; it cannot be run."""

    def __init__(self, folder: Path, *, seed: int = 0) -> None:
        self.folder = folder
        self.shapes = _llama_shapes()
        numbers = np.random.default_rng(seed)
        folder.mkdir(parents=True, exist_ok=True)
        config = {"model_type": "llama", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS}
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        tensors = {
            name: numbers.normal(size=shape).astype(np.float32)
            for name, shape in self.shapes.items()
        }
        save_file(tensors, folder / "model.safetensors")

    @classmethod
    def there(cls, folder: Path) -> TinyBase:
        """Return the base that was written there before, without writing again."""
        found = cls.__new__(cls)
        found.folder, found.shapes = folder, _llama_shapes()
        return found

    @property
    def digest(self) -> str:
        """Return the digest that the project computes."""
        return find_weights(str(self.folder), self.folder.parent).digest

    @property
    def shape(self) -> BaseShape:
        """Return names and shapes, as the doctor reads them."""
        return base_shape(self.folder, self.digest)


def _llama_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (20, HIDDEN),
        "model.norm.weight": (HIDDEN,),
        "lm_head.weight": (20, HIDDEN),
    }
    for layer in range(LAYERS):
        place = f"model.layers.{layer}"
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            shapes[f"{place}.self_attn.{name}.weight"] = (HIDDEN, HIDDEN)
        shapes[f"{place}.mlp.up_proj.weight"] = (WIDE, HIDDEN)
        shapes[f"{place}.mlp.down_proj.weight"] = (HIDDEN, WIDE)
        shapes[f"{place}.input_layernorm.weight"] = (HIDDEN,)
    return shapes


class TinyAdapter:
    """A sound LoRA on a `TinyBase`: change `config`, `tensors` or `training`, then `write()`."""

    def __init__(
        self,
        root: Path,
        name: str,
        base: TinyBase,
        *,
        targets: tuple[str, ...] = ("q_proj", "v_proj"),
        rank: int = 2,
        seed: int = 0,
        task: str | None = None,
    ) -> None:
        self.root, self.name, self.base, self.rank = root, name, base, rank
        self.folder = root / name
        self.config = copy.deepcopy(PEFT_DEFAULTS) | {"r": rank, "target_modules": list(targets)}
        self.tensors: dict[str, NDArray[Any]] = {}
        self.training: dict[str, Any] | None = {
            "name": name,
            "task": task,
            "base": {"reference": str(base.folder), "digest": base.digest},
        }
        numbers = np.random.default_rng(seed + 1)
        for module, shape in base.shapes.items():
            module = module.removesuffix(".weight")
            if len(shape) == 2 and module.split(".")[-1] in targets:
                self.add(module, shape, numbers)

    def add(self, module: str, shape: tuple[int, ...], numbers: np.random.Generator) -> None:
        """Add both tensors of one module."""
        for side, size in (("A", (self.rank, shape[1])), ("B", (shape[0], self.rank))):
            values = numbers.normal(size=size).astype(np.float32)
            self.tensors[f"{PREFIX}{module}.lora_{side}.weight"] = values

    def write(self) -> TinyAdapter:
        """Write the folder as it stands in memory."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_json("adapter_config.json", self.config)
        save_file(self.tensors, self.weights)
        if self.training is not None:
            self.write_json("training.json", self.training)
        return self

    def write_json(self, name: str, value: object) -> None:
        """Write a file beside the weights."""
        (self.folder / name).write_text(json.dumps(value), encoding="utf-8")

    @property
    def weights(self) -> Path:
        """The path of the safetensors file."""
        return self.folder / "adapter_model.safetensors"

    def files(self) -> AdapterFiles:
        """Return the files as the project reads them."""
        return read_adapter(self.root, self.name)

    def inspected(self) -> list[DoctorCheck]:
        """Return the doctor's findings from the files alone."""
        return list(inspect(self.files(), self.base.shape))
