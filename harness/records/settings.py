"""A server in words: where the engine `openai` asks, and with how much patience."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.records.holds import EXACT


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server; it never holds a key, only the name of one."""

    url: str = field(default="", metadata=EXACT)
    """Up to and with its version, such as http://127.0.0.1:8000/v1; no name, password or query.
    Empty where none is named."""
    model: str = field(default="", metadata=EXACT)
    """What the server calls the base; the first model that it lists where this is empty."""
    key: str = field(default="OPENAI_API_KEY", metadata=EXACT)
    """The environment variable that holds the key; unset where the server wants none."""
    concurrency: int = 16
    """Requests under way at once."""
    timeout: float = 120.0
    """Seconds for one request, from asking to the last byte."""
    deadline: float = 3600.0
    """Seconds for all requests of one adapter on one benchmark."""
    retries: int = 4
    """How often a request is asked again after 429, 5xx or a broken connection."""
    likelihoods: Literal["auto", "always", "never"] = field(default="auto", metadata=EXACT)
    """Whether ideals are weighed: where the server can, or nothing without it, or not at all."""
    adapters: str = field(default="", metadata=EXACT)
    """The adapters' folder as the server sees it; where empty it reads the private copies here."""
