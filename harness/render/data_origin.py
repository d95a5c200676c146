"""Show where training sets come from, and what their origin cards leave open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from harness.records import DataOrigin
from harness.text.plain import plain
from harness.text.safe import ci_log
from harness.text.table import hang, table


class ShownOrigin(Protocol):
    """A training set with what its card says."""

    @property
    def set(self) -> str:
        """The name of the set."""

    @property
    def card(self) -> str:
        """The path of its card."""

    @property
    def origin(self) -> DataOrigin:
        """What the card says."""


def origins_text(sets: Sequence[ShownOrigin]) -> str:
    """Return a row per set, with what is missing in it."""
    if not sets:
        return "no training sets in the project's `datasets` folder"
    rows = [("set", "stated", "missing")]
    for one in sets:
        every, left = len(one.origin.stated()), one.origin.missing
        missing = ", ".join(name.replace("_", " ") for name in left) or "nothing"
        rows.append((ci_log(one.set, limit=60), f"{every - len(left)} of {every}", missing))
    lines = table(rows)
    if any(one.origin.missing for one in sets):
        lines.append("next  lora-harness data origin SET --source TEXT --owner TEXT …")
    return "\n".join(lines)


def missing_words(name: str, origin: DataOrigin) -> str:
    """Return a sentence on what the card of a set leaves open, with the command that states it."""
    left = ", ".join(one.replace("_", " ") for one in origin.missing)
    what = f"of its origin {left}" if len(origin.missing) < len(origin.stated()) else "its origin"
    return f"{what} is not stated: `lora-harness data origin {name}`"


def origin_text(one: ShownOrigin) -> str:
    """Return the card of a set, a field in a line."""
    rows = [(name.replace("_", " "), _word(value)) for name, value in one.origin.stated().items()]
    wide = max(len(name) for name, _ in rows)
    lines = [line for name, said in rows for line in hang(f"{name.ljust(wide)}  ", said, 100)]
    return "\n".join([ci_log(one.card), *lines])


def _word(value: str | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ci_log(value, limit=1000)


def origins_json(sets: Sequence[ShownOrigin]) -> dict[str, Any]:
    """Return the sets with what is stated and what is missing, as `--json` promises."""
    return {
        "sets": [
            {
                "set": one.set,
                "card": one.card,
                "origin": plain(one.origin.stated()),
                "missing": list(one.origin.missing),
            }
            for one in sets
        ]
    }
