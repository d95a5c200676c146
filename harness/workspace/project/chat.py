"""Read `[chat]` of a benchmark: the chat template, its variables, and what is stripped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from harness.errors import BenchmarkError
from harness.records import ADAPTER_TEMPLATE, BASE_TEMPLATE, Chat
from harness.text.blanks import is_blank
from harness.workspace.formats.fields import Table
from harness.workspace.formats.names import inside
from harness.workspace.formats.reading import read_text

MAX_TEMPLATE_BYTES = 1024 * 1024


def read_chat(table: Table, folder: Path) -> Chat:
    """Read the table `[chat]`; a template in a file lies inside the benchmark's folder."""
    template = table.text("template", "", blank=True)
    text = ""
    if template and template not in (BASE_TEMPLATE, ADAPTER_TEMPLATE):
        file = folder / template
        inside(folder, file, BenchmarkError)
        if not file.is_file():
            raise table.fail(
                f"`template` is {template!r}, allowed are base, adapter or the name of a file in"
                f" {folder}"
            )
        text = read_text(file, BenchmarkError, MAX_TEMPLATE_BYTES)
        if is_blank(text):
            raise table.fail(f"`template` names {template}, which is empty")
    strip = table.choice("strip", "think", ("think",)) if table.has("strip") else ""
    chat = Chat(template, text, _kwargs(table), strip)  # type: ignore[arg-type]  # checked by choice
    table.done()
    return chat


def _kwargs(table: Table) -> Mapping[str, object]:
    kwargs = table.table("kwargs").raw
    try:
        json.dumps(kwargs, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise table.fail("`kwargs` holds a date or no number, which templates do not take") from (
            problem
        )
    return dict(kwargs)
