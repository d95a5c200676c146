"""Use huggingface_hub's client with care: its answers become paths, and a server may lie.

Tested in tests/workspace/adapters/test_hub_source.py.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.errors import AdapterRefused, WorldFailed
from harness.workspace.adapters.files import MAX_WEIGHTS

COMMIT = re.compile(r"[0-9a-f]{40}")
_ETAG = re.compile(r'(W/)?"?[A-Za-z0-9][A-Za-z0-9._+=-]{0,200}"?')


class ByteCount:
    """A progress bar without a bar, as huggingface_hub uses it."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.count = 0

    def __enter__(self) -> ByteCount:
        return self

    def __exit__(self, *_: object) -> None:
        """End a download."""

    def update(self, n: int | float | None = 1) -> None:
        """Count bytes."""

    def close(self) -> None:
        """End a download."""


@contextmanager
def careful_client() -> Iterator[None]:
    """Check every answer meanwhile; nothing is sent but requests, nothing is printed."""
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import logging as hub_logging

    before = (constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_DISABLE_XET)
    verbosity = hub_logging.get_verbosity()
    hooks = get_session().event_hooks["response"]
    constants.HF_HUB_DISABLE_TELEMETRY = True
    # Xet downloads by a library of its own, past these checks; every Hub serves plain HTTP too.
    constants.HF_HUB_DISABLE_XET = True
    hub_logging.set_verbosity(logging.CRITICAL)  # it would print what a server writes in a header
    hooks.append(check_answer)
    try:
        yield
    finally:
        hooks.remove(check_answer)
        hub_logging.set_verbosity(verbosity)
        constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_DISABLE_XET = before


def check_answer(response: Any) -> None:
    """Refuse an answer that leads out of the cache, is too large, or leaves https.

    The client makes paths in its cache of these headers.
    """
    headers = response.headers
    if response.request.method == "HEAD":
        etag = headers.get("X-Linked-Etag") or headers.get("ETag")
        commit = headers.get("X-Repo-Commit")
        if (etag and not _ETAG.fullmatch(etag)) or (commit and not COMMIT.fullmatch(commit)):
            raise WorldFailed("the Hub's answer names a file that would lie outside of the cache")
    for size in (headers.get("X-Linked-Size"), headers.get("Content-Length")):
        if size and size.isdecimal() and int(size) > MAX_WEIGHTS:
            raise AdapterRefused(
                f"the Hub would send {int(size):,} bytes, at most {MAX_WEIGHTS:,} are fetched"
            )
    target = headers.get("Location", "")
    if response.request.url.scheme == "https" and target.lower().startswith("http:"):
        raise WorldFailed("the Hub redirects to an address without TLS, nothing was fetched")
