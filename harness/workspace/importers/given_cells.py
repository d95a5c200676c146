"""Read the cells of a row that say what a model was given, as `cases.jsonl` writes it.

Tested in tests/flows/benchmarks/test_importing_turns.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import HarnessError
from harness.text.blanks import is_blank
from harness.workspace.formats.reading import parse_json
from harness.workspace.importers.columns import Columns, Wanted, text_of

GIVEN: Wanted = {
    "messages": (),
    "system": ("system_prompt", "system_message"),
    "context": ("contexts", "retrieved_context", "retrieved_contexts", "passage", "passages"),
}
"""The fields beside `input` with the names that tables give them, the likeliest first."""
TURN = '[{"role": "user", "content": "Hi"}]'


def given_cells(values: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return `input` or `messages`, and `system` and `context` where the row has them.

    A blank cell says nothing: a table cannot tell "no system text" from "that of the benchmark".
    """
    found: dict[str, Any] = {}
    text = columns.text(values, "input")
    if messages := _messages(_cell(values, columns, "messages")):
        found["messages"] = messages
    if not is_blank(text) or not messages:
        found["input"] = text
    system = columns.text(values, "system")
    if not is_blank(system):
        found["system"] = system
    if context := context_of(_cell(values, columns, "context")):
        found["context"] = context[0] if len(context) == 1 else context
    return found


def _cell(values: Mapping[str, Any], columns: Columns, name: str) -> Any:
    return values.get(columns.of[name]) if name in columns.of else columns.constants.get(name)


def _messages(cell: Any) -> Any:
    """Return the turns of a cell of JSON; the reader of cases has the last word about them."""
    if isinstance(cell, str) and not is_blank(cell):
        try:
            return parse_json(cell, "`messages`")
        except HarnessError as problem:
            raise ValueError(f"{problem}, {TURN} is an example") from problem
    return cell or None


def context_of(cell: Any) -> list[str]:
    """Return the texts of a cell: one text, or several as a JSON list."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            found = parse_json(cell, "")
        except HarnessError:
            found = None  # no JSON, so a text that begins with a bracket
        if isinstance(found, list) and all(isinstance(item, str) for item in found):
            cell = found
    texts = cell if isinstance(cell, list) else [cell]
    return [text for text in (text_of(item, "context") for item in texts) if not is_blank(text)]
