"""Convert a GGUF base once into a folder that transformers loads in a second.

The copy is keyed by the file's content and put in place by one rename: it is complete or absent.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from harness.errors import WeightsError, WorldFailed, reason
from harness.extras import missing
from harness.libraries import quiet_libraries
from harness.workspace.base.converted import digests_file, refuse_changed, write_digests
from harness.workspace.base.memory import refuse_conversion
from harness.workspace.base.weights import Weights
from harness.workspace.formats.cache import cache_folder

LAYOUT = "v1"
"""Part of the key: raised when the conversion itself changes."""
_log = logging.getLogger(__name__)


def model_folder(weights: Weights) -> Path:
    """Return the folder to load: the weights' own, or the converted copy of a GGUF."""
    if weights.path.is_dir():
        return weights.path
    target = _target(weights)
    if not _is_proven(target):
        _convert_once(weights.path, target)
    refuse_changed(target)
    return target


def refuse_changed_copy(weights: Weights) -> bool:
    """Hash a converted GGUF's files and refuse changed ones; return False where there is no copy.

    For `doctor`: other commands hash them only where a size or a time has changed.
    """
    if weights.path.is_dir() or not _is_proven(_target(weights)):
        return False
    refuse_changed(_target(weights), always=True)
    return True


def converted_folder(weights: Weights) -> Path | None:
    """Return the folder to load where it is there already; None for a GGUF not yet converted."""
    if weights.path.is_dir():
        return weights.path
    target = _target(weights)
    if not _is_proven(target):
        return None
    refuse_changed(target)
    return target


def _is_proven(target: Path) -> bool:
    # version 1.0.0 wrote no digests: its copies are made again, since nothing proves them
    return target.is_dir() and digests_file(target).exists()


def _target(weights: Weights) -> Path:
    return cache_folder() / "converted" / f"{weights.content[:32]}-{LAYOUT}"


def _convert_once(source: Path, target: Path) -> None:
    """Convert under a lock; a second process waits and then finds the copy of the first."""
    from filelock import FileLock

    prefix = f".converting-{target.name}-"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock")):
            if _is_proven(target):
                return
            for left in target.parent.glob(f"{prefix}*"):  # of a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            # Beside the target, not in the temporary folder: a rename must stay on one disk.
            beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=prefix))
            try:
                _convert(source, beside)
                _sync(beside)
                write_digests(beside, target)
                shutil.rmtree(target, ignore_errors=True)  # of version 1.0.0
                beside.replace(target)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
    except OSError as problem:
        raise WorldFailed(
            f"{target.parent}: the converted base cannot be kept there ({reason(problem)});"
            " LORA_HARNESS_CACHE names another folder"
        ) from problem


def _convert(source: Path, into: Path) -> None:
    try:
        import gguf  # transformers needs it, and its own message is a traceback
    except ImportError as problem:
        raise missing(f"{source.name}: reading GGUF", "gguf", WeightsError) from problem
    quiet_libraries()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place: dict[str, Any] = {"gguf_file": source.name}
    try:
        counts = [int(tensor.n_elements) for tensor in gguf.GGUFReader(source).tensors]
        refuse_conversion(source, counts)
        tokenizer = AutoTokenizer.from_pretrained(source.parent, **place)
        with redirect_stderr(StringIO()):  # it draws a bar that no setting hides
            model = AutoModelForCausalLM.from_pretrained(
                source.parent, dtype=torch.float32, **place
            )
    except WorldFailed:
        raise
    except Exception as problem:  # a damaged file fails in as many ways as it has fields
        _log.debug("%s: transformers cannot read this GGUF", source, exc_info=True)
        why = reason(problem)
        raise WeightsError(f"{source}: transformers cannot read this GGUF ({why})") from problem
    # The tensors are plain float32 by now, but transformers would still refuse to save a model
    # that it remembers as quantized.
    model.hf_quantizer = None  # type: ignore[assignment]  # transformers declares no attribute
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(into)
    tokenizer.save_pretrained(into)


def _sync(folder: Path) -> None:
    # Before the rename: after a power cut a name must not stand for a half-written file.
    for file in folder.iterdir():
        with file.open("r+b") as opened:  # Windows syncs only what may be written to
            os.fsync(opened.fileno())
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # Windows opens no folder
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
