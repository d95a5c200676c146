"""Content addresses: a key is the sha256 of all that could change what it stands for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from harness.records import Prompt


def key_of(kind: str, /, **parts: Any) -> str:
    """The address of anything, by canonical JSON."""
    text = json.dumps([kind, parts], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def output_key(adapter: str, base: str, origin: Mapping[str, Any], prompt: Prompt) -> str:
    """Of one output: adapter and base bytes, decoding, device, versions, prompt, sample."""
    return key_of("output", **_written_by(adapter, base, origin, prompt), sample=prompt.sample)


def likelihood_key(
    adapter: str, base: str, origin: Mapping[str, Any], prompt: Prompt, ideal: str
) -> str:
    """Of one ideal's likelihood after one prompt."""
    return key_of("likelihood", **_written_by(adapter, base, origin, prompt), ideal=ideal)


def _written_by(
    adapter: str, base: str, origin: Mapping[str, Any], prompt: Prompt
) -> dict[str, Any]:
    turns = [[message.role, message.content] for message in prompt.messages]
    return {"adapter": adapter, "base": base, "origin": dict(origin), "turns": turns}


def vector_key(embedder: str, version: str, text: str) -> str:
    """Of one text's embedding."""
    return key_of("vector", embedder=embedder, version=version, text=text)
