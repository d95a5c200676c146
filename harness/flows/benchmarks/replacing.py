"""Match imported cases with those they replace, so that a case whose input stays keeps its id.

Verdicts, accepted cases and charts speak of cases by id. Tested in
tests/flows/benchmarks/test_replacing.py.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, HarnessError
from harness.findings.words import normal
from harness.records import PLACEHOLDER
from harness.records.holds import EXACT
from harness.text.blanks import same_look
from harness.workspace.formats.reading import json_object, jsonl_lines

CaseObject = dict[str, Any]
"""An object of `cases.jsonl`."""

CONTENT = ("messages", "system", "context")
"""Keys that belong to a case's input beside `input` itself."""
_OWN = ("id", "input", "ideal", "slices", *CONTENT)
"""Keys with a rule of their own; any other key that the import lacks is taken over as it is."""


@dataclass(slots=True)
class Replaced:
    """What becomes of the cases that an import replaces, by id."""

    same: list[str] = field(default_factory=list, metadata=EXACT)
    new: list[str] = field(default_factory=list, metadata=EXACT)
    gone: list[str] = field(default_factory=list, metadata=EXACT)
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict, metadata=EXACT)
    """The keys that differ, by id."""
    renamed: dict[str, str] = field(default_factory=dict, metadata=EXACT)
    """The file's own id of a case whose input stays, by its old id."""
    kept: dict[str, int] = field(default_factory=dict, metadata=EXACT)
    """Keys that were taken over because the file has none of them, with the number of cases."""
    unread: int = 0
    """Lines of the old file that are no cases, and are gone."""


def old_cases(path: Path) -> tuple[list[CaseObject], int]:
    """Return the objects of a `cases.jsonl` that have an id, and the number of other lines."""
    found, unread = [], 0
    if not path.exists():
        return [], 0
    for number, line in jsonl_lines(path, BenchmarkError):
        try:
            case = json_object(line, f"{path}:{number}", BenchmarkError)
        except HarnessError:
            unread += 1
            continue
        if isinstance(case.get("id"), str) and isinstance(case.get("ideal"), str | list):
            found.append(case)
        else:
            unread += 1
    return found, unread


def replace_cases(
    old: Sequence[CaseObject],
    new: Sequence[CaseObject],
    named: Sequence[bool],
    carries: Callable[[str], bool],
) -> tuple[list[CaseObject], Replaced]:
    """Give imported cases their ids, and take over what the file does not carry.

    `named` says which of the new cases have an id of their own in the file; those stay.
    `carries` says whether the file has a key, such as `critical` or `slices.industry`.
    """
    pairs = _pairs(old, new, named, carries)
    taken = {same_look(case["id"]) for case, own in zip(new, named, strict=True) if own}
    ids = _ids(old, new, named, pairs, taken)
    found, kept = Replaced(), Counter[str]()
    made = []
    for place, case in enumerate(new):
        before = None if (index := pairs.get(place)) is None else old[index]
        whole = case | {"id": ids[place]}
        if before is not None:
            whole = _with_what_is_not_carried(whole, before, carries, kept)
            if before["id"] != whole["id"]:
                found.renamed[before["id"]] = whole["id"]
        made.append(whole)
        _tell(found, whole, before)
    met = set(pairs.values())
    found.gone = [case["id"] for index, case in enumerate(old) if index not in met]
    found.kept = dict(kept)
    return made, found


# --- matching -----------------------------------------------------------------------------------


def _pairs(
    old: Sequence[CaseObject],
    new: Sequence[CaseObject],
    named: Sequence[bool],
    carries: Callable[[str], bool],
) -> dict[int, int]:
    """Return by place of a new case the place of the old case that it is."""
    found: dict[int, int] = {}
    by_id = {same_look(case["id"]): index for index, case in reversed(list(enumerate(old)))}
    for place, case in enumerate(new):
        if named[place] and (index := by_id.get(same_look(case["id"]))) is not None:
            found[place] = index
    parts = ("input", *(name for name in CONTENT if name == "messages" or carries(name)))

    def exact(case: CaseObject) -> Hashable:
        return tuple(_plain(case.get(name)) for name in parts)

    def alike(case: CaseObject) -> Hashable:
        return tuple(normal(_plain(case.get(name))) for name in parts)

    ways: tuple[Callable[[CaseObject], Hashable], ...] = (
        lambda case: (exact(case), _plain(_ideals(case))),
        exact,
        lambda case: (alike(case), _plain(_ideals(case))),
        alike,
    )
    # Cases without an id of their own first: for the others a match only says their old name.
    for some in ([not own for own in named], list(named)):
        for way in ways:
            _match(old, new, some, way, found)
    return found


