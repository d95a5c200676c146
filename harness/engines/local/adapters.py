"""Mount adapters on the base with PEFT, merge them into its weights, and take them out exactly.

Tested in tests/engines/local/test_adapters.py and fast/test_llama.py.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.local.mapped import give_back
from harness.engines.local.originals import Originals
from harness.engines.local.vocabulary import fit_vocabulary
from harness.engines.protocol import Mounted
from harness.errors import AdapterRefused, EngineFailed, HarnessError, reason

if TYPE_CHECKING:
    from peft import PeftConfig, PeftModel
    from peft.tuners.tuners_utils import BaseTunerLayer
    from torch.nn import Parameter
    from transformers import PreTrainedModel

_log = logging.getLogger(__name__)

_ADDED_STARTS = ("gaussian", "orthogonal", "eva")
"""Starts of the two matrices that leave the base's weights alone."""
MAX_HELD = 2
"""Adapters that stay on the base: every further adapter makes mounting the next slower."""


class Mounting:
    """A base with some adapters on it, of which a single adapter is active at a time.

    A merged adapter costs no time per token. The weights it replaced are kept and put back
    afterwards; subtracting the adapter again would leave rounding errors behind.

    Some adapters change the base itself when PEFT loads them: they bring embeddings, biases or a
    vocabulary, or start from parts of its weights. Such an adapter gets a base of its own, and the
    base is loaded anew for whatever comes after it.
    """

    def __init__(self, base: PreTrainedModel, merge: bool = True) -> None:
        self._base = base
        self._peft: PeftModel | None = None
        self._merge = merge
        self.mounted: dict[str, None] = {}
        """Digests, the most recently used at the end."""
        self._merged = ""
        self._originals = Originals("data")
        """The base's own values of every weight that a merge has replaced."""
        self._alone = False
        """Whether the adapter on the base has changed the base itself."""

    def takes(self, adapter: Mounted) -> bool:
        """Return whether this base will do, False where it has to be loaded anew."""
        if adapter.digest in self.mounted or self._peft is None:
            return True
        return not self._alone and (adapter.folder is None or not changes_base(adapter.folder))

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
            peft = self.mount(adapter.digest, adapter.folder, adapter.name)
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
        for module in self._mergeable():
            layer = module.get_base_layer()
            for name in ("weight", "bias"):
                value: Parameter | None = getattr(layer, name, None)
                if value is not None:
                    self._originals.replace(value)
            module.merge(adapter_names=[digest])
        give_back()

    def _restore(self) -> None:
        # Not PEFT's `unmerge`: it subtracts, and rounding would leave traces in the base.
        self._originals.restore()
        if self._merged:
            for module in self._tuned():
                module.merged_adapters.clear()
        self._merged = ""

    def _tuned(self) -> Iterator[BaseTunerLayer]:
        from peft.tuners.tuners_utils import BaseTunerLayer

        return (module for module in self._base.modules() if isinstance(module, BaseTunerLayer))

    def _mergeable(self) -> Iterator[BaseTunerLayer]:
        """Yield the layers whose weights no other layer shares, and are a matrix of their own."""
        from peft.tuners.lora.layer import LoraLayer, ParamWrapper

        tuned = [one for one in self._tuned() if isinstance(one, LoraLayer)]
        tuned = [one for one in tuned if not isinstance(one, ParamWrapper)]
        weights = Counter(id(weight) for weight in _weights(self._base))
        for module in tuned:
            # A change of tied embeddings would reach the head, which the adapter leaves alone.
            if weights[id(getattr(module.get_base_layer(), "weight", None))] <= 1:
                yield module

    def mount(self, digest: str, folder: Path, name: str) -> PeftModel:
        """Load an adapter onto the base; after a failure the base must not be used again."""
        from peft import PeftModel

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PEFT only warns of what is refused below
                check_start(folder)
                self._alone = changes_base(folder)
                if self._peft is None:
                    fit_vocabulary(self._base, folder)
                    self._peft = PeftModel.from_pretrained(self._base, str(folder), digest)
                else:
                    self._peft.load_adapter(str(folder), adapter_name=digest)
                refuse_partial(self._peft, digest, folder)
        except HarnessError as problem:
            raise EngineFailed(f"{name}: {problem}") from problem
        except Exception as problem:  # PEFT and safetensors raise many kinds: all mean not this one
            _log.debug("%s: PEFT does not load it", name, exc_info=True)
            raise EngineFailed(
                f"{name}: PEFT does not load it cleanly ({said_by_peft(problem)})"
            ) from problem
        self._peft.eval()
        self.mounted[digest] = None
        while len(self.mounted) > MAX_HELD:
            oldest = next(iter(self.mounted))
            self._peft.delete_adapter(oldest)
            del self.mounted[oldest]
        return self._peft


