"""Turn rows of training formats (OpenAI chat, ShareGPT, TRL, Alpaca) into rows of cases.

What such a format means is more than its columns: the instruction of Alpaca is a part of the input,
and the last answer of a conversation is the ideal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from harness.errors import HarnessError
from harness.records.training_example import TrainingExample
from harness.workspace.formats.tables import TableRow, TableRows
from harness.workspace.importers.case_table import CaseTable
from harness.workspace.importers.conversations import Leftovers, listed
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.importers.example_formats import (
    CHAT,
    OWN,
    PAIR,
    ExampleFormat,
    format_of,
    read_example,
)

MAX_ROWS = 100_001
"""Rows that are held; one more than an import takes, which refuses it."""
_IDEAL = "ideal"


def example_cases(rows: TableRows, ideals: Collection[str] = (_IDEAL,)) -> CaseTable | None:
    """Return the rows as cases; None for a table whose columns are a case's own.

    `ideals` are the usual names of the ideal's column: a conversation beside such a column is the
    input alone.
    """
    plain = ExampleColumns()
    kind = format_of(plain.applied(dict.fromkeys(rows.columns)))
    if kind is None or kind is OWN:
        return None
    if kind is CHAT and any(name.strip().casefold() in ideals for name in rows.columns):
        return None
    first = list(islice(rows.each, 1))
    rows = TableRows(rows.columns, chain(first, rows.each))
    if kind is PAIR and not any(_has_turns(plain.applied(row.values)) for row in first):
        return CaseTable(rows)  # two columns of text, which are understood by their names
    left: Counter[str] = Counter()
    found = list(_cases(kind, islice(rows.each, MAX_ROWS), left))
    names = dict.fromkeys(name for row in found for name in row.values)
    return CaseTable(TableRows(tuple(names), iter(found)), left, kind.name)


def _has_turns(values: Mapping[str, Any]) -> bool:
    return any(isinstance(listed(values.get(key), ""), list) for key in PAIR.needs)


def _cases(kind: ExampleFormat, rows: Iterable[TableRow], left: Counter[str]) -> Iterator[TableRow]:
    columns = ExampleColumns()
    for row in rows:
        over = Leftovers()
        try:
            values = columns.applied(row.values)
            example = None if row.problem else read_example(kind, values, row.line, "", over)
        except HarnessError as problem:
            yield TableRow(row.line, {}, str(problem).removeprefix(": "))
            continue
        if example is None:
            yield row
            continue
        left.update(name for name in over.unread if name not in values)  # keys of turns
        rest = {
            k: v for k, v in values.items() if k not in kind.known or k in ("slices", "context")
        }
        yield TableRow(row.line, rest | _case(example))


def _case(example: TrainingExample) -> dict[str, Any]:
    """Return the keys of a case: the conversation before the last answer, and the answer."""
    system = {} if example.system is None else {"system": example.system}
    if not example.turns:
        return {"input": example.input, **system, _IDEAL: example.output}
    turns = [(turn.role, turn.content) for turn in example.turns]
    messages: Sequence[dict[str, str]] = [
        {"role": role, "content": content} for role, content in (*turns, ("user", example.input))
    ]
    return {"messages": messages, **system, _IDEAL: example.output}
