"""SQLite's file operations as steps: its default file system is patched to call the injector.

What `sqlite3_vfs` and `sqlite3_io_methods` look like is SQLite's stable interface to file systems.
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.injector import Injector

_FULL, _IOERR = 13, 10
_CODES = {
    "sqlite write": _IOERR | 3 << 8,
    "sqlite fsync": _IOERR | 4 << 8,
    "sqlite truncate": _IOERR | 6 << 8,
    "sqlite unlink": _IOERR | 10 << 8,
}

_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)
_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
# Names are passed on as pointers: SQLite keeps them, and reads behind their end.


class _Methods(Structure):
    _fields_ = (
        ("version", c_int), ("close", c_void_p), ("read", c_void_p), ("write", _Write),
        ("truncate", _Truncate), ("sync", _Sync), ("rest", c_void_p * 13),
    )  # fmt: skip


class _File(Structure):
    _fields_ = (("methods", POINTER(_Methods)),)


class _FileSystem(Structure):
    _fields_ = (
        ("version", c_int), ("size", c_int), ("longest", c_int), ("next", c_void_p),
        ("name", c_char_p), ("data", c_void_p), ("open", _Open), ("delete", _Delete),
    )  # fmt: skip


_kept: list[Any] = []
"""What C calls must not be collected."""


def _library() -> Any:
    """Return the library that Python's module uses; None where it is built into Python."""
    import _sqlite3

    try:
        for name in (_sqlite3.__file__, "libsqlite3.so.0", "libsqlite3.dylib"):
            found = ctypes.CDLL(name)
            if hasattr(found, "sqlite3_vfs_find"):
                return found
    except OSError:
        pass
    return None


def can_arm() -> bool:
    """Return whether SQLite's files can be reached on this machine."""
    return _library() is not None


def arm_sqlite(injector: Injector) -> None:
    """Write every file that SQLite opens from now on through the injector."""
    library = _library()
    if library is None:
        return
    library.sqlite3_vfs_find.restype = POINTER(_FileSystem)
    library.sqlite3_vfs_find.argtypes = (c_char_p,)
    system = library.sqlite3_vfs_find(None).contents
    real_open = ctypes.cast(system.open, c_void_p).value
    real_delete = ctypes.cast(system.delete, c_void_p).value
    tables: dict[int, Any] = {}

    def opened(place: int, name: int, file: int, flags: int, out: int) -> int:
        code = int(_Open(real_open)(place, name, file, flags, out))
        found = ctypes.cast(file, POINTER(_File)).contents
        if code == 0 and found.methods:
            there = ctypes.addressof(found.methods.contents)
            if there not in tables:
                tables[there] = _table(found.methods.contents, injector)
            found.methods = ctypes.pointer(tables[there])
        return code

    def deleted(place: int, name: int, sync: int) -> int:
        refused = _refusal(injector, "sqlite unlink")
        return refused or int(_Delete(real_delete)(place, name, sync))

    system.open, system.delete = _Open(opened), _Delete(deleted)
    _kept.extend((library, system.open, system.delete, opened, deleted, tables, _Open, _Delete))


def _table(methods: _Methods, injector: Injector) -> _Methods:
    """Return the same methods, three of them wrapped."""
    mine = _Methods.from_buffer_copy(methods)
    write, truncate, sync = (
        kind(ctypes.cast(one, c_void_p).value)
        for kind, one in ((_Write, mine.write), (_Truncate, mine.truncate), (_Sync, mine.sync))
    )

    def written(file: int, data: int, size: int, place: int) -> int:
        if injector.breaks("sqlite write"):
            if injector.how == "kill":
                write(file, data, size // 2, place)
                _die()
            return _FULL if injector.how == "full" else _CODES["sqlite write"]
        return int(write(file, data, size, place))

    def truncated(file: int, size: int) -> int:
        return _refusal(injector, "sqlite truncate") or int(truncate(file, size))

    def synced(file: int, flags: int) -> int:
        return _refusal(injector, "sqlite fsync") or int(sync(file, flags))

    mine.write, mine.truncate, mine.sync = _Write(written), _Truncate(truncated), _Sync(synced)
    _kept.append((mine, write, truncate, sync))
    return mine


def _refusal(injector: Injector, step: str) -> int:
    if not injector.breaks(step):
        return 0
    if injector.how == "kill":
        _die()
    return _CODES[step]


def _die() -> None:
    from tests.faults.injector import die

    die()
