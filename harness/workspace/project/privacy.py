"""Read `[privacy]`: how much of the texts may be shown.

Tested in tests/workspace/project/test_settings.py.
"""

from __future__ import annotations

from typing import Any, cast, get_args

from harness.records import PersonalKind, Privacy
from harness.workspace.formats.fields import Table, kind_of, suggestion

KINDS: tuple[str, ...] = get_args(PersonalKind)
MAX_PATTERNS = 100
"""Entries of `redact`; each is looked for in every text that is shown."""


def read_privacy(table: Table) -> Privacy:
    """Read `[privacy]`; the patterns themselves are checked where they are used."""
    entries = table.any("redact", [])
    if not isinstance(entries, list) or len(entries) > MAX_PATTERNS:
        raise table.fail(
            f"`redact` is {kind_of(entries)}, a list of at most {MAX_PATTERNS} is needed"
        )
    checked = list(dict.fromkeys(_entry(table, one) for one in entries))
    region = table.text("region", Privacy().region)
    if len(region) != 2 or not (region.isascii() and region.isalpha() and region.isupper()):
        raise table.fail(f"`region` is {region[:20]!r}, a country in two letters is needed, as US")
    found = Privacy(
        texts=table.flag("texts", True),
        kinds=tuple(cast(PersonalKind, one) for one in checked if one in KINDS),
        patterns=tuple(one[1:-1] for one in checked if one not in KINDS),
        region=region,
    )
    table.done()
    return found


def _entry(table: Table, entry: Any) -> str:
    if isinstance(entry, str) and (entry in KINDS or _pattern(entry)):
        return entry
    shown = repr(entry[:60]) if isinstance(entry, str) else kind_of(entry)
    near = suggestion(entry, KINDS) if isinstance(entry, str) else f", known are {', '.join(KINDS)}"
    raise table.fail(f"`redact` names {shown}{near}; a pattern stands between slashes, /ACME-.*/")


def _pattern(entry: str) -> bool:
    return len(entry) > 2 and entry.startswith("/") and entry.endswith("/")
