"""Adapters on the base: mounted by PEFT, merged into its weights, and taken out again exactly."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.engines.protocol import Mounted
from harness.errors import EngineFailed, reason

HELD = 2
"""So many adapters stay on the base: every one more makes mounting the next slower."""


class Mounting:
    """One base with some adapters on it, of which one is switched on at a time.

    A merged adapter costs nothing per token. What was there before is kept and put back as it was;
    subtracting the adapter again would leave rounding errors behind.
    """

    def __init__(self, base: Any, merge: bool = True) -> None:
        self._base = base
        self._peft: Any = None
        self._merge = merge
        self.mounted: dict[str, None] = {}
        """Digests, the one used last at the end."""
        self._merged = ""
        self._plain: dict[Any, Any] = {}
        """The base's own values of every weight that a merge has replaced."""

    def takes(self, adapter: Mounted) -> bool:
        """PEFT is asked about any adapter, and says no in its own words."""
        return True

    @contextmanager
    def using(self, adapter: Mounted) -> Iterator[Any]:
        """The model with exactly this adapter, or with none."""
        if adapter.folder is None:
            self._restore()
            if self._peft is None:
                yield self._base
            else:
                with self._peft.disable_adapter():
                    yield self._base
            return
        if adapter.digest not in self.mounted:
            self._restore()
            self._mount(adapter.digest, adapter.folder, adapter.name)
        self.mounted[adapter.digest] = self.mounted.pop(adapter.digest)
        if self._merged != adapter.digest:
            self._restore()
            self._peft.set_adapter(adapter.digest)
            if self._merge and _mergeable(self._peft.peft_config[adapter.digest]):
                self._merge_in(adapter.digest)
        yield self._base

    def _merge_in(self, digest: str) -> None:
        self._merged = digest  # first: a merge that breaks in the middle is put back as well
        for module in self._tuned():
            layer = module.get_base_layer()
            for value in (layer.weight, getattr(layer, "bias", None)):
                if value is not None:
                    self._plain[value] = value.data
                    value.data = value.data.clone()
            module.merge(adapter_names=[digest])

    def _restore(self) -> None:
        for value, plain in self._plain.items():
            value.data = plain
        self._plain.clear()
        if self._merged:
            for module in self._tuned():
                module.merged_adapters.clear()
        self._merged = ""

    def _tuned(self) -> Iterator[Any]:
        from peft.tuners.tuners_utils import BaseTunerLayer

        return (module for module in self._base.modules() if isinstance(module, BaseTunerLayer))

    def _mount(self, digest: str, folder: Path, name: str) -> None:
        """Raises with one line; the base is not to be used again after that."""
        from peft import PeftModel

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what PEFT only warns of is looked at below
                if self._peft is None:
                    self._peft = PeftModel.from_pretrained(self._base, str(folder), digest)
                else:
                    self._peft.load_adapter(str(folder), adapter_name=digest)
            self._refuse_half(digest, folder)
        except Exception as problem:  # PEFT and safetensors raise many kinds: all mean not this one
            raise EngineFailed(
                f"{name}: PEFT does not load it cleanly ({reason(problem)})"
            ) from None
        self._peft.eval()
        self.mounted[digest] = None
        while len(self.mounted) > HELD:
            oldest = next(iter(self.mounted))
            self._peft.delete_adapter(oldest)
            del self.mounted[oldest]

    def _refuse_half(self, digest: str, folder: Path) -> None:
        """Every tensor of the file is in the model and every tensor of the adapter in the file.

        Where they are not the same, PEFT goes on with what fits and so answers as the base does.
        """
        from peft import get_peft_model_state_dict
        from safetensors import safe_open

        with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
            given = set(file.keys())
        inside = get_peft_model_state_dict(
            self._peft, adapter_name=digest, save_embedding_layers=False
        )
        for what, keys in (("missing", set(inside) - given), ("unexpected", given - set(inside))):
            if keys:
                raise ValueError(f"{len(keys)} {what} adapter keys, such as {min(keys)}")


def _mergeable(config: Any) -> bool:
    """Whether the adapter is a change of weights and nothing else."""
    invoked = getattr(config, "alora_invocation_tokens", None)
    return str(getattr(config.peft_type, "value", config.peft_type)) == "LORA" and not invoked
