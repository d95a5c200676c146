"""The record of what a live endpoint answered, beside what the promoted adapter is known to answer.

Tested in tests/store/test_endpoint_checks.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.records.holds import EXACT

EndpointOutcome: TypeAlias = Literal["same", "other", "unknown"]
"""Whether the promoted adapter answers; `unknown`: what could be asked does not tell."""


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """Whose answers an endpoint gave, on some prompts and ideals of a task's benchmark."""

    task: str = field(metadata=EXACT)
    """The task."""
    url: str = field(metadata=EXACT)
    """The endpoint's address."""
    model: str = field(metadata=EXACT)
    """The name that was asked for."""
    at: str = field(metadata=EXACT)
    """When; ISO 8601, UTC."""
    promoted: str = field(metadata=EXACT)
    """The adapter that should answer."""
    digest: str = field(metadata=EXACT)
    """Its digest."""
    outcome: EndpointOutcome = field(metadata=EXACT)
    """Whether it answers."""
    answers: str = field(metadata=EXACT)
    """Who answers: promoted, another, base, other base, template, quantisation, partly, unknown."""
    name: str = field(default="", metadata=EXACT)
    """The adapter that answers; empty where it is not known."""
    rounding: str = field(default="", metadata=EXACT)
    """The dtype whose rounding explains the distance that is left; empty where none does."""
    ideals: int = 0
    """Ideals that were weighed on both sides."""
    distance: float | None = None
    """Their mean distance in NLL from the promoted adapter's; None where none was weighed."""
    texts: int = 0
    """Texts that were compared."""
    equal: int = 0
    """Texts that are equal to the promoted adapter's."""
