"""Paired scores from the rows of a score file, which has a row per case and metric.

The caller reads the file; here every value is checked, and errors name its row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.judge.paired import (
    Flags,
    Floats,
    Paired,
    commonest,
    group_codes,
    memberships,
    quoted,
    score_or_nan,
)
from harness.records import BASE, WeighedFinal
from harness.text.blanks import is_blank, same_look

NEEDED = ("case", "metric", "candidate", "promoted")
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0", "")
BETWEEN_SLICES = ";"


Row = Mapping[str, Any]


def paired_from_rows(rows: Iterable[Row], base: Iterable[Row] = ()) -> Paired:
    """Check and pair rows that have at least `case, metric, candidate, promoted`.

    `base` are rows with `case, metric, base`: the scores of the base without any adapter.

    `pinned, slice, group` and `critical` may be there; `;` separates slices, and messages name the
    `line` of a row that has it.
    """
    columns = ScoreColumns(list(rows))
    case_of, metric_of = columns.names("case"), columns.names("metric")
    cases, metrics = tuple(sorted(set(case_of))), tuple(sorted(set(metric_of)))
    _check_distinct(cases)
    row = {metric: index for index, metric in enumerate(metrics)}
    column = {case: index for index, case in enumerate(cases)}
    # Places in the flattened table of metrics x cases, so that whole columns are set at once.
    at = np.array([row[metric] for metric in metric_of], dtype=np.int64) * len(cases)
    at += np.array([column[case] for case in case_of], dtype=np.int64)
    _check_once(columns, at, case_of, metric_of)

    def table(name: str) -> Floats:
        scores = np.full(len(metrics) * len(cases), np.nan)
        scores[at] = columns.scores(name)
        return scores.reshape(len(metrics), len(cases))

    references = {"promoted": table("promoted"), "pinned": table("pinned")}
    if not np.isfinite(references["pinned"]).any():
        del references["pinned"]
    references |= _base_scores(base, row, column)
    slices, members = memberships(columns.slices(case_of, cases))
    return Paired(
        cases=cases,
        metrics=metrics,
        candidate=table("candidate"),
        references=references,
        slices=slices,
        members=members,
        groups=group_codes(columns.groups(case_of, cases)),
        critical=columns.critical(case_of, cases),
        first_key=commonest(columns.first_keys(case_of).values()),
    )


def _base_scores(
    rows: Iterable[Row], row: Mapping[str, int], column: Mapping[str, int]
) -> dict[str, Floats]:
    """Return the base's scores; a case or metric that is not judged is passed over."""
    listed = list(rows)
    if not listed:
        return {}
    columns = ScoreColumns(listed, ("case", "metric", BASE))
    case_of, metric_of = columns.names("case"), columns.names("metric")
    table = np.full((len(row), len(column)), np.nan)
    known = [
        case in column and metric in row for case, metric in zip(case_of, metric_of, strict=True)
    ]
    if not any(known):
        raise DataError("the base's rows name no case and metric that the scores name")
    for case, metric, score in zip(case_of, metric_of, columns.scores(BASE), strict=True):
        if case in column and metric in row:
            table[row[metric], column[case]] = score
    return {BASE: table}


