"""Read bytes, texts, lines, JSON, JSONL and TOML strictly.

Size, depth and type are checked before anything large is built. Every refusal is one line
`file:line: what is wrong, what is allowed`. Tables are read in `tables` and `spreadsheets`, tensors
in `safetensors_header`, a server's replies in `engines/openai/replies`.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from harness.errors import HarnessError, RequestError, reason
from harness.text.encodable import is_encodable

MAX_BYTES = 64 * 1024 * 1024
MAX_LINE = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_DIGITS = 40
MAX_TOML = 1024 * 1024
# O_NONBLOCK: opening a pipe must not wait for a writer.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""A text (also an unfinished text) or a bracket; never backtracks."""
_KEY = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_LONG_KEY = re.compile(rf"(?<![\w.-])(?:{_KEY}){{{MAX_DEPTH}}}")
"""A dotted TOML key of too many parts; tomllib needs memory by the square of their number."""
_LONG_NUMBER = re.compile(rf"(?<![\w\"'])[+-]?[\w.]{{{MAX_DIGITS},}}")
_MARKS = (b"\xff\xfe", b"\xfe\xff")


def regular_file(path: Path, error: type[HarnessError], limit: int = MAX_BYTES) -> int:
    """Return the size of `path`; refuse all but a plain file of acceptable size."""
    try:
        status = path.stat()
    except FileNotFoundError as problem:
        raise error(f"{path}: no such file, a file is needed") from problem
    except (OSError, ValueError) as problem:
        raise error(f"{path}: cannot be read ({problem.__class__.__name__})") from problem
    if stat.S_ISDIR(status.st_mode):
        raise error(f"{path}: is a folder, a file is needed")
    if not stat.S_ISREG(status.st_mode):
        raise error(f"{path}: is not a regular file (a pipe or device), a file is needed")
    if status.st_size > limit:
        raise error(f"{path}: {status.st_size:,} bytes, at most {limit:,} are read")
    return status.st_size


@contextmanager
def opened(path: Path, error: type[HarnessError], limit: int = MAX_BYTES) -> Iterator[BinaryIO]:
    """Open a regular file for reading, and check again after opening that it is regular."""
    regular_file(path, error, limit)
    try:
        file = os.fdopen(os.open(path, _READ), "rb")
    except OSError as problem:
        raise error(f"{path}: cannot be read ({reason(problem)})") from problem
    with file:
        # Between the check above and the opening, a pipe or device may have taken its place.
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise error(f"{path}: was swapped while it was read, a file is needed")
        yield file


def read_text(path: Path, error: type[HarnessError] = RequestError, limit: int = MAX_BYTES) -> str:
    """Read a whole file as text: UTF-8, with or without a BOM."""
    try:
        with opened(path, error, limit) as file:
            raw = file.read(limit)
    except OSError as problem:
        raise error(f"{path}: cannot be read ({reason(problem)})") from problem
    _refuse_wide(raw, path, error)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise error(f"{path}:{line}: is not UTF-8, save it as UTF-8") from problem


def lines_of(
    path: Path, error: type[HarnessError], limit: int = MAX_BYTES
) -> Iterator[tuple[int, str]]:
    """Yield numbered lines of UTF-8, each with its end; only a line feed ends a line."""
    try:
        with opened(path, error, limit) as file:
            lines = iter(lambda: file.readline(MAX_LINE + 1), b"")
            for number, raw in enumerate(lines, start=1):
                if len(raw) > MAX_LINE:
                    longer = f"a line of more than {MAX_LINE:,} bytes"
                    raise error(f"{path}:{number}: {longer}, shorter ones are read")
                if number == 1:
                    _refuse_wide(raw, path, error)
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                try:
                    line = raw.decode()
                except UnicodeDecodeError as problem:
                    message = f"{path}:{number}: is not UTF-8, save it as UTF-8"
                    raise error(message) from problem
                yield number, line
    except OSError as problem:
        raise error(f"{path}: cannot be read ({reason(problem)})") from problem


def _refuse_wide(raw: bytes, path: Path, error: type[HarnessError]) -> None:
    """Refuse UTF-16, by its mark or by the zero beside every letter."""
    # UTF-16 without a mark is valid UTF-8 with NULs, and would pass as a strange text.
    if raw.startswith(_MARKS) or (len(raw) > 1 and (raw[0] == 0) != (raw[1] == 0)):
        raise error(f"{path}:1: is UTF-16, save it as UTF-8")


