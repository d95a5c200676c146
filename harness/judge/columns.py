"""The columns of a score file, checked value by value.

A column is checked as a whole, which is fast; only a bad one is searched for its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from harness.errors import DataError
from harness.judge.paired import Floats
from harness.judge.scores import quoted, score_or_nan

NEEDED = ("case", "metric", "candidate", "promoted")
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0", "")
BETWEEN_SLICES = ";"


class Columns:
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
