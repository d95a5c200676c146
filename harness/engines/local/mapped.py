"""Let go of the pages of a mapped weights file while a merge stands in for them.

transformers maps a base's file and computes on the mapped pages. While a merged matrix is used, its
original is not: the file has it, so its pages need not stay in memory. They come back, from the
file, with the first read. Linux only; elsewhere nothing is let go. Tested in
tests/engines/local/test_originals.py.
"""

from __future__ import annotations

import ctypes
import mmap
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_MAPS = Path("/proc/self/smaps")
_RANGE = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s+/")
_FIELD = re.compile(r"^(Anonymous|Swap):\s+(\d+) kB$")
_READ, _WRITE = 1, 2  # PROT_READ and PROT_WRITE, the same on all kinds of Linux


class FilePages:
    """The mappings of files that hold nothing but what is in the files, at one moment."""

    def __init__(self, maps: Path = _MAPS) -> None:
        self._ranges: list[tuple[int, int]] = []
        """Begin and end of each clean mapping."""
        try:
            lines = maps.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        now: tuple[int, int] | None = None
        written: set[tuple[int, int]] = set()
        for line in lines:
            if found := _RANGE.match(line):
                now = int(found[1], 16), int(found[2], 16)
                self._ranges.append(now)
            elif not (field := _FIELD.match(line)):
                now = now if line[:1].isupper() else None  # a mapping of no file begins
            elif now is not None and field[2] != "0":
                written.add(now)
        self._ranges = [one for one in self._ranges if one not in written]

    def has(self, values: Tensor) -> bool:
        """Return whether values lie in a mapped file, not a page of which was written to.

        Pages that were written to are private copies, which must never be let go.
        """
        begin = values.data_ptr()
        end = begin + values.nbytes
        return any(first <= begin and end <= last for first, last in self._ranges)


def let_go(values: Tensor) -> None:
    """Take the pages of values out of memory, and let nothing write to them until `take_back`.

    Pages that cannot be written to are no private memory, so that a limit does not count them.
    """
    begin, size = _inner_pages(values)
    if size:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mprotect(ctypes.c_void_p(begin), ctypes.c_size_t(size), _READ)
        libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(size), mmap.MADV_DONTNEED)


def take_back(values: Tensor) -> None:
    """Let values be written to again; call it when the memory of their stand-in is free."""
    begin, size = _inner_pages(values)
    if size:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mprotect(ctypes.c_void_p(begin), ctypes.c_size_t(size), _READ | _WRITE):
            raise MemoryError("no memory for the base's own weights")


def give_back() -> None:
    """Give the system the memory that was freed and that the allocator keeps for later.

    A merge frees hundreds of temporary matrices, which would stay beside the merged weights.
    """
    try:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own
    except (OSError, TypeError):  # Windows finds no library without a name
        return
    if trim is not None:
        trim(0)


def _inner_pages(values: Tensor) -> tuple[int, int]:
    """Return begin and size of the pages that hold nothing but these values."""
    page = mmap.PAGESIZE
    begin = -(-values.data_ptr() // page) * page
    end = (values.data_ptr() + values.nbytes) // page * page
    return begin, max(0, end - begin)
