"""Read a zip of XML parts, such as a spreadsheet, so that no part can cost more than it is worth.

What a file claims (its size, its rows, its last column) is not trusted: the bytes and the tags are
counted while they are read. Tested in tests/workspace/formats/test_spreadsheets.py.
"""

from __future__ import annotations

import io
from typing import IO, Any
from zipfile import ZipFile

MAX_ENTRIES = 10_000
MAX_PART_TAGS = 5_000_000
"""Tags of a part that is held whole, such as the texts that the cells share."""


class CountedXml(io.RawIOBase):
    """A stream of XML that ends with an error after too many bytes or tags, and at a DTD."""

    def __init__(self, source: IO[bytes], most_bytes: int, most_tags: int) -> None:
        self._source = source
        self._most = most_bytes, most_tags
        self._before = b""
        self.start_piece()

    def start_piece(self) -> None:
        """Count from nothing again: a piece of the part, such as a row, is complete."""
        self._bytes, self._tags = self._most

    def read(self, size: int = -1) -> bytes:
        """Read bytes, up to the limits."""
        found = self._source.read(self._bytes + 1 if size is None or size < 0 else size)
        self._bytes -= len(found)
        self._tags -= found.count(b"<")
        if self._bytes < 0 or self._tags < 0:
            raise ValueError(
                f"a row or part of more than {self._most[0]:,} bytes or {self._most[1]:,} tags"
            )
        # Entities multiply and reach for files. In UTF-16 every letter has a zero beside it.
        seen = (self._before + found).replace(b"\0", b"")
        if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
            raise ValueError("a document type, which a spreadsheet has not")
        self._before = (self._before + found)[-20:]
        return found

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def close(self) -> None:
        """Close the part too."""
        self._source.close()
        super().close()


class CountedZip(ZipFile):
    """A zip whose parts are read with limits."""

    def __init__(self, file: IO[bytes], most_bytes: int) -> None:
        super().__init__(file)
        self.most_bytes = most_bytes
        if len(self.filelist) > MAX_ENTRIES:
            raise ValueError(f"{len(self.filelist):,} parts, at most {MAX_ENTRIES:,} are read")

    def open(self, name: Any, *args: Any, **more: Any) -> Any:
        """Open a part, which may have so many bytes."""
        return CountedXml(super().open(name, *args, **more), self.most_bytes, MAX_PART_TAGS)

    def open_pieces(self, name: str, most_bytes: int, most_tags: int) -> CountedXml:
        """Open a part that is read piece by piece: each may have so many bytes and tags."""
        return CountedXml(super().open(name), most_bytes, most_tags)
