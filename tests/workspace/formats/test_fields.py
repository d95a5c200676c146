import datetime

import pytest

from harness.errors import BenchmarkError
from harness.workspace.formats.fields import Table, kind_of, suggestion
from tests.fakes.refusals import refused


def table(**raw):
    return Table(raw, "f:3", BenchmarkError)


WRONG = {
    "text missing": (lambda: table().text("a"), "^f:3: `a` is missing, a text is needed$"),
    "text is a number": (lambda: table(a=1).text("a"), "`a` is a number, a text is needed"),
    "text is a date": (
        lambda: table(a=datetime.date(2026, 1, 1)).text("a"),
        "`a` is a date or time, a text is needed",
    ),
    "text is blank": (lambda: table(a=" \n").text("a"), "`a` is empty"),
    "flag is a text": (lambda: table(a="yes").flag("a"), "a text, true or false is needed"),
    "flag is a number": (lambda: table(a=1).flag("a"), "a number, true or false is needed"),
    "whole is true": (lambda: table(a=True).whole("a", 1, 0, 9), "true/false, a whole number"),
    "whole is 1.0": (lambda: table(a=1.0).whole("a", 1, 0, 9), "a whole number is needed"),
    "whole too low": (lambda: table(a=-1).whole("a", 1, 0, 9), "`a` is -1, allowed are 0 to 9"),
    "whole too high": (lambda: table(a=10).whole("a", 1, 0, 9), "is 10, allowed are 0 to 9"),
    "number is a text": (lambda: table(a="1").number("a", 0, 0, 1), "a text, a number is needed"),
    "number is true": (lambda: table(a=True).number("a", 0, 0, 1), "a number is needed"),
    "number is nan": (lambda: table(a=float("nan")).number("a", 0, 0, 1), "is nan, allowed"),
    "number is inf": (lambda: table(a=float("inf")).number("a", 0, 0, 1), "is inf, allowed"),
    "number missing": (lambda: table().number("a", None, 0, 1), "missing, a number is needed"),
    "choice": (lambda: table(a="c").choice("a", "b", ["b", "d"]), "is 'c', allowed are b, d"),
    "table is a list": (lambda: table(a=[1]).table("a"), r"f:3 \[a\]: is a list, a table of"),
    "no table at all": (lambda: Table([], "f:9", BenchmarkError), "f:9: is a list, a table"),
    "typo": (
        lambda: (t := table(marign=1), t.any("margin"), t.done()),
        "unknown key `marign`, did you mean `margin`\\?",
    ),
    "far from anything": (
        lambda: (t := table(zzz=1), t.any("margin"), t.any("role"), t.done()),
        "unknown key `zzz`, known are margin, role",
    ),
    "a key that rewrites the terminal": (
        lambda: table(**{"a\x1b[2J\nb\u202e": 1}).done(),
        r"unknown key `a\\x1b\[2J\\nb\\u202e`",
    ),
    "a key of a megabyte": (lambda: table(**{"k" * 1_000_000: 1}).done(), "unknown key `kkk.*…"),
}


@pytest.mark.parametrize(("ask", "line"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_named_with_what_is_allowed(ask, line):
    with refused(line, BenchmarkError):
        ask()


def test_what_is_right_comes_back_as_it_is():
    found = table(text="x", flag=True, whole=3, number=0.5, choice="b", table={"k": 1})
    assert found.text("text") == "x"
    assert found.flag("flag") is True
    assert found.whole("whole", 0, 0, 9) == 3
    assert found.number("number", 0, 0, 1) == 0.5
    assert found.number("absent", 0.25, 0, 1) == 0.25
    assert found.choice("choice", "a", ["a", "b"]) == "b"
    assert found.table("table").whole("k", 0, 0, 1) == 1
    assert found.table("nothing").raw == {}
    found.done()


def test_a_suggestion_needs_something_to_suggest():
    assert suggestion("a", []) == ""
    assert kind_of({}) == "a table"
