"""Read the turns of a conversation as OpenAI, ShareGPT and TRL write them into an example.

Tested in tests/workspace/importers/test_example_formats.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from harness.errors import DataError, HarnessError
from harness.records import Message
from harness.records.training_example import TrainingExample
from harness.text.blanks import is_blank
from harness.text.quoting import brief
from harness.workspace.formats.fields import Table, kind_of
from harness.workspace.formats.reading import parse_json

Role = Literal["system", "user", "assistant"]
ROLES: Mapping[str, Role] = {
    "system": "system", "developer": "system", "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "chatgpt": "assistant",
}  # fmt: skip
"""The words of several tools for the three roles."""
_ROLE, _TEXT = ("role", "from"), ("content", "value")


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a conversation that is being read."""

    number: int
    """Its place in the file's list, from 1."""
    role: Role
    content: str
    learnt: bool = False


@dataclass(slots=True)
class Leftovers:
    """The parts of a row that no example holds."""

    ignored: frozenset[str] = frozenset()
    """Names that the user wants to be left out; `messages.NAME` is a key of a turn."""
    unread: list[str] = field(default_factory=list)
    """Names that carry something and were not read."""
    cut: bool = False
    """Whether turns follow that teach nothing."""

    def note(self, name: str, value: object) -> None:
        """Remember a key that was not read, unless it is empty or ignored."""
        if is_filled(value) and name not in self.ignored and name not in self.unread:
            self.unread.append(name)


class BlankText(DataError):
    """An input or output that is blank."""


def is_filled(value: object) -> bool:
    """Return whether a value carries anything."""
    return not is_blank(value) if isinstance(value, str) else value not in (None, [], {})


def listed(value: Any, where: str) -> Any:
    """Return a list that a cell of a table holds as JSON; any other value is returned as given."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return parse_json(value, where)
        except HarnessError:
            return value  # a text that begins with a bracket
    return value


def turns_of(table: Table, key: str, left: Leftovers, *, learnt: bool = True) -> list[Turn]:
    """Read a list of turns; `learnt`: whether an assistant's turn without a weight is."""
    raw = listed(table.any(key), table.where)
    if not isinstance(raw, list) or not raw:
        what = "is empty" if raw in ("", []) else f"is {kind_of(raw)}"
        raise table.fail(f"`{key}` {what}, a list of turns is needed")
    return [_turn(table, key, number, one, left, learnt) for number, one in enumerate(raw, 1)]


def _turn(table: Table, key: str, number: int, raw: Any, left: Leftovers, learnt: bool) -> Turn:
    where = f"turn {number} of `{key}`"
    if not isinstance(raw, Mapping):
        raise table.fail(f"{where} is {kind_of(raw)}, an object with role and content is needed")
    said = {name: value for name, value in raw.items() if value is not None}
    named = next((said[name] for name in _ROLE if name in said), None)
    role = ROLES.get(named.strip().casefold()) if isinstance(named, str) else None
    if role is None:
        shown = "no role" if named is None else f"the role {brief(named)}"
        raise table.fail(f"{where} has {shown}, known are system, user and assistant")
    content = _content(table, where, next((said[name] for name in _TEXT if name in said), None))
    for name, value in said.items():
        if name not in (*_ROLE, *_TEXT, "weight"):
            left.note(f"{key}.{name}", value)
    weight = said.get("weight", int(learnt) if role == "assistant" else 0)
    if isinstance(weight, bool) or weight not in (0, 1):
        raise table.fail(f"{where} has the weight {brief(weight)}, allowed are 0 and 1")
    if weight and role != "assistant":
        raise table.fail(f"{where} has a weight, only the assistant's turns are learnt")
    return Turn(number, role, content, bool(weight))


def _content(table: Table, where: str, raw: Any) -> str:
    """Return the text of a turn, which may be given as a list of text parts."""
    parts = raw if isinstance(raw, list) else [raw]
    texts = [part.get("text") if _is_text_part(part) else part for part in parts]
    wrong = next((text for text in texts if not isinstance(text, str)), None)
    if wrong is not None or None in texts or not texts:
        kind = wrong.get("type") if isinstance(wrong, Mapping) else None
        what = brief(kind) if isinstance(kind, str) else kind_of(wrong)
        raise table.fail(f"the content of {where} is {what}, a text is needed")
    text = "".join(cast(list[str], texts))
    if "\0" in text:
        raise table.fail(f"the content of {where} holds a NUL character, texts have none")
    return text


def _is_text_part(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type", "text") == "text"


def example_of(
    turns: Sequence[Turn],
    table: Table,
    line: int,
    slices: Mapping[str, str],
    left: Leftovers,
    system: str | None = None,
) -> TrainingExample:
    """Return the example that turns make: it ends with the last turn that is learnt.

    A blank system turn says that there is none, as in a case.
    """
    if turns and turns[0].role == "system":
        own, turns = turns[0].content, turns[1:]
        if system is not None and system != own:
            raise table.fail("has a `system` and a system turn that differ, one is needed")
        system = own
    last = max((place for place, turn in enumerate(turns) if turn.learnt), default=None)
    _refuse(turns, table, last)
    assert last is not None
    left.cut = last + 1 < len(turns)
    *before, asked, answer = turns[: last + 1]
    return TrainingExample(
        line,
        asked.content,
        answer.content,
        slices,
        turns=tuple(Message(turn.role, turn.content) for turn in before),
        system=system if system is None or system.strip() else "",
        learnt=tuple(place for place, turn in enumerate(before) if turn.learnt),
    )


def _refuse(turns: Sequence[Turn], table: Table, last: int | None) -> None:
    """Refuse turns from which nothing can be learnt, or in an order that cannot be rendered."""
    if last is None:
        has = any(turn.role == "assistant" for turn in turns)
        why = "every turn of the assistant has weight 0" if has else "no turn is the assistant's"
        raise table.fail(f"teaches nothing: {why}")
    for place, turn in enumerate(turns[: last + 1]):
        if turn.role == "system":
            raise table.fail(f"turn {turn.number} is the system's, only the first one may be")
        if turn.learnt and (place == 0 or turns[place - 1].role != "user"):
            raise table.fail(
                f"turn {turn.number} is the assistant's, a user's turn has to stand before it"
            )
        if is_blank(turn.content) and (turn.role == "user" or turn.learnt):
            raise BlankText(f"{table.where}: turn {turn.number} is empty")


def without_weights(turns: Iterable[Turn]) -> list[Turn]:
    """Return turns of which none is learnt: those of a prompt."""
    return [Turn(turn.number, turn.role, turn.content) for turn in turns]
