"""TOML whose fields are checked one by one, each named with the line on which it stands.

tomllib keeps no lines, so they are looked up in the text, and only where something is wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.workspace.formats.fields import NAMED, Table
from harness.workspace.formats.reading import MAX_TOML, parse_toml, read_text

Place = tuple[str | int, ...]
"""The keys that lead to a value; a number for one of several `[[tables]]`."""

_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_NAME = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
_HEAD = re.compile(rf"[ \t]*+(\[\[?)[ \t]*+({_NAME})[ \t]*+\]")
_KEY = re.compile(rf"[ \t]*+({_NAME})[ \t]*+=")
_PARTS = re.compile(_PART)
_QUOTES = re.compile(r'"""|\'\'\'')


class TomlTable(Table):
    """A table of a TOML file; what is wrong in it is said with file and line."""

    def __init__(
        self, raw: Any, file: Path, text: str, error: type[HarnessError], place: Place = ()
    ) -> None:
        self.file, self.text_of_file, self.place = file, text, place
        super().__init__(raw, self._shown(place), error)

    def at(self, key: str) -> str:
        """Where one of the keys stands."""
        return self._shown((*self.place, key))

    def fail(self, what: str) -> HarnessError:
        """The error to raise, with the line of the key that the sentence names first."""
        named = NAMED.search(what)
        return self.error(f"{self.at(named[1]) if named else self.where}: {what}")

    def table(self, key: str) -> Table:
        """A table inside this one; empty where it is missing."""
        return self.inside(self.any(key, {}), key)

    def item(self, key: str, number: int, raw: Any) -> Table:
        """One of several `[[tables]]`, counted from 1."""
        return self.inside(raw, key, number)

    def inside(self, raw: Any, *steps: str | int) -> Table:
        """A value below this table as a table."""
        return TomlTable(raw, self.file, self.text_of_file, self.error, (*self.place, *steps))

    def _shown(self, place: Place) -> str:
        lines = _lines(self.text_of_file)
        known = next((at for n in range(len(place), 0, -1) if (at := lines.get(place[:n]))), 1)
        return f"{self.file}:{known}{_label(self.place)}"


def toml_table(path: Path, error: type[HarnessError]) -> TomlTable:
    """The whole file as a table."""
    text = read_text(path, error, limit=MAX_TOML)
    return TomlTable(parse_toml(text, path, error), path, text, error)


def _label(place: Place) -> str:
    """The sections above a value, as people see them: ` [tool.harness] [generation]`."""
    names: list[str] = []
    for step in place:
        if isinstance(step, int):
            names[-1] = f"[{names[-1]}] {step}"
        elif names == ["[tool]"]:
            names = [f"[tool.{step}]"]
        else:
            names.append(f"[{step}]")
    return "".join(f" {name}" for name in names)


def _lines(text: str) -> dict[Place, int]:
    """The line of every section and key; the first where one seems to stand twice."""
    found: dict[Place, int] = {}
    section: Place = ()
    counted: Counter[Place] = Counter()
    inside_text = False
    for number, line in enumerate(text.split("\n"), start=1):
        began_inside = inside_text
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
