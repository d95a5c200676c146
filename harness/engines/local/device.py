"""Find the device and dtype that this machine does best: with torch once, then from memory."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from harness.libraries import quiet_environment, versions

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Device:
    """The device that tensors live on, and the precision of `auto`."""

    kind: str
    """cpu, cuda or mps."""
    dtype: str
    """The dtype that `auto` stands for."""
    model: str
    """The kernels that run: the processor's instruction set, or the accelerator's name."""


def machine_key() -> str:
    """Return a key that changes with torch, the processor or the visible accelerators.

    It asks no library, so it is fast.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        processor = [x for x in lines if x.startswith(("model name", "flags", "Features"))]
    except OSError:
        processor = [platform.processor()]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
    driver = str(Path("/proc/driver/nvidia/version").exists())
    parts = [platform.machine(), *processor, visible, driver, versions(("torch",))["torch"]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def probe() -> Device:
    """Ask torch for the device; bfloat16 if the hardware multiplies it, else float32 on a CPU."""
    quiet_environment()
    import torch

    if torch.cuda.is_available():
        dtype = "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
        found = Device("cuda", dtype, torch.cuda.get_device_name())
    elif torch.backends.mps.is_available():
        found = Device("mps", "float16", platform.machine())
    else:
        fast = _cpu_has_bfloat16()
        capability = f"{torch.backends.cpu.get_cpu_capability()}{' bf16' if fast else ''}"
        found = Device("cpu", "bfloat16" if fast else "float32", capability)
    _log.info("device found: %s, %s, %s", found.kind, found.dtype, found.model)
    return found


def _cpu_has_bfloat16() -> bool:
    import torch

    if platform.machine() in ("arm64", "aarch64"):
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_gemm_supported())
    asks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, ask, lambda: False)() for ask in asks)
