import json
import os
import socket
from pathlib import Path

import pytest

from harness.errors import BenchmarkError, RequestError, SettingsError
from harness.workspace.formats import reading
from harness.workspace.formats.reading import (
    parse_json,
    read_json,
    read_jsonl,
    read_text,
    read_toml,
)
from tests.fakes.refusals import refused

JSON = {
    "a key twice": ('{"a": 1, "a": 2}', "f.json:1: key 'a' stands twice, once is allowed"),
    "a key twice, deeper": ('{"x": [{"b": 1, "b": 1}]}', "key 'b' stands twice"),
    "NaN": ('{"a": NaN}', "f.json:1: NaN is not a number that JSON knows"),
    "Infinity": ("[Infinity]", "Infinity is not a number"),
    "minus Infinity": ("[-Infinity]", "-Infinity is not a number"),
    "1e999": ('{"a": 1e999}', "the number 1e999 is too large"),
    "-1e999": ("-1e999", "the number -1e999 is too large"),
    "a fraction of 5,000 digits": ("9" * 5000 + ".5", "the number 9{20} is too large"),
    "an integer of 5,000 digits": ("9" * 5000, "a number of 5000 digits, at most 40 are read"),
    "100,000 lists": ("[" * 100_000 + "]" * 100_000, "is nested deeper than 64 levels"),
    "100,000 tables": ('{"a":' * 100_000, "is nested deeper than 64 levels"),
    "half a surrogate pair": ('"\\ud83d"', "holds half of a surrogate pair, which is no text"),
    "half a pair as a key": ('{"\\udc00": 1}', "half of a surrogate pair"),
    "a comment": ('{"a": 1} // yes', r"is not JSON \(Extra data at column 10\)"),
    "a fault on line 3": ('{\n"a": 1,\n b}', r"f.json:3: is not JSON \(.* at column 2\)"),
    "an empty file": ("", "is not JSON"),
    "a text that never ends": ('"' + '\\"' * 500_000, "is not JSON"),
    "quotes without end": ('"' * 999_999, "is not JSON"),
    "closing before opening": ("]" * 500 + "[" * 500, "is not JSON"),
}


@pytest.mark.parametrize(("text", "line"), JSON.values(), ids=JSON)
def test_json_that_other_readers_would_take_is_refused(tmp_path, text, line):
    file = tmp_path / "f.json"
    file.write_text(text)
    with refused(line, BenchmarkError):
        read_json(file, BenchmarkError)


def test_a_pair_of_surrogates_is_a_letter():
    assert parse_json('"\\ud83d\\ude00"', "here") == "\U0001f600"


def test_brackets_inside_texts_are_no_nesting():
    assert parse_json(json.dumps("[" * 1000), "here") == "[" * 1000


def test_64_levels_are_read_and_65_are_not():
    assert parse_json("[" * 64 + "]" * 64, "here")
    with refused("here: is nested deeper than 64"):
        parse_json("[" * 65 + "]" * 65, "here")


# --- files -----------------------------------------------------------------------------------


def test_a_byte_order_mark_is_accepted(tmp_path):
    file = tmp_path / "f.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}\n')
    assert [value for _, value in read_jsonl(file)] == [{"a": 1}]


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_other_encodings_are_refused(tmp_path, name):
    file = tmp_path / "f.txt"
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}.get(name, "")
    file.write_bytes(f"{mark}one\ntwé".encode(name))
    with refused(r"f\.txt:(1: is UTF-16|2: is not UTF-8), save it as UTF-8"):
        read_text(file)


@pytest.mark.parametrize(
    "break_", ["\u2028", "\u2029", "\x85", "\x1c"], ids=["LS", "PS", "NEL", "FS"]
)
def test_only_a_line_feed_ends_a_line(tmp_path, break_):
    file = tmp_path / "f.jsonl"
    lines = [json.dumps({"a": f"one{break_}still one"}, ensure_ascii=break_ < " "), '{"a": "two"}']
    file.write_text("\n".join(lines), encoding="utf-8", newline="")
    found = list(read_jsonl(file))
    assert found == [
        (f"{file}:1", {"a": f"one{break_}still one"}),
        (f"{file}:2", {"a": "two"}),
    ]


@pytest.mark.parametrize("break_", ["\x0b", "\x0c", "\x85", "\u2028"])
def test_line_numbers_count_line_feeds_only(tmp_path, break_):
    """JSON forbids raw VT and FF inside a text; the refusal still names the right line."""
    file = tmp_path / "f.jsonl"
    file.write_text(f'{{"a": "\u2028"}}\n{{"a": "{break_}", "b": oops}}\n', newline="")
    with refused(r"f\.jsonl:2: is not JSON"):
        list(read_jsonl(file))


def test_blank_lines_and_windows_line_ends_are_passed_over(tmp_path):
    file = tmp_path / "f.jsonl"
    file.write_bytes(b'{"a": 1}\r\n\r\n \t\n{"a": 2}\r\n')
    assert [(w.rpartition(":")[2], v["a"]) for w, v in read_jsonl(file)] == [("1", 1), ("4", 2)]


