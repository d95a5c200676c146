"""Read typed fields of tables that people write; refuse unknown keys and wrong types by name.

`Table` wraps one TOML table or JSON object together with its place in the file.
"""

from __future__ import annotations

import datetime
import difflib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.text.blanks import is_blank
from harness.workspace.formats.reading import MAX_TOML, parse_toml, read_text

NAMED = re.compile(r"`([^`]+)`")
"""The way that a sentence names a key."""


class Table:
    """A table that remembers which keys were read; `done()` refuses the others."""

    def __init__(self, raw: Any, where: str, error: type[HarnessError]) -> None:
        if not isinstance(raw, Mapping):
            raise error(f"{where}: is {kind_of(raw)}, a table of keys and values is needed")
        self.raw = dict(raw)
        self.where = where
        self.error = error
        self.asked: set[str] = set()

    def fail(self, what: str) -> HarnessError:
        """Return the error to raise, with the place in front."""
        return self.error(f"{self.where}: {what}")

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return self.where

    def has(self, key: str) -> bool:
        """Return whether the key is there, with any value."""
        self.asked.add(key)
        return key in self.raw

    def any(self, key: str, default: Any = None) -> Any:
        """Return the value unchecked."""
        self.asked.add(key)
        return self.raw.get(key, default)

    def text(self, key: str, default: str | None = None, *, blank: bool = False) -> str:
        """Return a text, which may be blank only with `blank`."""
        value = self.any(key, default)
        if value is None:
            raise self.fail(f"`{key}` is missing, a text is needed")
        if not isinstance(value, str):
            raise self.fail(f"`{key}` is {kind_of(value)}, a text is needed")
        if not blank and is_blank(value):
            raise self.fail(f"`{key}` is empty, a text is needed")
        if "\0" in value:
            raise self.fail(f"`{key}` holds a NUL character, texts have none")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return `true` or `false`."""
        value = self.any(key, default)
        if not isinstance(value, bool):
            raise self.fail(f"`{key}` is {kind_of(value)}, true or false is needed")
        return value

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        value = self.any(key, default)
        # `True` is an int in Python, but not a number to people who write tables.
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(f"`{key}` is {kind_of(value)}, a whole number is needed")
        if not low <= value <= high:
            raise self.fail(f"`{key}` is {value}, allowed are {low} to {high}")
        return value

    def number(self, key: str, default: float | None, low: float, high: float) -> float:
        """Return a finite number within bounds."""
        value = self.any(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(f"`{key}` is {kind_of(value)}, a number is needed")
        if not math.isfinite(value) or not low <= value <= high:
            raise self.fail(f"`{key}` is {value}, allowed are {low:g} to {high:g}")
        return float(value)

    def choice(self, key: str, default: str | None, allowed: Iterable[str]) -> str:
        """Return a word out of `allowed`."""
        value = self.text(key, default)
        words = list(allowed)
        if value not in words:
            raise self.fail(f"`{key}` is {value!r}, allowed are {', '.join(words)}")
        return value

    def table(self, key: str) -> Table:
        """Return a table inside this table; an empty table if it is missing."""
        return Table(self.any(key, {}), f"{self.where} [{key}]", self.error)

    def item(self, key: str, number: int, raw: Any) -> Table:
        """Return a table of the list under a key, counted from 1."""
        return Table(raw, f"{self.where} [[{key}]] {number}", self.error)

    def done(self) -> None:
        """Refuse keys that were not read: a typo must not pass in silence."""
        for key in self.raw:
            if key not in self.asked:
                raise self.fail(f"unknown key `{key}`{suggestion(str(key), self.asked)}")


class JsonTable(Table):
    """The object of a whole JSON file; a refusal names the line of the key."""

    def __init__(self, raw: Any, file: Path, text: str, error: type[HarnessError]) -> None:
        self.file, self.text_of_file = file, text
        super().__init__(raw, f"{file}:1", error)

    def at(self, key: str) -> str:
        """Return the line on which the key appears first."""
        at = max(0, self.text_of_file.find(json.dumps(key, ensure_ascii=False)))
        return f"{self.file}:{self.text_of_file.count(chr(10), 0, at) + 1}"

    def fail(self, what: str) -> HarnessError:
        """Return the error to raise, with the line of the key that the sentence names first."""
        named = NAMED.search(what)
        return self.error(f"{self.at(named[1]) if named else self.where}: {what}")


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean …?` or the words that are allowed."""
    words = sorted(known)
    # difflib takes time by the square of the length, and the word may come from a hostile file.
    close = difflib.get_close_matches(word[:200], words, n=1)
    if close:
        return f", did you mean `{close[0]}`?"
    return f", known are {', '.join(words)}" if words else ""


