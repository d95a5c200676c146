"""A base's file that changes in use is noticed, and nothing made meanwhile is kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from harness.engines.local.weight_files import WeightFiles
from harness.errors import EngineFailed
from tests.fakes.refusals import refused


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A base's weights, of which nothing here reads a number."""
    found = tmp_path / "model.safetensors"
    found.write_bytes(b"0123456789")
    return found


def test_files_that_stay_are_fine(file: Path) -> None:
    files = WeightFiles(file.parent)
    file.read_bytes()
    files.refuse_changed()


def test_a_byte_written_in_place_is_noticed_though_size_and_time_are_restored(file: Path) -> None:
    files, before = WeightFiles(file.parent), file.stat()
    with file.open("r+b") as opened:
        opened.write(b"1")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with refused("model.safetensors: changed while the base was in use", EngineFailed, 11):
        files.refuse_changed()


def test_a_write_at_once_after_another_is_noticed(file: Path) -> None:
    file.write_bytes(b"9876543210")
    files = WeightFiles(file.parent)
    file.write_bytes(b"0123456789")
    with refused("changed while the base was in use", EngineFailed, 11):
        files.refuse_changed()


def test_another_file_under_the_same_name_and_a_further_one_are_noticed(file: Path) -> None:
    files = WeightFiles(file.parent)
    shutil.copy(file, file.with_name("model-2.safetensors"))
    with refused("model-2.safetensors: changed", EngineFailed, 11):
        files.refuse_changed()
    file.with_name("model-2.safetensors").replace(file)
    with refused("model.safetensors: changed", EngineFailed, 11):
        files.refuse_changed()


def test_a_file_that_is_gone_is_noticed(file: Path) -> None:
    files = WeightFiles(file.parent)
    file.unlink()
    with refused("model.safetensors: changed", EngineFailed, 11):
        files.refuse_changed()
