"""Load an adapter as PEFT does, but onto a base without values: names and shapes decide.

For bases whose files have other names or shapes than the model in memory (GPT-2, multimodal bases,
experts, quantised weights), and for adapters that are more than a plain LoRA. Takes seconds for the
imports and next to no memory. Tested in tests/engines/local/test_skeleton.py.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.engines.local.adapters import check_start, refuse_partial, said_by_peft
from harness.engines.local.base import model_class
from harness.engines.local.vocabulary import fit_vocabulary
from harness.errors import AdapterRefused, EngineFailed, HarnessError, reason
from harness.libraries import lasting, quiet_libraries

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_log = logging.getLogger(__name__)
_NAME = "judged"
_LORA = ".lora_A."


class Skeleton:
    """A base on the meta device: all of its modules, none of its values."""

    def __init__(self, base: Callable[[], Path]) -> None:
        self._base = base

    def modules(self, folder: Path) -> list[str]:
        """Return the names of the base's modules and parameters, with an adapter's vocabulary."""
        model = self._built()
        names = {name for name, _ in model.named_modules()}
        return sorted(names | {name for name, _ in model.named_parameters()})

    def load(self, folder: Path) -> str:
        """Return how many modules the adapter changes; refuse it unless PEFT loads it whole."""
        import torch
        from peft import PeftConfig, PeftModel

        model = self._built()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PEFT only warns of what is refused below
                check_start(folder)
                fit_vocabulary(model, folder)
                config: Any = PeftConfig.from_pretrained(str(folder))
                config.inference_mode = True
                if isinstance(config.init_lora_weights, str):
                    config.init_lora_weights = True  # a start is computed from the base's values
                with torch.device("meta"):
                    peft = PeftModel(model, config, _NAME)
                peft.load_adapter(str(folder), adapter_name=_NAME, torch_device="cpu")
                refuse_partial(peft, _NAME, folder)
        except HarnessError:
            raise
        except Exception as problem:  # PEFT raises many kinds: all mean that it does not fit
            _log.debug("%s: PEFT does not load it", folder, exc_info=True)
            raise AdapterRefused(
                f"PEFT does not load it on this base ({said_by_peft(problem)})"
            ) from problem
        changed = {name.partition(_LORA)[0] for name, _ in peft.named_parameters() if _LORA in name}
        return f"{len(changed)} modules, all of them in the base (loaded by PEFT, without values)"

    def _built(self) -> PreTrainedModel:
        """Return the base anew: an adapter that was loaded would change the next one's base."""
        folder = self._base()
        with lasting():
            quiet_libraries()
            import torch
            from transformers import AutoConfig
        try:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
            _refuse_huge(config.get_text_config(), folder)
            with torch.device("meta"):
                model: PreTrainedModel = model_class(config).from_config(
                    config, trust_remote_code=False, attn_implementation="eager"
                )
        except HarnessError:
            raise
        except Exception as problem:  # a damaged folder fails in as many ways as it has files
            _log.debug("%s: the base cannot be built", folder, exc_info=True)
            raise EngineFailed(f"{folder}: the base does not load ({reason(problem)})") from problem
        model.eval()
        return model


def _refuse_huge(config: Any, folder: Path) -> None:
    """Refuse a config that names more layers than the files have tensors: building them hangs."""
    from safetensors import safe_open

    count = 0
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="pt") as tensors:
            count += len(tensors.keys())
    layers = getattr(config, "num_hidden_layers", 0) or 0
    if layers > count:
        raise EngineFailed(f"{folder}: its config names {layers:,} layers, its files have fewer")