class ScoreColumns:
    """The rows of a score file, read by column."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = NEEDED) -> None:
        if not rows:
            raise DataError("there are no rows; give one row per case and metric")
        self._rows = rows
        for column in columns:
            lacking = next((i for i, row in enumerate(rows) if column not in row), None)
            if lacking is not None:
                needed = ", ".join(columns)
                raise DataError(f"{self.where(lacking)}: no {column}; {needed} are needed")

    def where(self, index: int) -> str:
        """Name a row for a message: by its line in the file where the reader gave it."""
        line = self._rows[index].get("line")
        return f"row {index + 1}" if line is None else f"line {line}"

    def names(self, column: str) -> list[str]:
        """Return a column of names, none of them blank."""
        values = [row[column] for row in self._rows]
        # Names repeat, so each distinct name is checked once.
        for value in dict.fromkeys(v if isinstance(v, str) else None for v in values):
            if value is None or is_blank(value):
                index = next(
                    i for i, v in enumerate(values) if not isinstance(v, str) or v == value
                )
                shown = quoted(values[index])
                raise DataError(f"{self.where(index)}: {column} is {shown}; a name is needed there")
        return values

    def scores(self, column: str) -> Floats:
        """Return a column of scores; a missing score is NaN."""
        values = [row.get(column) for row in self._rows]
        kinds = set(map(type, values))
        if kinds == {type(None)}:
            return np.full(len(values), np.nan)
        # The usual column is checked as an array; any other value by value, to name the row.
        if kinds == {float}:
            scores = np.array(values, dtype=np.float64)
            if bool(((scores >= 0) & (scores <= 1)).all()):
                return scores
        return np.array(
            [score_or_nan(value, self.where(i), column) for i, value in enumerate(values)]
        )

    def slices(self, case_of: Sequence[str], cases: Sequence[str]) -> list[set[str]]:
        """Return the slices that the rows of each case name."""
        found: dict[str, set[str]] = {case: set() for case in cases}
        for index, case, value in self._filled("slice", case_of):
            if isinstance(value, str):
                names = [part.strip() for part in value.split(BETWEEN_SLICES)]
                found[case].update(name for name in names if name)
            elif isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
                found[case].update(value)
            else:
                raise DataError(
                    f"{self.where(index)}: slice is {quoted(value)}; text such as "
                    "industry=logistics is allowed"
                )
        return list(found.values())

    def first_keys(self, case_of: Sequence[str]) -> dict[str, str]:
        """Return the key of the slice that the rows of each case name first."""
        found: dict[str, str] = {}
        for _, case, value in self._filled("slice", case_of):
            names = value.split(BETWEEN_SLICES) if isinstance(value, str) else list(value)
            named = [name.strip() for name in names if name.strip()]
            if named:
                found.setdefault(case, named[0].partition("=")[0])
        return found

    def groups(self, case_of: Sequence[str], cases: Sequence[str]) -> list[str | None]:
        """Return the group that the rows of each case name, None for a case without a group."""
        found: dict[str, str] = {}
        for _, case, value in self._filled("group", case_of):
            group = value if isinstance(value, str) else quoted(value)
            if found.setdefault(case, group) != group:
                raise DataError(
                    f"case {case!r} is in group {group!r} and in {found[case]!r}; keep one of them"
                )
        return [found.get(case) for case in cases]

    def critical(self, case_of: Sequence[str], cases: Sequence[str]) -> Flags:
        """Flag the cases that any of their rows calls critical."""
        found = set()
        for index, case, value in self._filled("critical", case_of):
            word = value if isinstance(value, str) else quoted(value)
            word = word.strip().casefold()
            if word not in TRUE and word not in FALSE:
                raise DataError(
                    f"{self.where(index)}: critical is {quoted(value)}; true and false are allowed"
                )
            if word in TRUE:
                found.add(case)
        return np.array([case in found for case in cases], dtype=np.bool_)

    def _filled(self, column: str, case_of: Sequence[str]) -> Iterable[tuple[int, str, Any]]:
        """Yield index, case and value of the rows that fill an optional column."""
        for index, row in enumerate(self._rows):
            value = row.get(column)
            if value is not None and value != "":
                yield index, case_of[index], value


def finals_from_rows(rows: Sequence[Row]) -> tuple[WeighedFinal, ...]:
    """Check rows that have `id, candidate, promoted, at`, and may have `slice`.

    Times are texts that sort by time; the reader of the file has seen to it.
    """
    if not rows:
        return ()
    columns = ScoreColumns(rows, ("id", "candidate", "promoted", "at"))
    ids, times = columns.names("id"), [str(row.get("at") or "") for row in rows]
    _check_distinct(ids)
    if len(set(ids)) < len(ids):
        twice = next(name for name, count in Counter(ids).items() if count > 1)
        raise DataError(f"final {twice!r} is there twice; keep one of them")
    own = columns.slices(ids, ids)
    scores = zip(columns.scores("candidate"), columns.scores("promoted"), strict=True)
    return tuple(
        WeighedFinal(
            name,
            None if mine != mine else float(mine),
            None if theirs != theirs else float(theirs),
            at,
            tuple(sorted(slices)),
        )
        for name, at, slices, (mine, theirs) in zip(ids, times, own, scores, strict=True)
    )


def _check_once(
    columns: ScoreColumns, at: NDArray[np.int64], case_of: Sequence[str], metric_of: Sequence[str]
) -> None:
    """Refuse a case with two scores on a metric, since averaging them would hide a mistake."""
    # Equal places become neighbours; a stable sort puts the later row second.
    order = np.argsort(at, kind="stable")
    again = order[1:][np.diff(at[order]) == 0]
    if len(again):
        index = int(again.min())
        raise DataError(
            f"{columns.where(index)}: case {case_of[index]!r} has metric {metric_of[index]!r} "
            "twice; keep one of them"
        )


def _check_distinct(cases: Iterable[str]) -> None:
    """Refuse ids that only look alike, as they are almost always the same case twice."""
    seen: dict[str, str] = {}
    for case in cases:
        other = seen.setdefault(same_look(case), case)
        if other != case:
            raise DataError(f"cases {other!r} and {case!r} only look different; rename one")
