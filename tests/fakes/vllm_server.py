"""A server as vLLM is: a real base with adapters on it, which is right or wrong as a test asks.

with VLLM(base, fault="half applied") as server:
    server.url

Every fault answers 200 to every request, as a real server with that fault does.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakes.openai_server import OpenAIServer

FAULTS = (
    "half applied", "other base", "other template", "stale module", "base under its name",
    "quantised",
)  # fmt: skip


class VLLM(OpenAIServer):
    """Serve a base folder; `other` is another base's folder, `stale` another adapter's."""

    def __init__(
        self,
        base: Path,
        fault: str = "",
        *,
        other: Path | None = None,
        stale: Path | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(self._write, self._weigh, ids=self._ids)
        self.fault, self._stale, self._dtype = fault, stale, dtype
        self._base = other if fault == "other base" and other else base
        self._models: dict[str, Any] = {}
        self._busy = threading.Lock()
        self._tokenizer: Any = None

    # --- the calls of the protocol -------------------------------------------------------------

    def _ids(self, messages: list[dict[str, str]]) -> list[int]:
        from transformers import AutoTokenizer

        with self._busy:
            if self._tokenizer is None:
                self._tokenizer = AutoTokenizer.from_pretrained(self._base)
                if self.fault == "other template":  # of as many tokens
                    found = self._tokenizer.chat_template or ""
                    self._tokenizer.chat_template = found.replace("turn['role']", "'system'")
            made = self._tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, tokenize=False
            )
            return list(self._tokenizer(made, add_special_tokens=False).input_ids)

    def _write(self, model: str, messages: list[dict[str, str]], body: dict[str, Any]) -> str:
        import torch

        ids = self._ids(messages)
        with self._busy, torch.no_grad():
            made = self._model(model).generate(
                torch.tensor([ids]), max_new_tokens=body["max_tokens"], do_sample=False
            )
            return str(self._tokenizer.decode(made[0, len(ids) :], skip_special_tokens=True))

    def _weigh(self, model: str, ids: list[int]) -> list[float]:
        import torch

        with self._busy, torch.no_grad(), self._headless(model):
            logits = self._model(model)(torch.tensor([ids]), use_cache=False).logits[0].float()
        found = logits.log_softmax(-1)[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        return [0.0, *found.tolist()]

    @contextmanager
    def _headless(self, name: str) -> Iterator[None]:
        """Leave out what an adapter does to `lm_head`, as vLLM does where it weighs a prompt."""
        heads = [
            weight
            for key, weight in self._model(name).named_parameters()
            if "lm_head" in key and "lora_B" in key
        ]
        kept = [weight.data for weight in heads]
        for weight in heads:
            weight.data = weight.data * 0
        yield
        for weight, data in zip(heads, kept, strict=True):
            weight.data = data

    # --- models --------------------------------------------------------------------------------

    def _model(self, name: str) -> Any:
        if name not in self._models:
            self._models[name] = self._loaded(name)
        return self._models[name]

    def _loaded(self, name: str) -> Any:
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        plain: Any = AutoModelForCausalLM.from_pretrained(
            self._base, dtype=getattr(torch, self._dtype)
        )
        if self.fault == "quantised":
            _quantise(plain)
        place = self.modules.get(name)
        if place is None or self.fault == "base under its name":
            return plain.eval()
        if self.fault == "stale module" and self._stale:
            place = str(self._stale)
        if self.fault != "half applied":
            return PeftModel.from_pretrained(plain, place).eval()
        with tempfile.TemporaryDirectory() as folder:
            return PeftModel.from_pretrained(plain, _half(Path(place), Path(folder))).eval()


def _half(adapter: Path, folder: Path) -> Path:
    """Write the adapter without what it does to `v_proj`, as `--lora-target-modules` leaves it."""
    from safetensors.torch import load_file, save_file

    made = shutil.copytree(adapter, folder / "half")
    weights = load_file(made / "adapter_model.safetensors")
    some = {n: w * 0 if "v_proj" in n and "lora_B" in n else w for n, w in weights.items()}
    save_file(some, made / "adapter_model.safetensors")
    return made


def _quantise(model: Any) -> None:
    """Round each row of the layers' matrices to 15 steps, as 4 bits have them."""
    for name, weight in model.named_parameters():
        if "proj" in name:
            step = weight.data.abs().amax(dim=1, keepdim=True) / 7
            weight.data = (weight.data / step).round() * step
