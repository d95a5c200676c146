"""The user's word on the columns of training data: which is which, and which are left out.

Tested in tests/workspace/project/test_training_data.py.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import DataError, RequestError
from harness.workspace.formats.fields import suggestion
from harness.workspace.importers.columns import SLICE, pairs
from harness.workspace.importers.conversations import is_filled
from harness.workspace.importers.example_formats import FIELDS

_ASKED = ("prompt", "question", "query", "instruction", "request", "source", "user", "human")
_ANSWERED = (
    "completion", "response", "answer", "output", "target", "expected", "expected_output",
    "ideal", "reply", "final", "chosen", "assistant",
)  # fmt: skip
"""Usual names of the two columns, for the `--map` that a refusal proposes; they are not guessed."""


@dataclass(frozen=True, slots=True)
class ExampleColumns:
    """Columns by field, and the names that are left out."""

    told: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    needed: bool = True
    """Whether a column that a file lacks is refused; of two files that are compared one may."""

    @classmethod
    def parsed(cls, maps: Iterable[str], ignored: Iterable[str]) -> ExampleColumns:
        """Parse the values of `--map` and `--ignore`."""
        return cls(pairs(maps, "--map", dict.fromkeys(FIELDS, ())), tuple(ignored))

    @classmethod
    def recorded(cls, table: object) -> ExampleColumns:
        """Return what `as_table` wrote; anything else counts as nothing said."""
        if not isinstance(table, Mapping):
            return cls()
        told, ignored = table.get("map"), table.get("ignore")
        return cls(
            dict(told) if isinstance(told, Mapping) else {},
            tuple(map(str, ignored)) if isinstance(ignored, list) else (),
        )

    def as_table(self) -> dict[str, Any]:
        """Return it for `training.json`, so that the file is read alike later; may be empty."""
        said = {"map": dict(self.told), "ignore": list(self.ignored)}
        return {name: value for name, value in said.items() if value}

    def applied(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row under the names of the fields, without the columns that are left out."""
        renamed = {column: name for name, column in self.told.items() if column}
        found: dict[str, Any] = {}
        for column, value in values.items():
            if column in self.ignored:
                continue
            name = renamed.get(column) or _plain(column, values)
            if name.startswith("slices."):
                name = f"slice:{name.removeprefix('slices.')}"
            if name in found and is_filled(found[name]) and is_filled(value):
                raise DataError(
                    f"two columns are `{name}`, leave the other one out with --ignore {name}"
                )
            if name not in found or is_filled(value):
                found[name] = value
        return found

    def refuse_absent(self, columns: Sequence[str], where: str) -> None:
        """Refuse a name that no row has: a typo would pass for success."""
        if not self.needed:
            return
        told = ((f"--map {name}={column}", column) for name, column in self.told.items() if column)
        # `messages.name` is a key of turns, which are no columns
        ignored = ((f"--ignore {name}", name) for name in self.ignored if "." not in name)
        for option, name in (*told, *ignored):
            if name not in columns:
                known = suggestion(name, columns)
                raise RequestError(f"{option}: {where} has no such column{known}")


def _plain(column: str, values: Mapping[str, Any]) -> str:
    """Return the field that a heading such as `Input` stands for, else the heading."""
    if column in FIELDS or SLICE.fullmatch(column):
        return column
    plain = re.sub(r"\W+", "_", column.strip().casefold()).strip("_")
    return plain if plain in FIELDS and plain not in values else column


def ignoring(names: Sequence[str]) -> str:
    """Return the options that would leave columns out."""
    return " ".join(f"--ignore {shlex.quote(name)}" for name in names)


def mapping(columns: Sequence[str]) -> str:
    """Return the options that would do for columns of usual names, empty if there are none."""
    plain = {re.sub(r"\W+", "_", one.strip().casefold()).strip("_"): one for one in columns}
    asked = next((plain[name] for name in ("input", *_ASKED) if name in plain), None)
    answer = next((plain[name] for name in ("output", *_ANSWERED) if name in plain), None)
    if asked is None or answer is None:
        return ""
    said = {"input": asked, "output": answer}
    if "instruction" in plain and "input" not in plain:  # two keys of Alpaca, the third is missing
        said = {"output": answer} | ({"input": plain["context"]} if "context" in plain else {})
    return " ".join(f"--map {n}={shlex.quote(c)}" for n, c in said.items() if n != c)
