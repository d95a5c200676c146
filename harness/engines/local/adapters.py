"""Mount adapters on the base with PEFT, merge them into its weights, and take them out exactly.

Tested in tests/engines/local/fast/test_llama.py.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.protocol import Mounted
from harness.errors import EngineFailed, reason

if TYPE_CHECKING:
    from peft import PeftConfig, PeftModel
    from peft.tuners.tuners_utils import BaseTunerLayer
    from torch import Tensor
    from torch.nn import Parameter
    from transformers import PreTrainedModel

_log = logging.getLogger(__name__)

MAX_HELD = 2
"""Adapters that stay on the base: every further adapter makes mounting the next slower."""


class Mounting:
    """A base with some adapters on it, of which a single adapter is active at a time.

    A merged adapter costs no time per token. The weights it replaced are kept and put back
    afterwards; subtracting the adapter again would leave rounding errors behind.
    """

    def __init__(self, base: PreTrainedModel, merge: bool = True) -> None:
        self._base = base
        self._peft: PeftModel | None = None
        self._merge = merge
        self.mounted: dict[str, None] = {}
        """Digests, the most recently used at the end."""
        self._merged = ""
        self._plain: dict[Parameter, Tensor] = {}
        """The base's own values of every weight that a merge has replaced."""

    def takes(self, adapter: Mounted) -> bool:
        """Return True: PEFT itself refuses adapters that it does not know."""
        return True

    @contextmanager
    def using(self, adapter: Mounted) -> Iterator[None]:
        """Give the base exactly this adapter, or none for the base itself."""
        if adapter.folder is None:
            self._restore()
            if self._peft is None:  # no adapter was ever mounted
                yield
            else:
                with self._peft.disable_adapter():
                    yield
            return
        peft = self._peft
        if peft is None or adapter.digest not in self.mounted:
            self._restore()
            peft = self._mount(adapter.digest, adapter.folder, adapter.name)
        # Popped and set again, so that the least recently used adapter is first and goes first.
        self.mounted[adapter.digest] = self.mounted.pop(adapter.digest)
        if self._merged != adapter.digest:
            self._restore()
            peft.set_adapter(adapter.digest)
            if self._merge and _mergeable(peft.peft_config[adapter.digest]):
                self._merge_in(adapter.digest)
        yield

    def _merge_in(self, digest: str) -> None:
        self._merged = digest  # first: a merge that breaks in the middle is put back as well
        for module in self._tuned():
            layer = module.get_base_layer()
            for name in ("weight", "bias"):
                value: Parameter | None = getattr(layer, name, None)
                if value is not None:
                    self._plain[value] = value.data
                    value.data = value.data.clone()
            module.merge(adapter_names=[digest])

    def _restore(self) -> None:
        # Not PEFT's `unmerge`: it subtracts, and rounding would leave traces in the base.
        for value, plain in self._plain.items():
            value.data = plain
        self._plain.clear()
        if self._merged:
            for module in self._tuned():
                module.merged_adapters.clear()
        self._merged = ""

    def _tuned(self) -> Iterator[BaseTunerLayer]:
        from peft.tuners.tuners_utils import BaseTunerLayer

        return (module for module in self._base.modules() if isinstance(module, BaseTunerLayer))

    def _mount(self, digest: str, folder: Path, name: str) -> PeftModel:
        """Load an adapter onto the base; after a failure the base must not be used again."""
        from peft import PeftModel

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PEFT only warns of what is refused below
                if self._peft is None:
                    self._peft = PeftModel.from_pretrained(self._base, str(folder), digest)
                else:
                    self._peft.load_adapter(str(folder), adapter_name=digest)
            _refuse_half(self._peft, digest, folder)
        except Exception as problem:  # PEFT and safetensors raise many kinds: all mean not this one
            _log.debug("%s: PEFT does not load it", name, exc_info=True)
            raise EngineFailed(
                f"{name}: PEFT does not load it cleanly ({reason(problem)})"
            ) from problem
        self._peft.eval()
        self.mounted[digest] = None
        while len(self.mounted) > MAX_HELD:
            oldest = next(iter(self.mounted))
            self._peft.delete_adapter(oldest)
            del self.mounted[oldest]
        return self._peft


def _refuse_half(peft: PeftModel, digest: str, folder: Path) -> None:
    """Refuse an adapter unless the tensors of its file are exactly those in the model.

    Otherwise PEFT goes on with the tensors that fit, and so may answer as the base does.
    """
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
        given = set(file.keys())
    inside = set(get_peft_model_state_dict(peft, adapter_name=digest, save_embedding_layers=False))
    for what, keys in (("missing", inside - given), ("unexpected", given - inside)):
        if keys:
            raise ValueError(f"{len(keys)} {what} adapter keys, such as {min(keys)}")


def _mergeable(config: PeftConfig) -> bool:
    """Return whether the adapter changes weights and does no more."""
    invoked = getattr(config, "alora_invocation_tokens", None)
    return str(getattr(config.peft_type, "value", config.peft_type)) == "LORA" and not invoked
