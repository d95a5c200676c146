"""Placed first on PYTHONPATH, end any Python process that looks up a name or opens a connection.

Python imports a module of this name when it starts, so processes of processes are sealed as well.
"""

from __future__ import annotations

import os
import sys

CODE = 97
"""How a process ends that tried."""
TRIED = frozenset(
    {
        "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr",
        "socket.sendto", "socket.sendmsg",
    }
)  # fmt: skip


def _sealed(event: str, arguments: tuple[object, ...]) -> None:
    if event in TRIED:
        os.write(2, f"sealed: {event} {arguments[1:]!r}\n".encode())
        os._exit(CODE)


if __name__ == "sitecustomize":  # a test that reads CODE is not sealed by that
    sys.addaudithook(_sealed)
