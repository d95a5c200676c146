"""Tell how much memory this process may still take: of the machine, its cgroup, its own limits.

Tested in tests/test_free_memory.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
_UNLIMITED = 2**60
"""The first version of cgroups says a number as large as this where there is no limit."""


def free_memory(proc: Path = PROC, cgroups: Path = CGROUPS) -> int | None:
    """Return the bytes that are free for this process; None where the machine does not tell."""
    found = [*_of_machine(proc), *_of_cgroups(proc, cgroups), *_of_limits(proc)]
    return max(0, min(found)) if found else None


def _of_machine(proc: Path) -> Iterator[int]:
    told = _text(proc / "meminfo")
    if found := re.search(r"^MemAvailable:\s+(\d+) kB$", told, re.MULTILINE):
        yield int(found[1]) * 1024


def _of_cgroups(proc: Path, cgroups: Path) -> Iterator[int]:
    """Yield what is left in this process's cgroup and in each one around it."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:  # the second version has a single tree
            root, names = cgroups, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = cgroups / "memory"
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if not folder.is_relative_to(root):
                break
            yield from _left(folder, *names)


def _left(folder: Path, limit: str, usage: str, reclaimable: str) -> Iterator[int]:
    most, used = _text(folder / limit).strip(), _text(folder / usage).strip()
    if not most.isdigit() or not used.isdigit() or int(most) >= _UNLIMITED:
        return
    # Pages of files count as used, but the kernel gives those back that nothing has read lately.
    cached = re.search(rf"^{reclaimable} (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
    yield int(most) - int(used) + (int(cached[1]) if cached else 0)


def _of_limits(proc: Path) -> Iterator[int]:
    """Yield what `ulimit -d` and `ulimit -v` leave, as `prlimit` sets them too."""
    limits, status = _text(proc / "self" / "limits"), _text(proc / "self" / "status")
    for name, counted in (("Max data size", "VmData"), ("Max address space", "VmSize")):
        most = re.search(rf"^{name}\s+(\d+)", limits, re.MULTILINE)
        used = re.search(rf"^{counted}:\s+(\d+) kB$", status, re.MULTILINE)
        if most and used:
            yield int(most[1]) - int(used[1]) * 1024


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):  # another system, or no right to read it
        return ""
