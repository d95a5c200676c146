"""What is wrong in a TOML or JSON file is said with the line on which it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SettingsError
from harness.workspace.formats.fields import JsonTable, Table, toml_table
from tests.fakes.refusals import refused

TEXT = '''\
# a comment with name = "x"
name = "a"
long = """
[section]
inside = 1
"""

[section]
"quoted key" = 1
a.b.c = 2
  [section.deeper]  # indented
  key = 3
[[many]]
x = 1
[[many]]
x = 2
[inline]
table = { one = 1, two = 2 }
'''


def read(folder: Path) -> Table:
    (folder / "f.toml").write_text(TEXT, encoding="utf-8")
    return toml_table(folder / "f.toml", SettingsError)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (lambda t: t.whole("name", 0, 0, 1), r"f\.toml:2: `name` is a text"),
        (lambda t: t.text("nothing"), r"f\.toml:1: `nothing` is missing"),
        (lambda t: t.table("section").text("quoted key"), r"f\.toml:9 \[section\]: `quoted key`"),
        (lambda t: t.table("section").text("new"), r"f\.toml:8 \[section\]: `new` is missing"),
        (lambda t: t.table("section").table("a").text("b"), r"f\.toml:10 \[section\] \[a\]: `b`"),
        (
            lambda t: t.table("section").table("deeper").text("key"),
            r"f\.toml:12 \[section\] \[deeper\]: `key` is a number",
        ),
        (lambda t: t.item("many", 2, {"x": 2}).text("x"), r"f\.toml:16 \[\[many\]\] 2: `x` is a"),
        (
            lambda t: t.table("inline").table("table").text("two"),
            r"f\.toml:18 \[inline\] \[table\]: `two` is a number",
        ),
        (lambda t: t.table("long"), r"f\.toml:3 \[long\]: is a text, a table"),
        (lambda t: t.done(), r"f\.toml:2: unknown key `name`"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named_with_its_line(tmp_path, wrong, line):
    with refused(line, SettingsError):
        wrong(read(tmp_path))


def test_an_object_of_many_lines_is_no_worse(tmp_path):
    text = '{\n "a": 1,\n "b": 2\n}'
    table = JsonTable({"a": 1, "b": 2}, tmp_path / "f.json", text, SettingsError)
    with refused(r"f\.json:3: `b` is a number", SettingsError):
        table.text("b")
    with refused(r"f\.json:1: `c` is missing", SettingsError):
        table.text("c")
