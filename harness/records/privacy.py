"""What a project lets its reports, pages, logs and exports show, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.records.holds import EXACT

PersonalKind: TypeAlias = Literal["email", "phone", "card", "iban", "ssn"]
"""Personal data that is found by its form and its check digits."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """What leaves the store only as a mark; the store itself stays exact."""

    texts: bool = True
    """Whether inputs, ideals, outputs and reviews are shown at all; figures always are."""
    kinds: tuple[PersonalKind, ...] = field(default=(), metadata=EXACT)
    """Personal data of these kinds is shown as `[email]`, `[phone]` and so on,"""
    patterns: tuple[str, ...] = field(default=(), metadata=EXACT)
    """and whatever matches one of these as `[redacted]`."""
    region: str = field(default="US", metadata=EXACT)
    """Country of the phone numbers without a `+`."""
