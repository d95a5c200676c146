"""Which device and dtype this machine does best; found out once with torch, then remembered."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from harness.libraries import quiet_environment, versions


@dataclass(frozen=True, slots=True)
class Device:
    """Where tensors live and in which precision `auto` computes."""

    kind: str
    """cpu, cuda or mps."""
    dtype: str
    """What `auto` means here."""
    model: str
    """Which kernels run: the processor's instruction set, or the accelerator's name."""


def machine_key() -> str:
    """Changes when torch, the processor or the visible accelerators change; asks no library."""
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
    """Ask torch. bfloat16 where the hardware multiplies it, float32 elsewhere on a CPU."""
    quiet_environment()
    import torch

    if torch.cuda.is_available():
        dtype = "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
        return Device("cuda", dtype, torch.cuda.get_device_name())
    if torch.backends.mps.is_available():
        return Device("mps", "float16", platform.machine())
    fast = _cpu_has_bfloat16()
    capability = f"{torch.backends.cpu.get_cpu_capability()}{' bf16' if fast else ''}"
    return Device("cpu", "bfloat16" if fast else "float32", capability)


def _cpu_has_bfloat16() -> bool:
    import torch

    if platform.machine() in ("arm64", "aarch64"):
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_gemm_supported())
    asks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, ask, lambda: False)() for ask in asks)
