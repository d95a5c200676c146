"""Findings that say the same of many cases, folded into one line with a count and the first ids.

Tested in tests/render/test_folded.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from harness.render.changes import id_list
from harness.render.findings import ShownFinding

FEW = 3
"""Findings that are each shown: so many are read as fast as a line that folds them."""
FIRST = 5
"""Names of the others that the line shows; `--json` has all findings."""
DIFFERENT = 3
"""Words in which two messages may differ and still say the same: a case, another, and a number."""
_QUOTED = re.compile(r'"[^"]*"')
_AROUND = ".,:;()"


class FoldedFinding(NamedTuple):
    """A finding, and those that say the same of other cases or lines."""

    first: ShownFinding
    more: tuple[ShownFinding, ...]

    @property
    def message(self) -> str:
        """The message, with the number and the names of the others."""
        if not self.more:
            return self.first.message
        names = self._names()
        rest = ", …" if len(names) > FIRST else ""
        return f"{self.first.message} (and {len(names)} more: {id_list(names[:FIRST])}{rest})"

    def _names(self) -> list[str]:
        """Return the word that tells each of the others from the first, else its line."""
        words = _words(self.first.message)
        found = []
        for one in self.more:
            pairs = zip(words, _words(one.message), strict=True)
            other = next((mine for theirs, mine in pairs if mine != theirs), None)
            line = "the same" if one.line is None else f"line {one.line}"
            found.append(line if other is None else other.strip(_AROUND))
        return found


def folded(findings: Sequence[ShownFinding]) -> list[FoldedFinding]:
    """Fold findings that say the same; few of them stay as they are, and so does the order."""
    groups: list[list[ShownFinding]] = []
    for finding in findings:
        group = next((some for some in groups if _alike(some[0], finding)), None)
        if group is None:
            groups.append([finding])
        else:
            group.append(finding)
    whole = {id(some[0]): some for some in groups if len(some) > FEW}
    inside = {id(one) for some in whole.values() for one in some[1:]}
    return [
        FoldedFinding(finding, tuple(whole.get(id(finding), [])[1:]))
        for finding in findings
        if id(finding) not in inside
    ]


def _alike(one: ShownFinding, other: ShownFinding) -> bool:
    """Tell whether two findings are one sentence about two things; quotations may differ."""
    mine, theirs = _words(one.message), _words(other.message)
    if one.kind != other.kind or len(mine) != len(theirs):
        return False
    different = sum(x != y for x, y in zip(mine, theirs, strict=True))
    return different <= min(DIFFERENT, len(mine) // 2)


def _words(message: str) -> list[str]:
    return _QUOTED.sub('"…"', message).split()
