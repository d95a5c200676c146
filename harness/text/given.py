"""What a model was given for a case or a review, in reading order and as JSON.

Tested in tests/render/test_given.py.
"""

from __future__ import annotations

from typing import Any, Protocol

from harness.records import Message


class WithTurns(Protocol):
    """A case, or an output that is reviewed."""

    @property
    def input(self) -> str: ...  # noqa: D102
    @property
    def turns(self) -> tuple[Message, ...]: ...  # noqa: D102
    @property
    def system(self) -> str | None: ...  # noqa: D102
    @property
    def context(self) -> tuple[str, ...]: ...  # noqa: D102


def given(of: WithTurns) -> list[tuple[str, str]]:
    """Return its texts in reading order, each with its name; the user's last turn is `input`."""
    found = [] if of.system is None else [("system", of.system or "(none)")]
    found += [(turn.role, turn.content) for turn in of.turns]
    for number, text in enumerate(of.context, start=1):
        found.append((f"context {number}" if len(of.context) > 1 else "context", text))
    return [*found, ("input", of.input)]


def is_plain(of: WithTurns) -> bool:
    """Return whether it has nothing but its input."""
    return len(given(of)) == 1


def beside_input(of: WithTurns) -> dict[str, Any]:
    """Return what it has beside its input, by the keys of `cases.jsonl`; empty for most."""
    found: dict[str, Any] = {}
    if of.turns:
        turns = [(turn.role, turn.content) for turn in of.turns]
        found["messages"] = [
            {"role": role, "content": content} for role, content in (*turns, ("user", of.input))
        ]
    if of.system is not None:
        found["system"] = of.system
    if of.context:
        found["context"] = list(of.context)
    return found
