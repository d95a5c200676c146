"""Keep the base's own values of weights while merged ones stand in for them, at no second copy.

Tested in tests/engines/local/test_originals.py.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from harness.engines.local.mapped import FilePages, let_go, take_back
from harness.errors import EngineFailed, reason
from harness.free_memory import free_memory

if TYPE_CHECKING:
    from torch import Tensor

_log = logging.getLogger(__name__)

IN_MEMORY = 256 * 2**20
"""Bytes of originals that stay in memory, where they take no more than a share of what is free."""
SHARE = 4
_LARGE_FILES = Path("/var/tmp")  # the temporary folder itself may lie in memory


class Originals:
    """The values that were replaced, each where it costs least.

    A matrix that lies in a mapped file is let go of, for the file has it. Others stay in memory
    while they are few; the rest goes to a scratch file without a name, which no other process can
    open or change and which is gone with this process, however it ends. A matrix in the scratch
    file is merged in place.
    """

    def __init__(self, attribute: str) -> None:
        """Take the attribute under which a holder has its tensor: `data` or `weight`."""
        self._attribute = attribute
        self._held: dict[Any, Tensor] = {}
        self._let_go: dict[Any, Tensor] = {}
        self._in_file: set[Any] = set()
        self._places: dict[Hashable, int] = {}
        """Where in the scratch file a holder's values are; a base's own values never change."""
        self._file: IO[bytes] | None = None
        self._pages: FilePages | None = None
        self._room = 0

    def replace(self, holder: Any) -> None:
        """Let a holder's tensor be changed in place; `restore` undoes that."""
        if self._pages is None:  # asked once for each merge: before it nothing was let go
            free = free_memory()
            self._pages = FilePages()
            self._room = IN_MEMORY if free is None else min(IN_MEMORY, free // SHARE)
        values: Tensor = getattr(holder, self._attribute)
        if self._pages.has(values):
            self._let_go[holder] = values
            setattr(holder, self._attribute, values.clone())
            let_go(values)
        elif values.nbytes <= self._room or not _can_be_filed(values):
            self._room -= values.nbytes
            self._held[holder] = values
            setattr(holder, self._attribute, values.clone())
        else:
            self._in_file.add(holder)
            if holder not in self._places:
                self._places[holder] = self._write(values)

    def restore(self) -> None:
        """Give every holder its own values again, bit for bit."""
        for holder, values in self._held.items():
            setattr(holder, self._attribute, values)
        for holder in self._in_file:
            self._read(self._places[holder], getattr(holder, self._attribute))
        for holder, values in self._let_go.items():
            setattr(holder, self._attribute, values)  # which frees the stand-in
            take_back(values)
        for kept in (self._held, self._in_file, self._let_go):
            kept.clear()
        self._pages = None

    def _write(self, values: Tensor) -> int:
        try:
            if self._file is None:
                large = "TMPDIR" not in os.environ and os.access(_LARGE_FILES, os.W_OK)
                folder = _LARGE_FILES if large else None
                self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # as long as the base
                _log.info("the base's own values of merged weights go to a scratch file")
            place = self._file.seek(0, os.SEEK_END)
            self._file.write(_bytes(values))
            self._file.flush()
        except OSError as problem:
            raise EngineFailed(
                f"no room to merge: the base's own values fit neither into memory nor on the disk"
                f" ({reason(problem)}); TMPDIR names another folder for them"
            ) from problem
        return place

    def _read(self, place: int, into: Tensor) -> None:
        assert self._file is not None
        self._file.seek(place)
        if self._file.readinto(_bytes(into)) != into.nbytes:  # type: ignore[attr-defined]
            raise EngineFailed("the scratch file with the base's own values was cut off")


def _can_be_filed(values: Tensor) -> bool:
    return values.device.type == "cpu" and values.is_contiguous() and values.dim() > 0


def _bytes(values: Tensor) -> memoryview:
    from torch import uint8

    return values.detach().view(-1).view(uint8).numpy().data
