"""Record where an adapter's files came from, in `origin.json` beside them.

It belongs to no digest and no signature: it says where the bytes came from, their digest says what
they are.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused
from harness.records.holds import EXACT
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.reading import read_json

ORIGIN = "origin.json"
_FORMAT = 1
_LIMIT = 64 * 1024
_MAX_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class AdapterOrigin:
    """The place that an adapter was fetched from."""

    ref: str = field(metadata=EXACT)
    """The reference as it was asked for; of a folder its whole path."""
    resolved: str = field(metadata=EXACT)
    """The same with a commit or a version in place of a branch, a tag or an alias."""
    revision: str | None = field(metadata=EXACT)
    """Commit of a Hub, version of a registry, or run; None for a folder."""
    where: str = field(metadata=EXACT)
    """Address of the Hub or of MLflow, without user and query; empty for a folder."""
    at: str = field(metadata=EXACT)
    """When it was fetched; ISO 8601, UTC."""
    digest: str = field(metadata=EXACT)
    """Of the judged files as they came."""
    by: str = field(metadata=EXACT)
    """The software that fetched it, with its version."""

    @property
    def public(self) -> bool:
        """Whether others can follow the reference; a path on this machine leads them nowhere."""
        return self.revision is not None


def write_origin(folder: Path, origin: AdapterOrigin) -> None:
    """Write the record into an adapter's folder."""
    text = json.dumps({"format": _FORMAT} | asdict(origin), indent=2, ensure_ascii=False)
    write_atomically(folder / ORIGIN, text + "\n")
    (folder / ORIGIN).chmod(0o644)


def read_origin(folder: Path) -> AdapterOrigin | None:
    """Return the record, or None for an adapter that was not fetched; refuse a damaged record."""
    path = folder / ORIGIN
    if not path.exists():
        return None
    found = read_json(path, AdapterRefused, _LIMIT)
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise AdapterRefused(f"{path}:1: is no record of an origin, `lora-harness fetch` makes it")
    texts = {name: _text(found, name, path) for name in ("ref", "resolved", "where", "at", "by")}
    revision = None if found.get("revision") is None else _text(found, "revision", path)
    return AdapterOrigin(**texts, revision=revision, digest=_text(found, "digest", path))


def _text(table: dict[str, Any], name: str, path: Path) -> str:
    value = table.get(name)
    if not isinstance(value, str) or len(value) > _MAX_LENGTH:
        raise AdapterRefused(f"{path}: `{name}` must be a text of at most {_MAX_LENGTH} letters")
    return value


def origin_of(folder: Path, digest: str) -> AdapterOrigin | None:
    """Return the record if it is of these bytes; None if it is damaged or of other bytes."""
    try:
        found = read_origin(folder)
    except AdapterRefused:
        return None
    return found if found is not None and found.digest == digest else None
