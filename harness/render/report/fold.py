"""A folded part of a comment: whole items as long as there is room, then how many are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.text.html import Html, element


@dataclass(frozen=True, slots=True)
class Fold:
    """One `details` element; its items are Markdown that is safe already."""

    title: str
    items: Sequence[str]
    what: str
    """What an item is called: case, line."""
    longest: int | None = None
    """Characters that it may take at most."""

    def within(self, room: int) -> str:
        """As much of it as fits; empty where not even its frame does."""
        room = room if self.longest is None else min(room, self.longest)
        left = room - len(self._framed(self._rest(len(self.items))))
        shown: list[str] = []
        for item in self.items:
            if len(item) + 1 > left:
                break
            shown.append(item)
            left -= len(item) + 1
        if not self.items or left < 0:
            return ""
        return self._framed("\n".join(shown) + self._rest(len(self.items) - len(shown)))

    def _framed(self, markdown: str) -> str:
        # Between empty lines, where Markdown is Markdown again.
        inside = Html(f"\n\n{markdown}\n")
        return f"\n{element('details', element('summary', Html(self.title)), inside)}\n"

    def _rest(self, number: int) -> str:
        if not number:
            return ""
        more = f"1 more {self.what} is" if number == 1 else f"{number} more {self.what}s are"
        return f"\n\n{more} left out here; `report.html` has them all.\n"
