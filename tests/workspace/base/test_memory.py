"""A base is loaded beside a server only where it fits into memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from harness.errors import WorldFailed
from harness.workspace.base.memory import fits, refuse_conversion
from tests.fakes.refusals import refused


def free(tmp_path: Path, kilobytes: int) -> Path:
    """A machine's `/proc`."""
    proc = tmp_path / f"proc-{kilobytes}"
    proc.mkdir()
    (proc / "meminfo").write_text(f"MemTotal:  99999999 kB\nMemAvailable:   {kilobytes} kB\n")
    return proc


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


def test_a_conversion_that_does_not_fit_is_refused_before_it_begins(tmp_path: Path) -> None:
    # 3,000,000 numbers and twice the largest tensor, 4 bytes each: 28,000,000 bytes
    counts, base = [1_000_000, 2_000_000], tmp_path / "base.gguf"
    refuse_conversion(base, counts, free(tmp_path, 27_344))
    line = "base.gguf: converting it needs about 0.0 GB, 0.0 are free: convert it on a larger"
    with refused(line, WorldFailed, 11):
        refuse_conversion(base, counts, free(tmp_path, 27_343))
