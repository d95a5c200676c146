"""An encoding is recognised from the whole file, or the file is refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError
from harness.workspace.formats.encodings import CP1252, UTF8, UTF16, check_encoding, encoded_lines
from harness.workspace.formats.reading import MAX_LINE
from tests.fakes.refusals import refused

GERMAN = "Grüß Gott, „wie groß“ ist Ihr Büro – und was kostet das in €?\r\n"
FRENCH = "Élève, où êtes-vous ? À l’école « Œuvre », ça coûte 5 €\n"
SPANISH = "¿Cuántos años? ¡Muchísimos! 1.º piso, mañana\n"


def read(folder: Path, content: bytes, told: str = "") -> tuple[str, str]:
    file = folder / "t.csv"
    file.write_bytes(content)
    found = encoded_lines(file, DataError, 10**9, told)
    lines = list(found.each)
    assert [number for number, _ in lines] == list(range(1, len(lines) + 1))
    return found.encoding, "".join(line for _, line in lines)


@pytest.mark.parametrize("text", [GERMAN, FRENCH, SPANISH, "plain\n", "a\u2028b\x0bc\n", "last"])
@pytest.mark.parametrize(
    ("codec", "name"),
    [("utf-8", UTF8), ("utf-8-sig", UTF8), ("utf-16", UTF16), ("utf-16-le", UTF16),
     ("utf-16-be", UTF16)],
)  # fmt: skip
def test_unicode_is_read_with_a_mark_or_without(
    tmp_path: Path, text: str, codec: str, name: str
) -> None:
    assert read(tmp_path, text.encode(codec)) == (name, text)


@pytest.mark.medium
@pytest.mark.parametrize("text", [GERMAN, FRENCH, SPANISH, "Smørrebrød på Åland\n", "ÄÖÜ\n"])
def test_windows_1252_is_recognised_even_far_down(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text.encode("cp1252")) == (CP1252, text)
    long = "plain ascii\n" * 200_000
    assert read(tmp_path, (long + text).encode("cp1252")) == (CP1252, long + text)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Здравствуйте, как дела?", "cp1251"), ("Здравствуйте, как дела?", "koi8-r"),
        ("Γειά σου Κόσμε", "cp1253"), ("שלום עולם", "cp1255"), ("مرحبا بالعالم", "cp1256"),
        ("客户您好，请问有多少卡车", "gb18030"), ("お客様こんにちは", "shift_jis"),
        ("안녕하세요 고객님", "cp949"),
        ("Für Mädchen schön", "mac_roman"), ("café résumé élève", "mac_roman"),
        ("Mädchen für schöne Büros", "cp850"), ("być może będę później są", "cp1250"),
    ],
)  # fmt: skip
def test_other_scripts_and_machines_are_refused_with_the_line_and_can_be_told(
    tmp_path: Path, text: str, codec: str
) -> None:
    content = f"input,output\n{text}\n".encode(codec)
    with refused(r"t\.csv:2: is neither UTF-8 nor Windows-1252, .*--encoding", DataError):
        read(tmp_path, content)
    assert read(tmp_path, content, codec)[1] == f"input,output\n{text}\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("é\nà\n".encode() + b"\xe9t\xe9\n", r"t\.csv:3: is neither"),
        (b"a\n\x81b\n", r"t\.csv:2: is neither"),
        (b"a\n\x00\xe9\n", r"t\.csv:2: is neither"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", r"t\.csv:2: is neither"),
        ("ab\n".encode("utf-16") + b"\x00\xd8a\x00", r"t\.csv:2: is not UTF-16 throughout"),
        ("ab\n".encode("utf-16") + b"a", r"t\.csv:2: is not UTF-16 throughout"),
        ("ab".encode("utf-32"), r"t\.csv:1: is UTF-32"),
        (b"x" * (MAX_LINE + 2) + b"\xe9", r"t\.csv:1: a line of more than"),
        (("x" * (MAX_LINE + 2)).encode("utf-16"), r"t\.csv:1: a line of more than"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with refused(said, DataError):
        read(tmp_path, content)


def test_an_encoding_that_is_told_is_obeyed_or_refused(tmp_path: Path) -> None:
    assert read(tmp_path, b"M\x8adchen\n", "mac_roman") == ("mac_roman", "Mädchen\n")
    with refused(r"t\.csv:1: is not ascii throughout", DataError):
        read(tmp_path, "ä\n".encode(), "ascii")
    for name in ("zip", "rot13", "unicode_escape", "nosuch", "x\0", "", "../x"):
        with refused("is no encoding that is known", DataError):
            check_encoding(name, DataError)
