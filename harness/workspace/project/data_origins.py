"""Read and write a training set's origin card, `SET.origin.toml` beside its file.

The card is about the set, so all its versions have the same one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.errors import DataError, WorldFailed, reason
from harness.records import NOT_STATED, DataOrigin
from harness.text.blanks import is_blank
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import toml_table
from harness.workspace.formats.reading import read_text
from harness.workspace.project.data_versions import version_of

ORIGIN_CARD = ".origin.toml"
_MAX_WORDS = 1000
_MAX_CARD = 64 * 1024
FLAGS = tuple(one.name for one in fields(DataOrigin) if "bool" in str(one.type))
"""The fields that are yes or no."""


def origin_card_of(file: Path) -> Path:
    """Return the card of a training set's file, or of a path such as `datasets/outreach@3`."""
    named = version_of(file)
    return file.with_name(f"{named[0] if named else file.stem}{ORIGIN_CARD}")


def read_data_origin(file: Path) -> DataOrigin:
    """Read the card of a training set; without a card nothing is stated."""
    card = origin_card_of(file)
    if not card.exists():
        return DataOrigin()
    table = toml_table(card, DataError)
    found: dict[str, Any] = {}
    for one in fields(DataOrigin):
        if not table.has(one.name) or table.any(one.name) == NOT_STATED:
            continue
        if one.name in FLAGS:
            found[one.name] = table.flag(one.name)
            continue
        text = table.text(one.name).strip()
        if fault := text_fault(text):
            raise table.fail(f"`{one.name}` {fault}")
        found[one.name] = text
    table.done()
    return DataOrigin(**found)


def text_fault(text: str) -> str:
    """Return what is wrong with a text that a card should hold; empty if nothing is."""
    if is_blank(text) or not text.isprintable() or len(text) > _MAX_WORDS:
        return f"must be one line of at most {_MAX_WORDS:,} letters"
    return ""


def write_data_origin(file: Path, origin: DataOrigin) -> Path:
    """Write the card of a training set; comments of an earlier card move to the top."""
    card = origin_card_of(file)
    old = read_text(card, DataError, _MAX_CARD) if card.exists() else ""
    lines = [line.strip() for line in old.splitlines() if line.lstrip().startswith("#")]
    # JSON and TOML write printable text, true and false in the same way.
    lines += [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in origin.stated().items()
        if value != NOT_STATED
    ]
    try:
        write_atomically(card, "\n".join(lines) + "\n")
        card.chmod(0o644)
    except OSError as problem:
        raise WorldFailed(f"{card}: cannot be written ({reason(problem)})") from problem
    return card


def recorded_origin(table: object) -> DataOrigin:
    """Return the origin that `training.json` carries; what is damaged counts as not stated."""
    values = table if isinstance(table, Mapping) else {}
    found: dict[str, Any] = {}
    for one in fields(DataOrigin):
        value = values.get(one.name)
        if one.name in FLAGS:
            found[one.name] = value if isinstance(value, bool) else None
        elif isinstance(value, str) and value != NOT_STATED and not text_fault(value):
            found[one.name] = value
    return DataOrigin(**found)
