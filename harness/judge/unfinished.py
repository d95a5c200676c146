"""Count the texts of a run that are no whole answers: cut, or still thinking at their end.

Tested in tests/judge/test_notes.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from harness.records import Run

UNFINISHED = re.compile(
    r"\d+ of \d+ texts of \S+ (?:(?:was|were) cut at max_new_tokens.*|never ended their thinking.*)"
)


def unfinished_notes(runs: Iterable[Run]) -> tuple[str, ...]:
    """Count for each run the texts that are no whole answers; no note where all are."""
    notes = []
    for run in runs:
        outputs = [output for result in run.results for output in result.outputs]
        of = f"of {len(outputs)} texts of {run.adapter}"
        if cut := sum(output.finish == "length" for output in outputs):
            were = "was" if cut == 1 else "were"
            notes.append(f"{cut} {of} {were} cut at max_new_tokens{_limit(run)}")
        if unended := sum(output.unended for output in outputs):
            notes.append(f"{unended} {of} never ended their thinking, and count as empty")
    return tuple(notes)


def counts_unfinished(note: str) -> bool:
    """Tell whether a note counts unfinished texts; verdicts of version 1.0.0 have none."""
    return UNFINISHED.fullmatch(note) is not None


def _limit(run: Run) -> str:
    decoding = run.origin.get("decoding")
    limit = decoding.get("max_new_tokens") if isinstance(decoding, Mapping) else None
    return "" if limit is None else f" = {limit}"
