"""A GGUF base, converted once into a folder that transformers loads in a second.

Keyed by the file's content and finished by one rename, so a copy is whole or not there.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from harness.errors import WeightsError, WorldFailed, reason
from harness.libraries import quiet_libraries
from harness.workspace.base.weights import Weights
from harness.workspace.formats.cache import cache_folder

LAYOUT = "v1"
"""Part of the key: raised when the conversion itself changes."""


def model_folder(weights: Weights) -> Path:
    """The folder to load: the weights' own, or the converted copy of a GGUF."""
    if weights.path.is_dir():
        return weights.path
    target = cache_folder() / "converted" / f"{weights.digest[:32]}-{LAYOUT}"
    if not target.is_dir():
        _convert_once(weights.path, target)
    return target


def _convert_once(source: Path, target: Path) -> None:
    """Two processes at once: the second waits, then finds the first one's copy."""
    from filelock import FileLock

    mine = f".converting-{target.name}-"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock")):
            if target.is_dir():
                return
            for left in target.parent.glob(f"{mine}*"):  # of a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=mine))
            try:
                _convert(source, beside)
                _sync(beside)
                beside.replace(target)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
    except OSError as problem:
        raise WorldFailed(
            f"{target.parent}: the converted base cannot be kept there ({reason(problem)});"
            " LORA_HARNESS_CACHE names another folder"
        ) from None


def _convert(source: Path, into: Path) -> None:
    try:
        import gguf  # noqa: F401  # transformers needs it, and its own message is a traceback
    except ImportError:
        raise WeightsError(
            f"{source.name}: reading GGUF needs `pip install 'lora-harness[gguf]'`"
        ) from None
    quiet_libraries()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place: dict[str, Any] = {"gguf_file": source.name}
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.parent, **place)
        model = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **place)
    except Exception as problem:  # a damaged file fails in as many ways as it has fields
        why = reason(problem)
        raise WeightsError(f"{source}: transformers cannot read this GGUF ({why})") from None
    _forget_quantization(model)
    model.save_pretrained(into)
    tokenizer.save_pretrained(into)


def _forget_quantization(model: Any) -> None:
    """The tensors are plain float32 by now, but transformers still refuses to save them."""
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config


def _sync(folder: Path) -> None:
    for file in [*folder.iterdir(), folder]:
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
