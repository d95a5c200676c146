"""The next free name after an adapter's: adapter_v2 is followed by adapter_v3 or what is free."""

from __future__ import annotations

import re
from pathlib import Path

_NUMBERED = re.compile(r"(.*?)(\d{1,9})")


def next_name(adapters: Path, name: str) -> str:
    """One more than the largest number that any adapter of the family has."""
    found = _NUMBERED.fullmatch(name)
    stem, number = (found[1], int(found[2])) if found else (f"{name}_", 1)
    parent, _, family = stem.rpartition("/")
    place = adapters / parent
    taken = [number]
    for one in place.iterdir() if place.is_dir() else ():
        rest = one.name.removeprefix(family)
        if one.name.startswith(family) and re.fullmatch(r"\d{1,9}", rest, re.ASCII):
            taken.append(int(rest))
    return f"{stem}{max(taken) + 1}"
