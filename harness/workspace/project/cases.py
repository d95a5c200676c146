"""Read the cases of a benchmark, line by line.

Tested in tests/workspace/project/test_benchmarks.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, HarnessError
from harness.records import Case, Check, Policy
from harness.text.blanks import is_blank, same_look
from harness.workspace.formats.fields import Table, kind_of
from harness.workspace.formats.reading import json_object, jsonl_lines
from harness.workspace.project.conversations import INPUT, read_given, refuse_unseen


@dataclass(frozen=True, slots=True)
class Rules:
    """Functions of `measure` and `judge`, passed in because this package may import neither."""

    parse_checks: Callable[[Mapping[str, Any], str], tuple[Check, ...]]
    merge_checks: Callable[[tuple[Check, ...], Mapping[str, Any], str], tuple[Check, ...]]
    check_policy: Callable[[Policy], None]


def read_cases(
    path: Path, shared: tuple[Check, ...], rules: Rules, template: str = INPUT
) -> tuple[Case, ...]:
    """Read the cases of a file; refuse the first line that is no complete case."""
    cases: list[Case] = []
    for _, found in each_case(path, shared, rules, template):
        if isinstance(found, HarnessError):
            raise found
        cases.append(found)
    if not cases:
        raise BenchmarkError(f"{path}: holds no case, at least one is needed")
    return tuple(cases)


def seen_ids(cases: Iterable[Case], place: Path) -> dict[str, str]:
    """Return the ids of cases as `read_case` compares them, with the place that has them."""
    return {same_look(case.id): str(place) for case in cases}


def each_case(
    path: Path,
    shared: tuple[Check, ...],
    rules: Rules,
    template: str = INPUT,
    seen: dict[str, str] | None = None,
) -> Iterator[tuple[int, Case | HarnessError]]:
    """Yield line by line the case, or the error that says why the line is none.

    `seen` are the ids of other files, with their places.
    """
    seen = {} if seen is None else seen
    for number, line in jsonl_lines(path, BenchmarkError):
        where = f"{path}:{number}"
        found: Case | HarnessError
        try:
            raw = json_object(line, where, BenchmarkError)
            found = read_case(raw, where, shared, rules, seen, template)
        except HarnessError as problem:
            found = problem
        yield number, found


def case_lines(path: Path) -> dict[str, int]:
    """Return the line of each case in `cases.jsonl`, by id."""
    found = {}
    for number, line in jsonl_lines(path, BenchmarkError):
        identity = json_object(line, f"{path}:{number}", BenchmarkError).get("id")
        if isinstance(identity, str):
            found[identity] = number
    return found


def read_case(
    raw: Any,
    where: str,
    shared: tuple[Check, ...],
    rules: Rules,
    seen: dict[str, str],
    template: str = INPUT,
) -> Case:
    """Read a complete case; refuse an id that is in `seen` (ids with their places), and add it."""
    table = Table(raw, where, BenchmarkError)
    identity = table.text("id")
    if len(identity) > 200 or any(unicodedata.category(letter) == "Cc" for letter in identity):
        raise table.fail("`id` has control characters or more than 200 characters")
    given = read_given(table)
    refuse_unseen(table, given, template)
    case = Case(
        id=identity,
        **given.fields(),
        ideals=_ideals(table),
        slices=_slices(table),
        critical=table.flag("critical"),
        checks=rules.merge_checks(shared, table.table("checks").raw, f"{table.where} checks"),
        group=table.text("group") if table.has("group") else None,
    )
    table.done()
    same = same_look(case.id)
    if same in seen:
        raise BenchmarkError(f"{where}: id {case.id!r} stands already at {seen[same]}")
    seen[same] = where
    return case


def _ideals(table: Table) -> tuple[str, ...]:
    raw = table.any("ideal")
    texts = raw if isinstance(raw, list) else [raw]
    if not texts:
        raise table.fail("`ideal` is an empty list, a text or several texts are needed")
    said = "has one that is" if isinstance(raw, list) else "is"
    for text in texts:
        if not isinstance(text, str):
            wrong = kind_of(text)
        elif "\0" in text:
            wrong = "a text with a NUL character"
        elif is_blank(text):
            wrong = "blank"
        else:
            continue
        raise table.fail(f"`ideal` {said} {wrong}, a text or several texts are needed")
    return tuple(texts)


def _slices(table: Table) -> Mapping[str, str]:
    raw = table.any("slices", {})
    if not isinstance(raw, Mapping) or not all(
        isinstance(text, str) and not is_blank(text) for pair in raw.items() for text in pair
    ):
        raise table.fail('`slices` must look like {"industry": "logistics"}')
    return dict(raw)
