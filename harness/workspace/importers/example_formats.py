"""The formats of training examples: which keys each has, and how a row of it becomes an example.

A row is a line of JSONL, an item of a JSON list, or a row of a table; its keys say the format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from harness.errors import DataError, HarnessError
from harness.records.training_example import TrainingExample
from harness.text.blanks import is_blank
from harness.workspace.formats.context import read_context
from harness.workspace.formats.fields import Table, kind_of
from harness.workspace.formats.reading import parse_json
from harness.workspace.importers.columns import SLICE
from harness.workspace.importers.conversations import (
    BlankText,
    Leftovers,
    Turn,
    example_of,
    is_filled,
    listed,
    turns_of,
    without_weights,
)
from harness.workspace.importers.given_cells import context_of

Read = Callable[[Table, int, Mapping[str, str], Leftovers], TrainingExample]
NAME_OF_ROW = "id"
"""A key that every format may have; it names the row and teaches nothing."""
TREATMENT = ("retired", "repeat")
"""Keys that every format may have: since when a row is not taught, and how often it is taught."""
MAX_REPEAT = 100


@dataclass(frozen=True, slots=True)
class ExampleFormat:
    """A format that training examples come in."""

    name: str
    """What people call it."""
    needs: tuple[str, ...]
    """The keys by which it is recognised."""
    may: tuple[str, ...]
    """Further keys that are read."""
    read: Read

    @property
    def known(self) -> tuple[str, ...]:
        """The keys that are read."""
        return (*self.needs, *self.may, "slices", *TREATMENT)


def _own(table: Table, line: int, slices: Mapping[str, str], left: Leftovers) -> TrainingExample:
    _refuse_blank(table, "input", "output")
    asked, answer = table.text("input"), table.text("output")
    context = read_context(table)
    return TrainingExample(line, asked, answer, slices, system=_system(table), context=context)


def _alpaca(table: Table, line: int, slices: Mapping[str, str], left: Leftovers) -> TrainingExample:
    instruction, more = (table.text(key, "", blank=True) for key in ("instruction", "input"))
    parts = [part for part in (instruction, more) if part.strip()]
    if not parts:
        raise BlankText(f"{table.where}: `instruction` is empty")
    _refuse_blank(table, "output")
    turns = [*_history(table), Turn(0, "user", "\n\n".join(parts))]
    answer = Turn(0, "assistant", table.text("output"), learnt=True)
    return example_of([*turns, answer], table, line, slices, left, _system(table))


def _history(table: Table) -> list[Turn]:
    """Return the earlier rounds as LLaMA-Factory writes them, pairs of texts; they are learnt."""
    raw = listed(table.any("history"), table.where)
    if not is_filled(raw):
        return []
    pairs = raw if isinstance(raw, list) else [raw]
    found = []
    for number, pair in enumerate(pairs, 1):
        is_pair = isinstance(pair, list) and len(pair) == 2
        if not is_pair or not all(isinstance(text, str) for text in pair):
            raise table.fail(
                f"round {number} of `history` is {kind_of(pair)}, two texts are needed"
            )
        found += [Turn(number, "user", pair[0]), Turn(number, "assistant", pair[1], learnt=True)]
    return found


def _chat(key: str) -> Read:
    def read(
        table: Table, line: int, slices: Mapping[str, str], left: Leftovers
    ) -> TrainingExample:
        turns = turns_of(table, key, left)
        example = example_of(turns, table, line, slices, left, _system(table))
        return replace(example, context=read_context(table))

    return read


def _pair(table: Table, line: int, slices: Mapping[str, str], left: Leftovers) -> TrainingExample:
    """Read TRL's prompt and completion, each a text or turns; only the completion is learnt."""
    prompt, completion = (_texts_or_turns(table, key) for key in ("prompt", "completion"))
    if isinstance(prompt, str) and isinstance(completion, str):
        _refuse_blank(table, "prompt", "completion")
        asked, answer = table.text("prompt"), table.text("completion")
        return TrainingExample(line, asked, answer, slices, system=_system(table))
    given = (
        [Turn(1, "user", prompt)]
        if isinstance(prompt, str)
        else without_weights(turns_of(table, "prompt", left, learnt=False))
    )
    taught = (
        [Turn(1, "assistant", completion, learnt=True)]
        if isinstance(completion, str)
        else turns_of(table, "completion", left)
    )
    numbered = [replace(turn, number=place) for place, turn in enumerate([*given, *taught], 1)]
    return example_of(numbered, table, line, slices, left, _system(table))


