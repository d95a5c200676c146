"""A process is told what it may still take: the least of machine, cgroups and limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.free_memory import free_memory

MIB = 2**20


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A machine with 8 GiB free, for a process of 100 MiB without any limit."""
    write(tmp_path / "proc", "meminfo", "MemTotal: 99999999 kB\nMemAvailable:   8388608 kB\n")
    write(tmp_path / "proc", "self/status", "VmSize:   204800 kB\nVmData:   102400 kB\n")
    return tmp_path / "proc"


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_without_limits_it_is_what_the_machine_has(proc: Path, tmp_path: Path) -> None:
    assert free_memory(proc, tmp_path) == 8192 * MIB


@pytest.mark.parametrize(
    ("name", "left"), [("Max data size", 900 * MIB), ("Max address space", 800 * MIB)]
)
def test_limits_of_the_process_count_what_it_has_already(
    proc: Path, tmp_path: Path, name: str, left: int
) -> None:
    write(proc, "self/limits", f"{name:26}{1000 * MIB:<21}unlimited            bytes\n")
    assert free_memory(proc, tmp_path) == left


def test_a_cgroup_around_the_own_one_counts_and_the_file_cache_does_not(
    proc: Path, tmp_path: Path
) -> None:
    write(proc, "self/cgroup", "0::/team/job\n")
    write(tmp_path, "team/memory.max", f"{2000 * MIB}\n")
    write(tmp_path, "team/memory.current", f"{1500 * MIB}\n")
    write(tmp_path, "team/memory.stat", f"anon 1\ninactive_file {300 * MIB}\n")
    write(tmp_path, "team/job/memory.max", "max\n")
    assert free_memory(proc, tmp_path) == 800 * MIB


def test_the_first_version_of_cgroups_is_read_too(proc: Path, tmp_path: Path) -> None:
    write(proc, "self/cgroup", "5:cpuset:/\n4:memory:/job\n")
    write(tmp_path, "memory/job/memory.limit_in_bytes", f"{1000 * MIB}\n")
    write(tmp_path, "memory/job/memory.usage_in_bytes", f"{400 * MIB}\n")
    assert free_memory(proc, tmp_path) == 600 * MIB


def test_a_limit_that_is_passed_already_leaves_nothing(proc: Path, tmp_path: Path) -> None:
    write(proc, "self/limits", f"{'Max data size':26}{50 * MIB:<21}unlimited            bytes\n")
    assert free_memory(proc, tmp_path) == 0


def test_a_machine_that_does_not_tell_is_not_guessed(tmp_path: Path) -> None:
    assert free_memory(tmp_path / "none", tmp_path) is None
