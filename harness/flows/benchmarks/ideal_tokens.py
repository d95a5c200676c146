"""Compare the tokens of a benchmark's ideals with the number that an output may have.

An output that reaches `max_new_tokens` is cut, so an ideal that needs more can never be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.engines.local.shipped import CORE
from harness.errors import HarnessError
from harness.flows.project import Project
from harness.records import Case
from harness.store.keys import key_of
from harness.workspace.base.gguf import converted_folder
from harness.workspace.base.weights import Weights, find_weights
from harness.workspace.formats.cache import remember, remembered

_REMEMBERED = "ideals.json"
_WAY = "1"
"""Raised when ideals become tokens in another way."""


@dataclass(frozen=True, slots=True)
class IdealTokens:
    """The tokens of ideals, or why they are not known on this machine."""

    longest: tuple[int, ...] = ()
    """For each case the tokens of its longest ideal, the end of the turn included."""
    note: str = ""
    """Why nothing was counted; empty where it was."""


def ideal_tokens(project: Project, cases: Sequence[Case]) -> IdealTokens:
    """Count with the base's tokenizer where it is on this machine; nothing is fetched for it."""
    try:
        base = find_weights(project.settings.base, project.settings.root, fetch=False)
    except HarnessError:
        return IdealTokens(note=_note("the base is not on this machine"))
    folder = converted_folder(base)
    if folder is None:
        return IdealTokens(note=_note("the base is converted at its first run"))
    if not any((folder / name).is_file() for name in CORE):
        return IdealTokens(note=_note("the base's tokenizer is not on this machine"))
    try:
        return IdealTokens(_counted(base, folder, cases))
    except HarnessError as problem:
        return IdealTokens(note=_note(str(problem)))


def _note(why: str) -> str:
    return f"the ideals' tokens are not compared with max_new_tokens: {why}"


def _counted(base: Weights, folder: Path, cases: Sequence[Case]) -> tuple[int, ...]:
    ideals = [ideal for case in cases for ideal in case.ideals]
    key = key_of("ideals", way=_WAY, base=base.digest, ideals=ideals)
    counts = remembered(_REMEMBERED).get(key)
    if not isinstance(counts, list) or len(counts) != len(ideals):
        from harness.engines.local.ideal_lengths import ideal_lengths

        counts = ideal_lengths(folder, ideals)
        remember(_REMEMBERED, key, counts)
    each = iter(counts)
    return tuple(max(next(each) for _ in case.ideals) for case in cases)
