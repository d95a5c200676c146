"""Fill in `{{ name }}` in imported texts; no other part of a template language is run.

Tested in `tests/workspace/importers/test_any_tool.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MARK = re.compile(r"\{\{\s*(?P<name>[\w.-]+)\s*\}\}|(?P<other>\{[{%#])")


def filled(template: str, values: Mapping[str, str], where: str) -> str:
    """Return the text with its placeholders filled; a ValueError names any other template code."""

    def fill(match: re.Match[str]) -> str:
        if match["other"]:
            here = template[match.start() : match.start() + 40].split("\n")[0]
            raise ValueError(f"{where} has {here!r}, only plain {{{{name}}}} is filled in")
        if match["name"] not in values:
            known = ", ".join(values) or "none"
            raise ValueError(f"{where} names {{{{{match['name']}}}}}, known are {known}")
        return values[match["name"]]

    return _MARK.sub(fill, template)


def is_template(text: str) -> bool:
    """Return whether the text has a placeholder or other template code."""
    return _MARK.search(text) is not None