def changes_base(folder: Path) -> bool:
    """Return whether PEFT changes more of the base than it adds when it loads this adapter."""
    from safetensors import safe_open

    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    start = config.get("init_lora_weights", True)
    with safe_open(file_of(folder), framework="pt") as file:
        whole = any(".lora_" not in name for name in file.keys())  # noqa: SIM118  # no mapping
    return bool(
        whole
        or config.get("bias", "none") != "none"
        or config.get("target_parameters")
        or (isinstance(start, str) and start not in _ADDED_STARTS)
    )


def refuse_partial(peft: PeftModel, adapter: str, folder: Path) -> None:
    """Refuse an adapter unless all tensors of its file are in the model, and none besides.

    Otherwise PEFT goes on with the tensors that fit, and so may answer as the base does.
    """
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(file_of(folder), framework="pt") as file:
        given = set(file.keys())
    inside = set(get_peft_model_state_dict(peft, adapter_name=adapter, save_embedding_layers=False))
    missing, extra = inside - given, given - inside
    if missing or extra:
        # Embeddings that were saved beside the adapter, and names of an older transformers: PEFT
        # itself says which tensors found a place, and which places got no tensor.
        result = peft.load_adapter(str(folder), adapter_name=adapter)
        extra = _not_elsewhere(peft, adapter, file_of(folder), set(result.unexpected_keys))
        converted = bool(missing) and not extra and all(".lora_" in name for name in missing)
        missing = set(result.missing_keys) if converted else missing
    for what, keys in (("missing", missing), ("unexpected", extra)):
        if keys:
            raise ValueError(f"{len(keys)} {what} adapter keys, such as {min(keys)}")


def _not_elsewhere(peft: PeftModel, adapter: str, file: Path, names: set[str]) -> set[str]:
    """Return the tensors whose values are not in the model under another name as well.

    PEFT saves some twice: a module that is saved whole also as the base's embedding.
    """
    from peft import get_peft_model_state_dict
    from safetensors import safe_open
    from torch import equal

    if not names:
        return names
    held = get_peft_model_state_dict(peft, adapter_name=adapter, save_embedding_layers=True)
    with safe_open(file, framework="pt") as given:
        return {
            name
            for name in names
            if name not in held
            # without values, as on the meta device, the name alone decides
            or not (held[name].is_meta or equal(given.get_tensor(name).to(held[name]), held[name]))
        }


def said_by_peft(problem: Exception) -> str:
    """Return the line of an error that names a tensor; torch puts a heading above it."""
    lines = [line.strip() for line in str(problem).splitlines() if "size mismatch" in line]
    return lines[0][:300] if lines else reason(problem)


def file_of(folder: Path) -> Path:
    """Return the weights of an adapter's folder."""
    return folder / "adapter_model.safetensors"


def check_start(folder: Path) -> None:
    """Refuse a start that PEFT cannot repeat on this machine when it loads the adapter."""
    from torch.cuda import is_available

    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    if config.get("init_lora_weights") == "loftq" and not is_available():
        raise AdapterRefused(
            "PEFT repeats LoftQ's start on a GPU only: judge it there, or save base and adapter as"
            " LoftQ's own script does, with `init_lora_weights` true"
        )


def _weights(model: PreTrainedModel) -> Iterator[Parameter]:
    """Yield the weight of every module that is no wrapper of another, shared ones repeatedly."""
    for module in model.modules():
        own = module._parameters.get("weight")
        if own is not None:
            yield own


def _mergeable(config: PeftConfig) -> bool:
    """Return whether the adapter changes weights and does no more."""
    invoked = getattr(config, "alora_invocation_tokens", None) or getattr(config, "lora_bias", None)
    return str(getattr(config.peft_type, "value", config.peft_type)) == "LORA" and not invoked
