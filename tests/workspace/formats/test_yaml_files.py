"""YAML is read as strictly as JSON: no code, nothing twice, nothing that grows when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError
from harness.workspace.formats.yaml_files import read_yaml
from tests.fakes.refusals import refused


def read(folder: Path, text: str) -> object:
    file = folder / "tests.yaml"
    file.write_bytes(text.encode())
    return read_yaml(file, DataError)


def test_tables_know_their_lines(tmp_path: Path) -> None:
    found = read(tmp_path, "a: 1\nb:\n  - c: x\n  - d: [1, true, null]\n")
    assert found == {"a": 1, "b": [{"c": "x"}, {"d": [1, True, None]}]}
    assert [one.line for one in found["b"]] == [3, 4]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2\n", "tests.yaml:2: key 'a' stands twice, once is allowed"),
        ("a:\n  b: 1\n  b: 2\n", "tests.yaml:3: key 'b' stands twice"),
        ("a: &x [1]\nb: *x\n", r"tests.yaml:2: has an alias \(`\*name`\)"),
        ("a: !function utils.text\n", "tests.yaml:1: `!function` runs code of that project"),
        ("a: !!python/object/apply:os.system [ls]\n", "tests.yaml:1: is not YAML"),
        ("1: x\n", "tests.yaml:1: key 1 is no text"),
        ("a: [1\n", "tests.yaml:2: is not YAML"),
        ("a: b: c\n", "tests.yaml:1: is not YAML"),
        ("a\tb: [\x00]\n", "tests.yaml:1: is not YAML"),
        ("--- a\n--- b\n", "is not YAML"),
        ("[" * 70 + "]" * 70, "tests.yaml:1: is nested deeper than 64 levels"),
        ("a: 2026-99-99\n", "tests.yaml:1: is not YAML"),
        ("? {a: 1}\n: x\n", "tests.yaml:1: key {'a': 1} is no text"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, line: str) -> None:
    with refused(line, DataError):
        read(tmp_path, text)


def test_what_would_grow_is_refused_before_it_does(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)
    )
    with refused("tests.yaml:2: has an alias", DataError):
        read(tmp_path, bomb)


def test_a_file_of_megabytes_is_refused(tmp_path: Path) -> None:
    with refused("at most 1,048,576 are read", DataError):
        read(tmp_path, "a: " + "x" * 2_000_000)
