"""Read what a case or an example is given: its input or `messages`, its system text and context.

Tested in tests/workspace/project/test_conversations.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.records import Message
from harness.workspace.formats.context import read_context
from harness.workspace.formats.fields import Table, kind_of

ROLES = ("system", "user", "assistant")
INPUT, CONTEXT = "{input}", "{context}"
"""The placeholders of a benchmark's template."""


@dataclass(frozen=True, slots=True)
class Given:
    """All that a case gives to the model, but for what its benchmark adds."""

    input: str
    """The user's last turn."""
    turns: tuple[Message, ...] = ()
    """The turns before it, without a system turn."""
    system: str | None = None
    """The system turn; empty for none, None where it is the benchmark's."""
    context: tuple[str, ...] = ()

    def fields(self) -> Mapping[str, Any]:
        """Return the values by the names that the records give them."""
        return {name: getattr(self, name) for name in ("input", "turns", "system", "context")}


def read_given(table: Table, *, own_system: bool = True) -> Given:
    """Read `input` or `messages`, and `context` beside them.

    `own_system`: whether there may be a key `system`, too; an example has that of the case.
    """
    context = read_context(table)
    system = table.text("system", blank=True) if own_system and table.has("system") else None
    if not table.has("messages"):
        return Given(table.text("input"), (), system, context)
    if table.has("input"):
        raise table.fail("has `input` and `messages`, the input is the last turn of the messages")
    turns = _turns(table)
    if turns[0].role == "system":
        if system is not None:
            raise table.fail("has `system` and a system turn in `messages`, one of them is needed")
        system = turns[0].content
        turns = turns[1:]
    if not turns or turns[-1].role != "user":
        last = f"the {turns[-1].role}'s" if turns else "the system's"
        raise table.fail(
            f"`messages` ends with {last} turn, the user's is last: what the assistant should"
            " answer is `ideal`"
        )
    return Given(turns[-1].content, turns[:-1], system, context)


def refuse_unseen(table: Table, given: Given, template: str) -> None:
    """Refuse context that a benchmark's template would not show."""
    if given.context and CONTEXT not in template:
        raise table.fail(
            f"has `context`, but `template` of benchmark.toml has no {CONTEXT}: no prompt would"
            " show it"
        )


def _turns(table: Table) -> tuple[Message, ...]:
    raw = table.any("messages")
    if not isinstance(raw, list):
        raise table.fail(f"`messages` is {kind_of(raw)}, a list of turns is needed")
    if not raw:
        raise table.fail("`messages` is empty, one turn of the user at least is needed")
    return tuple(_turn(table, number, item) for number, item in enumerate(raw, start=1))


def _turn(table: Table, number: int, raw: Any) -> Message:
    turn = Table(raw, f"{table.where}: turn {number} of `messages`", table.error)
    role = turn.choice("role", None, ROLES)
    if role == "system" and number > 1:
        raise turn.fail("is the system's, which is allowed as the first turn only")
    # A blank system turn says that there is none, as `system = ""` does.
    content = turn.text("content", blank=role == "system")
    turn.done()
    return Message(role, content)  # type: ignore[arg-type]  # checked by choice
