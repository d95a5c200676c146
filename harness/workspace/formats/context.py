"""Read the `context` of a case or an example: retrieved texts.

Tested in tests/workspace/project/test_conversations.py.
"""

from __future__ import annotations

from harness.text.blanks import is_blank
from harness.workspace.formats.fields import Table, kind_of


def read_context(table: Table) -> tuple[str, ...]:
    """Read one text or several; an empty text or list is a search that found nothing."""
    if not table.has("context"):
        return ()
    raw = table.any("context")
    if isinstance(raw, str) and is_blank(raw):
        return ()
    texts = raw if isinstance(raw, list) else [raw]
    said = "has one that is" if isinstance(raw, list) else "is"
    for text in texts:
        if not isinstance(text, str):
            raise table.fail(f"`context` {said} {kind_of(text)}, a text or several are needed")
        if "\0" in text:
            raise table.fail(f"`context` {said} a text with a NUL character, texts have none")
        if is_blank(text):
            raise table.fail(f"`context` {said} blank, leave it out")
    return tuple(texts)
