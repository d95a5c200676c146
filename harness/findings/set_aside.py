"""Tell which reviewed inputs are set aside for judging, and never taught."""

from __future__ import annotations

import hashlib

from harness.findings.words import normal


def is_set_aside(text: str, share: float) -> bool:
    """Return whether an input belongs to the share that is kept for judging.

    By a hash of the input, so that equal inputs stay together and nothing has to be remembered.
    """
    digest = hashlib.sha256(f"set aside\0{normal(text) or text}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64
