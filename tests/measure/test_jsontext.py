"""The `json` check takes JSON and nothing that merely looks like it."""

import pytest

from harness.measure.jsontext import not_json


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2.5, null]}',
        "[]",
        '"text"',
        " 3 ",
        '{"brackets": "[[[{{{"}',
        "[" * 100 + "]" * 100,
    ],
)
def test_json_passes(text):
    assert not_json(text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("NaN", "NaN is not a JSON number"),
        ("[-Infinity]", "-Infinity is not a JSON number"),
        ("1e999", "out of range"),
        ('{"a": 1, "a": 2}', 'duplicate key "a"'),
        ("[" * 100_000, "nested deeper than 100"),
        ('{"a":' * 5_000, "nested deeper than 100"),
        ("9" * 5_000, "integer is too long"),
        ('```json\n{"a": 1}\n```', "Expecting value"),
        ("{'a': 1}", "double quotes"),
        ('{"a": 1} and more', "Extra data"),
        ('"line\nfeed"', "Invalid control character"),
        ("\ufeff{}", "BOM"),
    ],
)
def test_anything_else_fails_with_a_reason(text, why):
    assert why in not_json(text)
