"""Recognise the encoding of a text that another program wrote: UTF-8, UTF-16 or Windows-1252.

The whole file is looked at before its first line is read, so that no letter turns into another one
half-way. Text that is none of these is refused with its line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, reason
from harness.workspace.formats.reading import MAX_LINE, lines_of, opened

UTF8, UTF16, CP1252 = "UTF-8", "UTF-16", "Windows-1252"
_CHUNK = 1024 * 1024
_HEAD = 4096
_REMEDY = "save it as UTF-8, or name its encoding with --encoding"
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_UTF8_LETTER = re.compile(rb"[\xc2-\xde][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
"""Without the lead byte of NKo, which in Windows-1252 is the ß of `groß“`."""
_NO_CHARSET = re.compile("escape|idna|punycode|undefined")
_HIGH = re.compile(rb"[\x80-\xff]")
_MIXED = 0.1
"""Share of letters in UTF-8 from which a text is no Windows-1252: a few come about by chance."""
_ODD = re.compile(
    # Words of another script, of which every letter lies above ASCII in Windows-1252.
    r"[^\x00-\x7f‘’“”„«»…–—·\xa0]{4,}"
    # `fŸr` and `Schšn`: the letters of a Mac, whose capitals stand within words.
    r"|(?<=[a-z])[À-ÖØ-ÞŠŽŸŒ](?=[a-z]|\b)|(?<=[A-Z])[ŠŽŸ](?=[a-z])"
    # `M„dchen`, `by³em`: the letters of DOS and of Central Europe, signs within words.
    r"|(?<=[a-z])[¡¢£¤¥¦§¨©«¬®¯°±²³µ¶¸¹»¼½¾¿÷‚ƒ„†‡ˆ‰‹“”•˜™›](?=[a-z])"
)
_MAX_ODD = 0.02
"""Share of the letters above ASCII that may look odd: a brand or a typing error is no evidence."""


@dataclass(frozen=True, slots=True)
class EncodedLines:
    """The lines of a text, and the encoding that they were read in."""

    encoding: str
    """The name that people know: UTF-8, UTF-16, Windows-1252, or as it was told."""
    each: Iterator[tuple[int, str]]
    """Numbered lines, each with its end; only a line feed ends a line."""


def encoded_lines(
    path: Path, error: type[HarnessError], limit: int, told: str = ""
) -> EncodedLines:
    """Read the lines of a text in the encoding that is told or recognised."""
    if told:
        codec = _known(told)
        return EncodedLines(told, _decoded(path, error, limit, codec, told))
    name, codec = _recognised(path, error, limit)
    if name == UTF8:
        return EncodedLines(name, lines_of(path, error, limit))
    return EncodedLines(name, _decoded(path, error, limit, codec, name))


def check_encoding(told: str, error: type[HarnessError]) -> None:
    """Refuse a name that is no encoding of text."""
    try:
        _known(told)
    except (LookupError, ValueError) as problem:
        raise error(
            f"--encoding {told}: is no encoding that is known, cp1252, mac_roman and utf-16 are"
        ) from problem


def _known(told: str) -> str:
    found = codecs.lookup(told)
    # Codecs such as `zip`, `unicode_escape` and those of host names turn bytes into something else
    # than their text.
    if not getattr(found, "_is_text_encoding", True) or _NO_CHARSET.search(found.name):
        raise LookupError(told)
    return found.name


def _recognised(path: Path, error: type[HarnessError], limit: int) -> tuple[str, str]:
    """Return the name of the encoding and its codec; read the file to the end where needed."""
    try:
        with opened(path, error, limit) as file:
            head = file.read(_HEAD)
            if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
                raise error(f"{path}:1: is UTF-32, save it as UTF-8")
            wide = _MARKS.get(head[:2]) or _wide(head)
            if wide:
                return UTF16, wide
            file.seek(0)
            decoder, without_end = codecs.getincrementaldecoder("utf-8")(), 0
            while chunk := file.read(_CHUNK):
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
                without_end = 0 if b"\n" in chunk else without_end + len(chunk)
                if without_end > MAX_LINE:
                    return UTF8, "utf-8"  # a line that is refused when it is read
            decoder.decode(b"", final=True)
            return UTF8, "utf-8"
    except UnicodeDecodeError:
        _check_cp1252(path, error, limit)
        return CP1252, "cp1252"
    except OSError as problem:
        raise error(f"{path}: cannot be read ({reason(problem)})") from problem


def _wide(head: bytes) -> str:
    """Return the codec of UTF-16 without a mark: most of every second byte is zero."""
    pairs = len(head) // 2
    even, odd = (head[start : pairs * 2 : 2].count(0) for start in (0, 1))
    if pairs and 2 * max(even, odd) >= pairs and not min(even, odd) and 0 in head[:2]:
        return "utf-16-le" if odd else "utf-16-be"
    return ""


def _check_cp1252(path: Path, error: type[HarnessError], limit: int) -> None:
    """Refuse a text that is no UTF-8 and that would read wrongly as Windows-1252."""
    high = utf8 = odd = first_odd = 0
    with opened(path, error, limit) as file:
        for number, raw in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), start=1):
            if len(raw) > MAX_LINE:
                return  # refused when it is read
            if _NOT_TEXT.search(raw):
                raise _neither(path, number, error)
            if raw.isascii():
                continue
            try:
                line = raw.decode("cp1252")
            except UnicodeDecodeError as problem:
                raise _neither(path, number, error) from problem
            high += len(_HIGH.findall(raw))
            utf8 += sum(map(len, _UTF8_LETTER.findall(raw)))
            found = sum(map(len, _ODD.findall(line)))
            odd += found
            first_odd = first_odd or (number if found else 0)
    if odd > _MAX_ODD * high:
        raise _neither(path, first_odd, error)
    if utf8 > _MIXED * high:
        raise _neither(path, _first_broken(path, error, limit), error)


def _first_broken(path: Path, error: type[HarnessError], limit: int) -> int:
    """Return the first line that is no UTF-8."""
    with opened(path, error, limit) as file:
        for number, raw in enumerate(file, start=1):
            try:
                raw.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _neither(path: Path, number: int, error: type[HarnessError]) -> HarnessError:
    return error(f"{path}:{number}: is neither {UTF8} nor {CP1252}, {_REMEDY}")


def _decoded(
    path: Path, error: type[HarnessError], limit: int, codec: str, name: str
) -> Iterator[tuple[int, str]]:
    """Yield numbered lines of any encoding: their ends are looked for in the decoded text."""
    number, rest = 1, ""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with opened(path, error, limit) as file:
            while True:
                chunk = file.read(_CHUNK)
                lines = (rest + decoder.decode(chunk, final=not chunk)).split("\n")
                rest = lines.pop()
                for line in lines:
                    yield number, (line.removeprefix("\ufeff") if number == 1 else line) + "\n"
                    number += 1
                if len(rest) > MAX_LINE:
                    longer = f"a line of more than {MAX_LINE:,} characters"
                    raise error(f"{path}:{number}: {longer}, shorter ones are read")
                if not chunk:
                    break
            if rest:
                yield number, rest.removeprefix("\ufeff") if number == 1 else rest
    except UnicodeError as problem:  # not every codec says at which byte
        if isinstance(problem, UnicodeDecodeError):
            number += problem.object[: problem.start].decode(codec, "ignore").count("\n")
        raise error(f"{path}:{number}: is not {name} throughout, {_REMEDY}") from problem
    except OSError as problem:
        raise error(f"{path}: cannot be read ({reason(problem)})") from problem