def _match(
    old: Sequence[CaseObject],
    new: Sequence[CaseObject],
    some: Sequence[bool],
    way: Callable[[CaseObject], Hashable],
    found: dict[int, int],
) -> None:
    """Match what is still alone; of several equal cases the first with the first."""
    met = set(found.values())
    free: dict[Hashable, deque[int]] = defaultdict(deque)
    for index, case in enumerate(old):
        if index not in met and not case["id"].startswith(PLACEHOLDER):
            free[way(case)].append(index)
    for place, case in enumerate(new):
        if some[place] and place not in found and (waiting := free.get(way(case))):
            found[place] = waiting.popleft()


def _plain(value: object) -> str:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip()
    return "" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _ideals(case: CaseObject) -> list[Any]:
    ideal = case["ideal"]
    return ideal if isinstance(ideal, list) else [ideal]


# --- ids ----------------------------------------------------------------------------------------


def _ids(
    old: Sequence[CaseObject],
    new: Sequence[CaseObject],
    named: Sequence[bool],
    pairs: Mapping[int, int],
    taken: set[str],
) -> list[str]:
    """Return an id for each new case: its own, that of the old case, or one made of its content.

    An id made of the content is that of no other case, today or later: a number that became free
    would be given to a case of which the history knows another.
    """
    found: list[str] = []
    retired = {same_look(case["id"]) for case in old}
    for place, case in enumerate(new):
        if named[place]:
            found.append(case["id"])
            continue
        index = pairs.get(place)
        kept = None if index is None else str(old[index]["id"])
        if kept is None or same_look(kept) in taken:
            kept = made_id(case, taken | retired)
        taken.add(same_look(kept))
        found.append(kept)
    return found


def made_id(case: CaseObject, taken: Iterable[str] = ()) -> str:
    """Return an id made of a case's content that is not among those taken."""
    content = json.dumps([_plain(case.get(name)) for name in ("input", *CONTENT)])
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    number, made = 1, f"case-{digest}"
    while made in taken:
        number += 1
        made = f"case-{digest}-{number}"
    return made


# --- what is taken over, and what is said -------------------------------------------------------


def _with_what_is_not_carried(
    case: CaseObject, before: CaseObject, carries: Callable[[str], bool], kept: Counter[str]
) -> CaseObject:
    """Add to a case what a person wrote into the old one and the file has no place for."""
    slices = before.get("slices")
    mine = dict(case.get("slices") or {})
    if isinstance(slices, dict) and not carries("slices"):
        more = {k: v for k, v in slices.items() if k not in mine and not carries(f"slices.{k}")}
        kept.update(f"slices.{name}" for name in more)
        mine |= more
    whole = case | ({"slices": mine} if mine else {})
    for name, value in before.items():
        own = name in _OWN and name not in ("system", "context")
        if (
            not own
            and name not in whole
            and not carries(name)
            and value not in (None, {}, [], False)
        ):
            whole[name] = value
            kept[name] += 1
    return whole


def _tell(found: Replaced, case: CaseObject, before: CaseObject | None) -> None:
    if before is None:
        found.new.append(case["id"])
        return
    mine, theirs = _shown(case), _shown(before)
    differs = tuple(
        name for name in dict.fromkeys((*theirs, *mine)) if mine.get(name) != theirs.get(name)
    )
    if differs:
        found.changed[case["id"]] = differs
    else:
        found.same.append(case["id"])


def _shown(case: CaseObject) -> dict[str, Any]:
    """Return a case's keys in one form: several forms mean the same to the reader."""
    whole = case | {"ideal": _ideals(case)}
    return {
        name: value
        for name, value in whole.items()
        if name != "id" and value not in (None, {}, [], False, "")
    }