def _texts_or_turns(table: Table, key: str) -> Any:
    """Return a text, or something else; a text that is a JSON list of turns is no text."""
    value = table.any(key)
    found = listed(value, table.where)
    are_turns = isinstance(found, list) and all(isinstance(one, Mapping) for one in found)
    if are_turns:
        return found
    return table.text(key, blank=True)


def _system(table: Table) -> str | None:
    """Return the system text of a row that has one; a blank one counts as none."""
    system = table.text("system", "", blank=True)
    return system if system.strip() else None


def _context(table: Table) -> tuple[str, ...]:
    """Return the retrieved texts of a row; an empty text or list is a search that found nothing."""
    try:
        found = tuple(context_of(table.any("context")))
    except ValueError as problem:
        raise table.fail(str(problem)) from problem
    if any("\0" in text for text in found):
        raise table.fail("`context` holds a NUL character, texts have none")
    return found


def _refuse_blank(table: Table, *keys: str) -> None:
    for key in keys:
        value = table.any(key)
        if isinstance(value, str) and is_blank(value):
            raise BlankText(f"{table.where}: `{key}` is empty")


_BESIDE = ("system", "context")
CHAT = ExampleFormat("OpenAI chat", ("messages",), _BESIDE, _chat("messages"))
SHAREGPT = ExampleFormat("ShareGPT", ("conversations",), _BESIDE, _chat("conversations"))
PAIR = ExampleFormat("TRL prompt and completion", ("prompt", "completion"), _BESIDE, _pair)
ALPACA = ExampleFormat("Alpaca", ("instruction", "output"), ("input", "history", *_BESIDE), _alpaca)
OWN = ExampleFormat("input and output", ("input", "output"), _BESIDE, _own)
FORMATS = (CHAT, SHAREGPT, PAIR, ALPACA, OWN)
"""The formats, in the order in which a row is tried."""
FIELDS = tuple(dict.fromkeys(key for one in FORMATS for key in one.known))
"""The keys of all formats, for `--map`."""


def format_of(keys: Iterable[str]) -> ExampleFormat | None:
    """Return the format whose keys a row has."""
    present = set(keys)
    return next((one for one in FORMATS if present.issuperset(one.needs)), None)


def nearest_format(keys: Iterable[str]) -> ExampleFormat:
    """Return the format that lacks the fewest keys; our own where several do."""
    present = set(keys)
    return min((OWN, *FORMATS), key=lambda one: len(set(one.needs) - present) / len(one.needs))


def read_example(
    kind: ExampleFormat, values: Mapping[str, Any], line: int, where: str, left: Leftovers
) -> TrainingExample:
    """Read a row of a known format; keys that carry something and are not read go to `left`."""
    table = Table(values, where, DataError)
    example = kind.read(table, line, _slices(values), left)
    example = replace(
        example, context=_context(table), retired=_retired(table), repeat=_repeat(table)
    )
    for key, value in values.items():
        if key not in kind.known and key != NAME_OF_ROW and not SLICE.fullmatch(key):
            left.note(key, value)
    return example


def _retired(table: Table) -> str:
    """Return the day since which a row is no longer taught; empty where it is taught."""
    value = table.any("retired")
    if not is_filled(value):
        return ""
    try:  # a spreadsheet gives a day with the time 00:00:00
        return date.fromisoformat(value.strip()[:10]).isoformat()
    except (AttributeError, ValueError) as problem:
        raise table.fail(
            "`retired` needs the day since when it is not taught, such as 2026-06-01"
        ) from problem


def _repeat(table: Table) -> int:
    """Return how many times a row is taught; in a table of texts the number is a text."""
    value = table.any("repeat")
    if not is_filled(value):
        return 1
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:9])
    return Table({"repeat": value}, table.where, DataError).whole("repeat", 1, 1, MAX_REPEAT)


def _slices(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the slices that are texts; others are not refused, since slices are not learnt."""
    raw = values.get("slices")
    if isinstance(raw, str) and raw.lstrip().startswith("{"):
        try:
            raw = parse_json(raw, "")
        except HarnessError:
            raw = {}
    entries = dict(raw) if isinstance(raw, Mapping) else {}
    for key, value in values.items():
        if match := SLICE.fullmatch(key):
            entries[match[1].strip()] = value
    return {name: text for name, text in entries.items() if isinstance(text, str) and text.strip()}
