"""Content addresses: a key is the sha256 of everything that could change the stored result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from harness.records import Prompt


def key_of(kind: str, /, **parts: Any) -> str:
    """Return the sha256 of named parts, written as canonical JSON."""
    # Stored keys were made with exactly these arguments: with others no output is found again.
    text = json.dumps([kind, parts], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def key_again(key: str, again: int) -> str:
    """Return the key of the `again`-th further run of the same inputs; 0 is the first run."""
    return key_of("run again", key=key, again=again) if again else key


def output_key(adapter: str, base: str, origin: Mapping[str, Any], prompt: Prompt) -> str:
    """Return an output's key, from the bytes of adapter and base, the origin, prompt and sample."""
    return key_of("output", **_written_by(adapter, base, origin, prompt), sample=prompt.sample)


def likelihood_key(
    adapter: str, base: str, origin: Mapping[str, Any], prompt: Prompt, ideal: str
) -> str:
    """Return the key of an ideal's likelihood after a prompt; no sample, as it depends on none."""
    return key_of("likelihood", **_written_by(adapter, base, origin, prompt), ideal=ideal)


def _written_by(
    adapter: str, base: str, origin: Mapping[str, Any], prompt: Prompt
) -> dict[str, Any]:
    turns = [[message.role, message.content] for message in prompt.messages]
    made = {"adapter": adapter, "base": base, "origin": dict(origin), "turns": turns}
    # Left out for the base's own template: keys from before there was a choice stay as they are.
    return made | ({"chat": rendering} if (rendering := prompt.chat.rendering) else {})


def vector_key(embedder: str, version: str, text: str) -> str:
    """Return the key of a text's embedding."""
    return key_of("vector", embedder=embedder, version=version, text=text)
