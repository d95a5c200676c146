"""A base is loaded beside a server only where it fits into memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from harness.workspace.base.memory import fits


def free(tmp_path: Path, kilobytes: int) -> Path:
    file = tmp_path / "meminfo"
    file.write_text(f"MemTotal:  99999999 kB\nMemAvailable:   {kilobytes} kB\n")
    return file


def test_weights_are_counted_in_float32_whatever_the_file_has(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    for n in range(2):
        save_file({"w": np.zeros((256, 512), dtype=np.float16)}, base / f"model-{n}.safetensors")
    # 2 files of 131,072 numbers, 4 bytes each, and a quarter more: 1,280 kB
    assert fits(base, free(tmp_path, 1280))
    assert not fits(base, free(tmp_path, 1279))


def test_a_gguf_may_hold_a_number_in_four_bits(tmp_path: Path) -> None:
    base = tmp_path / "base.gguf"
    base.write_bytes(b"\0" * 102_400)
    assert fits(base, free(tmp_path, 1000))
    assert not fits(base, free(tmp_path, 999))


def test_a_machine_that_does_not_tell_is_tried(tmp_path: Path) -> None:
    assert fits(tmp_path, tmp_path / "none")
