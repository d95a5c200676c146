"""Paired scores from rows: one per case and metric, as a score file has them.

Whoever reads the file splits its text; `columns` checks every value before it is believed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.judge.paired import (
    Flags,
    Floats,
    Paired,
    group_codes,
    memberships,
    quoted,
    score_or_nan,
)

NEEDED = ("case", "metric", "candidate", "promoted")
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0", "")
BETWEEN_SLICES = ";"


class ScoreColumns:
    """Rows, read by column."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            raise DataError("there are no rows; give one row per case and metric")
        self._rows = rows
        for column in NEEDED:
            lacking = next((i for i, row in enumerate(rows) if column not in row), None)
            if lacking is not None:
                needed = ", ".join(NEEDED)
                raise DataError(f"{self.where(lacking)}: no {column}; {needed} are needed")

    def where(self, index: int) -> str:
        """How a message names a row: by its line in the file where the reader told it."""
        line = self._rows[index].get("line")
        return f"row {index + 1}" if line is None else f"line {line}"

    def names(self, column: str) -> list[str]:
        """A column of names, none of them blank."""
        values = [row[column] for row in self._rows]
        for value in dict.fromkeys(v if isinstance(v, str) else None for v in values):
            if value is None or not value.strip():
                index = next(
                    i for i, v in enumerate(values) if not isinstance(v, str) or v == value
                )
                shown = quoted(values[index])
                raise DataError(f"{self.where(index)}: {column} is {shown}; a name is needed there")
        return values

    def scores(self, column: str) -> Floats:
        """A column of scores; NaN where there is none."""
        values = [row.get(column) for row in self._rows]
        kinds = set(map(type, values))
        if kinds == {type(None)}:
            return np.full(len(values), np.nan)
        if kinds == {float}:
            scores = np.array(values, dtype=np.float64)
            if bool(((scores >= 0) & (scores <= 1)).all()):
                return scores
        return np.array(
            [score_or_nan(value, self.where(i), column) for i, value in enumerate(values)]
        )

    def slices(self, case_of: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Cases with the slices that their rows name."""
        for index, case, value in self._said("slice", case_of):
            if isinstance(value, str):
                names = [part.strip() for part in value.split(BETWEEN_SLICES)]
                yield case, [name for name in names if name]
            elif isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
                yield case, list(value)
            else:
                raise DataError(
                    f"{self.where(index)}: slice is {quoted(value)}; text such as "
                    "industry=logistics is allowed"
                )

    def groups(self, case_of: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Cases with the group that their rows name."""
        for _, case, value in self._said("group", case_of):
            yield case, value if isinstance(value, str) else quoted(value)

    def critical(self, case_of: Sequence[str]) -> set[str]:
        """Cases of which some row says that they are critical."""
        found = set()
        for index, case, value in self._said("critical", case_of):
            word = value if isinstance(value, str) else quoted(value)
            word = word.strip().casefold()
            if word not in TRUE and word not in FALSE:
                raise DataError(
                    f"{self.where(index)}: critical is {quoted(value)}; true and false are allowed"
                )
            if word in TRUE:
                found.add(case)
        return found

    def _said(self, column: str, case_of: Sequence[str]) -> Iterable[tuple[int, str, Any]]:
        """What rows say in an optional column."""
        for index, row in enumerate(self._rows):
            value = row.get(column)
            if value is not None and value != "":
                yield index, case_of[index], value


Row = Mapping[str, Any]


def paired_from_rows(rows: Iterable[Row]) -> Paired:
    """Check and pair rows that have at least `case, metric, candidate, promoted`.

    `pinned, slice, group` and `critical` may be there; `;` stands between several slices, and
    `line` is named in messages where a row has it.
    """
    columns = ScoreColumns(list(rows))
    case_of, metric_of = columns.names("case"), columns.names("metric")
    cases, metrics = tuple(sorted(set(case_of))), tuple(sorted(set(metric_of)))
    _check_distinct(cases)
    row = {metric: index for index, metric in enumerate(metrics)}
    column = {case: index for index, case in enumerate(cases)}
    at = np.array([row[metric] for metric in metric_of], dtype=np.int64) * len(cases)
    at += np.array([column[case] for case in case_of], dtype=np.int64)
    _check_once(columns, at, case_of, metric_of)

    def side(name: str) -> Floats:
        scores = np.full(len(metrics) * len(cases), np.nan)
        scores[at] = columns.scores(name)
        return scores.reshape(len(metrics), len(cases))

    references = {"promoted": side("promoted"), "pinned": side("pinned")}
    if not np.isfinite(references["pinned"]).any():
        del references["pinned"]
    slices, members = memberships(_slices(columns, case_of, cases))
    return Paired(
        cases=cases,
        metrics=metrics,
        candidate=side("candidate"),
        references=references,
        slices=slices,
        members=members,
        groups=group_codes(_groups(columns, case_of, cases)),
        critical=_critical(columns, case_of, cases),
    )


def _slices(columns: ScoreColumns, case_of: Sequence[str], cases: Sequence[str]) -> list[set[str]]:
    of_case: dict[str, set[str]] = {case: set() for case in cases}
    for case, names in columns.slices(case_of):
        of_case[case].update(names)
    return list(of_case.values())


def _groups(
    columns: ScoreColumns, case_of: Sequence[str], cases: Sequence[str]
) -> list[str | None]:
    of_case: dict[str, str] = {}
    for case, group in columns.groups(case_of):
        if of_case.setdefault(case, group) != group:
            raise DataError(
                f"case {case!r} is in group {group!r} and in {of_case[case]!r}; keep one of them"
            )
    return [of_case.get(case) for case in cases]


def _critical(columns: ScoreColumns, case_of: Sequence[str], cases: Sequence[str]) -> Flags:
    critical = columns.critical(case_of)
    return np.array([case in critical for case in cases], dtype=np.bool_)


def _check_once(
    columns: ScoreColumns, at: NDArray[np.int64], case_of: Sequence[str], metric_of: Sequence[str]
) -> None:
    """A case has one score per metric; two of them are a mistake nobody should average away."""
    order = np.argsort(at, kind="stable")
    again = order[1:][np.diff(at[order]) == 0]
    if len(again):
        index = int(again.min())
        raise DataError(
            f"{columns.where(index)}: case {case_of[index]!r} has metric {metric_of[index]!r} "
            "twice; keep one of them"
        )


def _check_distinct(cases: Iterable[str]) -> None:
    """Ids that only look alike are almost always one case written twice."""
    seen: dict[str, str] = {}
    for case in cases:
        normal = case if case.isascii() else unicodedata.normalize("NFC", case)
        other = seen.setdefault(normal.casefold(), case)
        if other != case:
            raise DataError(f"cases {other!r} and {case!r} only look different; rename one")