@pytest.mark.parametrize("line", ["[1]", '"text"', "null", "3"])
def test_a_line_that_is_no_object_is_refused(tmp_path, line):
    file = tmp_path / "f.jsonl"
    file.write_text(f"{{}}\n{line}\n")
    with refused(r"f\.jsonl:2: is not an object, each line needs one"):
        list(read_jsonl(file))


def _missing(place: Path) -> Path:
    return place / "nothing"


def _fifo(place: Path) -> Path:
    os.mkfifo(place / "pipe")
    return place / "pipe"


def _socket(place: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(place)  # the path of a socket is short
        try:
            one.bind("socket")
        finally:
            os.chdir(here)
    return place / "socket"


def _loop(place: Path) -> Path:
    (place / "loop").symlink_to("loop")
    return place / "loop"


def _huge(place: Path) -> Path:
    with (place / "huge").open("wb") as file:
        file.truncate(10 * 1024**3)
    return place / "huge"


NO_FILES = {
    "missing": (_missing, "nothing: no such file"),
    "a folder": (lambda place: place, "is a folder, a file is needed"),
    "a pipe": (_fifo, r"is not a regular file \(a pipe or device\)"),
    "a socket": (_socket, "is not a regular file"),
    "a device": (lambda _: Path("/dev/zero"), "is not a regular file"),
    "a link to itself": (_loop, "loop: cannot be read"),
    "10 GB": (_huge, r"10,737,418,240 bytes, at most [\d,]+ are read"),
    "a NUL in the path": (lambda place: place / "a\0b", r"a\\x00b: cannot be read"),
    "a name too long": (lambda place: place / ("a" * 5000), "cannot be read"),
}


@pytest.mark.parametrize(("make", "line"), NO_FILES.values(), ids=NO_FILES)
@pytest.mark.parametrize("read", [read_text, read_json, read_toml, lambda f: list(read_jsonl(f))])
def test_what_is_no_file_of_a_fitting_size_is_refused(tmp_path, make, line, read):
    with refused(line, RequestError):
        read(make(tmp_path))


def test_a_line_of_more_than_four_megabytes_is_refused(tmp_path):
    file = tmp_path / "f.jsonl"
    file.write_text('{}\n"' + "x" * 5_000_000 + '"\n')
    with refused(r"f\.jsonl:2: a line of more than 4,194,304 bytes"):
        list(read_jsonl(file))


def test_a_pipe_put_in_place_of_the_file_is_noticed(tmp_path, monkeypatch):
    """Between the look at the file and its opening."""
    file = _fifo(tmp_path)
    monkeypatch.setattr(reading, "regular_file", lambda *_: 0)
    with refused("was swapped while it was read"):
        read_text(file)


# --- TOML ------------------------------------------------------------------------------------

TOML = {
    "a fault": ("a = 1\nb = \n", r"p\.toml:2: is not TOML"),
    "a key twice": ("a = 1\na = 2\n", r"p\.toml:2: is not TOML \(Cannot overwrite"),
    "100,000 lists": ("a = " + "[" * 100_000, r"p\.toml:1: is nested deeper than 64 levels"),
    "100,000 tables": ("a = " + "{a = " * 100_000, r"p\.toml:1: is nested deeper than 64 levels"),
    "a dotted key of 100,000 parts": (
        "x = 1\n" + ".".join("a" * 100_000) + " = 1",
        r"p\.toml:2: a key of 64 parts or more",
    ),
    "a header of 100,000 parts": ("[" + ".".join(["'a'"] * 100_000) + "]", "a key of 64 parts"),
    "65 levels": ("a = " + "[" * 65 + "]" * 65, "is nested deeper than 64 levels"),
    "an integer of 5,000 digits": ("a = " + "9" * 5000, "a number of more than 40 digits"),
    "an integer of 41 digits": ("a = " + "9" * 41, "a number of more than 40 digits"),
    "a huge hexadecimal": ("a = [{b = 0x" + "f" * 100_000 + "}]", "of more than 40 digits"),
    "two megabytes": ("#" * 2_000_000, "2,000,000 bytes, at most 1,048,576 are read"),
    "a lone surrogate": ('a = "\\ud800"', "is not TOML"),
}


@pytest.mark.parametrize(("text", "line"), TOML.values(), ids=TOML)
def test_toml_that_would_break_its_reader_is_refused(tmp_path, text, line):
    file = tmp_path / "p.toml"
    file.write_text(text)
    with refused(line, SettingsError):
        read_toml(file, SettingsError)


def test_dots_in_a_text_are_no_key(tmp_path):
    file = tmp_path / "p.toml"
    file.write_text('a = "' + "Wait ... what? " * 100 + '"')
    assert read_toml(file)["a"].startswith("Wait ...")
