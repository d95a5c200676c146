"""A base that does not fit is refused before it is loaded, with what it needs and another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.engines.local import room
from harness.engines.local.room import BESIDE, refuse_too_large, weight_bytes
from harness.errors import EngineFailed
from tests.fakes.refusals import refused

MB = 10**6


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Embeddings and a matrix of a million numbers each, in float16 and in two files."""
    for name in ("embeddings", "matrix"):
        values = {name: np.zeros((1000, 1000), dtype=np.float16)}
        save_file(values, tmp_path / f"model-{name}.safetensors")
    return tmp_path


@pytest.mark.parametrize(("dtype", "bytes_each"), [("float32", 4), ("bfloat16", 2)])
def test_weights_count_in_the_precision_in_which_they_are_used(
    base: Path, dtype: str, bytes_each: int
) -> None:
    assert weight_bytes(base, dtype) == 2 * MB * bytes_each


def test_in_four_bits_the_embeddings_stay_as_they_are(base: Path) -> None:
    assert weight_bytes(base, "bfloat16", "nf4") == 2 * MB + 4.5 / 8 * MB


def test_weights_that_are_in_few_bits_already_stay_so(tmp_path: Path) -> None:
    save_file({"w": np.zeros(1000, dtype=np.uint8)}, tmp_path / "model.safetensors")
    assert weight_bytes(tmp_path, "float32") == 1000


def test_what_does_not_fit_is_refused_with_figures_and_ways(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_memory", lambda: BESIDE + 4 * MB)
    line = r'needs about 0.3 GB in bfloat16, 0.3 are free: engine openai, ray, or quantize = "nf4"'
    with refused(line, EngineFailed, 11):
        refuse_too_large(base, "bfloat16", "cpu")


def test_a_way_that_would_not_fit_either_is_not_named(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_memory", lambda: BESIDE)
    with refused("are free: engine openai or ray$", EngineFailed, 11):
        refuse_too_large(base, "bfloat16", "cpu")


@pytest.mark.parametrize("free", [BESIDE + 5 * MB, None])
def test_what_fits_is_loaded_and_so_is_anything_where_nobody_tells(
    base: Path, monkeypatch: pytest.MonkeyPatch, free: int | None
) -> None:
    monkeypatch.setattr(room, "free_memory", lambda: free)
    refuse_too_large(base, "bfloat16", "cpu")


def test_a_folder_that_does_not_tell_is_left_to_the_loader(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"none")
    refuse_too_large(tmp_path, "bfloat16", "cpu")