def kind_of(value: Any) -> str:
    """Return the kind of a value, as a phrase for people."""
    if value is None:
        return "missing"
    if isinstance(value, datetime.date | datetime.time):
        return "a date or time"
    names = {bool: "true/false", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), "a table" if isinstance(value, Mapping) else "a list")


Place = tuple[str | int, ...]
"""The keys that lead to a value; a number stands for an item of `[[tables]]`."""

# Possessive quantifiers (`++`, `*+`) never backtrack, so a hostile line cannot run for ever.
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_NAME = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
_HEAD = re.compile(rf"[ \t]*+(\[\[?)[ \t]*+({_NAME})[ \t]*+\]")
_KEY = re.compile(rf"[ \t]*+({_NAME})[ \t]*+=")
_PARTS = re.compile(_PART)
_QUOTES = re.compile(r'"""|\'\'\'')


class TomlTable(Table):
    """A table of a TOML file; a refusal names the file and the line."""

    def __init__(
        self, raw: Any, file: Path, text: str, error: type[HarnessError], place: Place = ()
    ) -> None:
        self.file, self.text_of_file, self.place = file, text, place
        super().__init__(raw, self._shown(place), error)

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return self._shown((*self.place, key))

    def fail(self, what: str) -> HarnessError:
        """Return the error to raise, with the line of the key that the sentence names first."""
        named = NAMED.search(what)
        return self.error(f"{self.at(named[1]) if named else self.where}: {what}")

    def table(self, key: str) -> Table:
        """Return a table inside this table; an empty table if it is missing."""
        return self.inside(self.any(key, {}), key)

    def item(self, key: str, number: int, raw: Any) -> Table:
        """Return an item of `[[tables]]`, counted from 1."""
        return self.inside(raw, key, number)

    def inside(self, raw: Any, *steps: str | int) -> Table:
        """Return a value below this table as a table."""
        return TomlTable(raw, self.file, self.text_of_file, self.error, (*self.place, *steps))

    def _shown(self, place: Place) -> str:
        lines = _lines(self.text_of_file)
        # The innermost key whose line is known: a missing key is reported at its section.
        known = next((at for n in range(len(place), 0, -1) if (at := lines.get(place[:n]))), 1)
        return f"{self.file}:{known}{self._label()}"

    def _label(self) -> str:
        """Return the sections as people see them: ` [tool.harness] [generation]`."""
        names: list[str] = []
        for step in self.place:
            if isinstance(step, int):
                names[-1] = f"[{names[-1]}] {step}"
            elif names == ["[tool]"]:
                names = [f"[tool.{step}]"]
            else:
                names.append(f"[{step}]")
        return "".join(f" {name}" for name in names)


def toml_table(path: Path, error: type[HarnessError]) -> TomlTable:
    """Read a whole TOML file as a table."""
    text = read_text(path, error, limit=MAX_TOML)
    return TomlTable(parse_toml(text, path, error), path, text, error)


def _lines(text: str) -> dict[Place, int]:
    """Return the line of every section and key, for refusals only.

    `tomllib` gives no lines; this scan may err in odd files, where the first hit counts.
    """
    found: dict[Place, int] = {}
    section: Place = ()
    counted: Counter[Place] = Counter()
    inside_text = False
    for number, line in enumerate(text.split("\n"), start=1):
        began_inside = inside_text
        # An odd number of triple quotes opens or closes a text of several lines.
        inside_text ^= len(_QUOTES.findall(line)) % 2 == 1
        if began_inside:
            continue
        if head := _HEAD.match(line):
            section = _steps(head[2])
            if head[1] == "[[":
                counted[section] += 1
                section = (*section, counted[section])
            found.setdefault(section, number)
        elif key := _KEY.match(line):
            steps = _steps(key[1])
            for length in range(1, len(steps) + 1):
                found.setdefault((*section, *steps[:length]), number)
    return found


def _steps(name: str) -> Place:
    return tuple(part.strip("\"'") for part in _PARTS.findall(name))