def parse_json(text: str, where: str | Path, error: type[HarnessError] = RequestError) -> Any:
    """Parse JSON; refuse duplicate keys, NaN, infinities, deep nesting and lone surrogates.

    `where` is the place of a single line, or the path of the file whose whole text this is.
    """

    def refuse(what: str, at: int = 0) -> NoReturn:
        line = where if isinstance(where, str) else f"{where}:{text.count(chr(10), 0, at) + 1}"
        raise error(f"{line}: {what}")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in items:
            if key in out:
                # The parser gives no position here: search from the end, for the repeated key.
                again = max(0, text.rfind(json.dumps(key, ensure_ascii=False)))
                refuse(f"key {key[:60]!r} stands twice, once is allowed", again)
            out[key] = value
        return out

    def real(digits: str) -> float:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            refuse(f"the number {digits[:20]} is too large", text.find(digits))
        return value

    def whole(digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            said = f"a number of {len(digits)} digits, at most {MAX_DIGITS} are read"
            refuse(said, text.find(digits))
        return int(digits)

    _refuse_depth(text, refuse)
    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_float=real,
            parse_int=whole,
            parse_constant=lambda name: refuse(
                f"{name} is not a number that JSON knows", text.find(name)
            ),
        )
    except json.JSONDecodeError as problem:
        said = f"{problem.msg.removesuffix(' at')} at column {problem.colno}"
        refuse(f"is not JSON ({said})", problem.pos)
    if "\\u" in text:  # UTF-8 itself has no surrogates, so only an escape can bring one
        _refuse_surrogates(value, refuse)
    return value


def _refuse_depth(text: str, refuse: Any) -> None:
    # Counted in the text: how deep the parser itself can go depends on the caller's stack.
    depth = 0
    for match in _BRACKETS.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                refuse(f"is nested deeper than {MAX_DEPTH} levels", match.start())
        elif match[0] in "]}":
            depth -= 1


def _refuse_surrogates(value: Any, refuse: Any) -> None:
    if isinstance(value, str):
        if not is_encodable(value):
            refuse("holds half of a surrogate pair, which is no text")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_surrogates(key, refuse)
            _refuse_surrogates(item, refuse)
    elif isinstance(value, list):
        for item in value:
            _refuse_surrogates(item, refuse)


def read_json(path: Path, error: type[HarnessError] = RequestError, limit: int = MAX_BYTES) -> Any:
    """Read a file that holds a JSON value."""
    return parse_json(read_text(path, error, limit), path, error)


def read_jsonl(
    path: Path, error: type[HarnessError] = RequestError
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a JSONL file, each with its `file:line`."""
    for number, line in jsonl_lines(path, error):
        where = f"{path}:{number}"
        yield where, json_object(line, where, error)


def jsonl_lines(path: Path, error: type[HarnessError] = RequestError) -> Iterator[tuple[int, str]]:
    """Yield the lines of a JSONL file that are not blank, each with its number."""
    for number, line in lines_of(path, error):
        if line.strip(" \t\r\n"):
            yield number, line.rstrip("\n")


def json_object(line: str, where: str, error: type[HarnessError] = RequestError) -> dict[str, Any]:
    """Parse a line of a JSONL file; refuse a value that is no object."""
    value = parse_json(line, where, error)
    if not isinstance(value, dict):
        raise error(f"{where}: is not an object, each line needs one like {{...}}")
    return value


def read_toml(path: Path, error: type[HarnessError] = RequestError) -> dict[str, Any]:
    """Read a TOML file without checking its fields, for which `fields.toml_table` is there."""
    return parse_toml(read_text(path, error, limit=MAX_TOML), path, error)


def parse_toml(text: str, path: Path, error: type[HarnessError]) -> dict[str, Any]:
    """Parse the text of a TOML file; a refusal keeps the parser's own line."""
    long = _LONG_KEY.search(text)
    if long:
        line = text.count("\n", 0, long.start()) + 1
        raise error(f"{path}:{line}: a key of {MAX_DEPTH} parts or more, fewer are read")
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        where = re.search(r"line (\d+)", str(problem))
        number = where[1] if where else str(text.count("\n") + 1)  # "at end of document"
        raise error(f"{path}:{number}: is not TOML ({problem})") from problem
    except RecursionError as problem:
        raise error(_too_deep(text, path)) from problem
    except ValueError as problem:  # Python's own limit on digits; tomllib gives no line for it
        raise error(_too_long(text, path)) from problem
    _refuse_huge(found, text, path, error)
    return found


def _refuse_huge(table: dict[str, Any], text: str, path: Path, error: type[HarnessError]) -> None:
    """Refuse nesting and numbers that would break the code that walks or prints them."""
    level: list[Any] = [table]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
                raise error(_too_long(text, path))
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
        level = below
    if level:
        raise error(_too_deep(text, path))


def _too_long(text: str, path: Path) -> str:
    found = _LONG_NUMBER.search(text)
    line = text.count("\n", 0, found.start()) + 1 if found else 1
    return f"{path}:{line}: holds a number of more than {MAX_DIGITS} digits, shorter ones are read"


def _too_deep(text: str, path: Path) -> str:
    # A guess at the place: the line on which most brackets are opened.
    lines = text.split("\n")
    opened_most = max(range(len(lines)), key=lambda at: lines[at].count("[") + lines[at].count("{"))
    return f"{path}:{opened_most + 1}: is nested deeper than {MAX_DEPTH} levels"
