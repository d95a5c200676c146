"""Say of every compared run whose adapter is only a name what the name stands for."""

from __future__ import annotations

from collections.abc import Iterable

from harness.records import NOT_BYTES, Run


def named_notes(runs: Iterable[Run]) -> tuple[str, ...]:
    """Return a note for each run of a name: where it was asked, and when."""
    return tuple(dict.fromkeys(named_note(run) for run in runs if run.named))


def named_note(run: Run) -> str:
    """Return the sentence on what answered under the name."""
    who = " at ".join(str(run.origin[key]) for key in ("model", "url") if run.origin.get(key))
    asked = str(run.origin.get("asked") or run.started)[:10]
    what = f"{who} answered" if who else "it answered"
    when = f" on {asked}" if asked else ""
    return f"{run.adapter} is {NOT_BYTES}: {what}{when}, and may answer otherwise later"
